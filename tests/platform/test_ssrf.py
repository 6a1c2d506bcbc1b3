"""Addresses that strangers choose do not lead home."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.platform import ssrf
from apps.platform.http import AddressRefused

HOSTILE_FORMS = [
    "http://hooks.example.com/",  # not https
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "gopher://hooks.example.com:443/",
    "//hooks.example.com/",
    "hooks.example.com",
    "",
    "https://",
    "https:///path",
    "https://user@hooks.example.com/",
    "https://user:pw@hooks.example.com/",
    "https://:@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:5432/",
    "https://hooks.example.com:6379/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:https/",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://hooks.example.com/\r\nX: 1",
    "https://hooks.example.com/ x",
    "https://hooks\t.example.com/",
    "https://hooks.example.com%00.evil.test/",
    "https://[::1/",
    "https://[fe80::1%25eth0]/",
    "https://ⓔxample.com/",
    "https://127。0。0。1/",
    "https://" + "a" * 254 + "/",
    "https://hooks.example.com/" + "x" * 2000,
    "javascript:alert(1)",
]
HOSTILE_HOSTS = [
    "127.0.0.1",
    "127.1",  # every form that the system's own parser accepts
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0",
    "0.0.0.0",  # noqa: S104  a hostile address, not one we bind to
    "localhost",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",  # IPv4 in IPv6, mapped
    "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]",  # compatible
    "[64:ff9b::7f00:1]",  # NAT64
    "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]",  # 6to4
    "[2002:a00:1::1]",
    "[2001:0:7f00:1::]",  # Teredo
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",  # a cloud's metadata
    "[ff02::1]",
    "[2001:db8::1]",
    "[100::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",  # carriers
    "100.100.100.200",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
]


def leads_to(*addresses: str) -> ssrf.Resolver:
    return lambda _host, _port: addresses


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE_FORMS) + len(HOSTILE_HOSTS) >= 60


@pytest.mark.parametrize("url", HOSTILE_FORMS)
def test_an_address_of_the_wrong_form_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        ssrf.check(url, resolver=leads_to("93.184.215.14"))


@pytest.mark.parametrize("host", HOSTILE_HOSTS)
def test_a_host_that_is_not_public_is_refused(host: str) -> None:
    with pytest.raises(AddressRefused):
        ssrf.check(f"https://{host}/hook")


@pytest.mark.parametrize("host", [host.strip("[]") for host in HOSTILE_HOSTS[-36:]])
def test_a_name_that_leads_to_one_is_refused(host: str) -> None:
    for found in ([host], ["93.184.215.14", host], [host, "93.184.215.14"]):
        with pytest.raises(AddressRefused):
            ssrf.check("https://hooks.example.com/", resolver=leads_to(*found))


def test_a_name_without_an_address_is_refused() -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    for resolver in (nobody, leads_to()):
        with pytest.raises(AddressRefused):
            ssrf.check("https://hooks.example.com/", resolver=resolver)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/in?a=1",
        "https://hooks.example.com:8443/",
        "https://xn--bcher-kva.example/",
        "HTTPS://HOOKS.EXAMPLE.COM/",
    ],
)
def test_a_public_address_is_accepted(url: str) -> None:
    for address in ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"):
        ssrf.check(url, resolver=leads_to(address))


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_public_only_if_no_mask_hides_another(number: int) -> None:
    inner = ipaddress.IPv4Address(number)
    for wrapped in (f"::ffff:{inner}", f"64:ff9b::{inner}", f"::{inner}"):
        assert not ssrf.is_public(wrapped)
    assert ssrf.is_public(str(inner)) <= (inner.is_global and not inner.is_multicast)
