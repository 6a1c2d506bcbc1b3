"""Addresses a stranger may have us call: only https, only hosts on the public internet.

A webhook address is chosen by a customer. Without this wall it could name our database, the cloud's
metadata service, or a name that answers differently the second time it is looked up. So a name is
resolved once, every address it has must be public, and the connection goes to the address that was
looked at. Special ranges: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from apps.platform.errors import AddressRefused

Resolver = Callable[[str, int], Sequence[str]]
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = frozenset({443, 8443})
HOST_MAX = 253
URL_MAX = 2000
#: The only names a wall with a door for loopback lets through it.
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
#: What Python's ``is_global`` lets through and nobody should call. IPv6 ranges that carry an IPv4
#: address inside are refused whole: 6to4, Teredo; NAT64 lies outside of 2000::/3 anyway.
_REFUSED = tuple(
    map(ipaddress.ip_network, ("192.88.99.0/24", "192.31.196.0/24", "192.175.48.0/24", "2002::/16"))
) + tuple(
    map(ipaddress.ip_network, ("2001::/23", "2001:db8::/32", "3fff::/20", "2620:4f:8000::/48"))
)


@dataclass(frozen=True, slots=True)
class Wall:
    """What an operator lets a stranger's address be.

    ``is_loopback_open`` is for a developer's machine and for tests: a receiver beside us, by one of
    ``LOOPBACK_NAMES``, also without TLS and at any port. Nothing else becomes reachable by it.
    """

    ports: frozenset[int] = PORTS
    is_loopback_open: bool = False

    def lets_in(self, host: str) -> bool:
        """Whether the host is the developer's own machine, and may be called."""
        return self.is_loopback_open and host in LOOPBACK_NAMES


CLOSED = Wall()


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order the system prefers. ``OSError`` when it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether the address (a literal, not a name) belongs to anybody on the internet."""
    try:
        ip: IPAddress = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if "%" in address or ip.is_multicast or not ip.is_global:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _GLOBAL_UNICAST:
        return False
    return not any(ip in network for network in _REFUSED if network.version == ip.version)


def check_form(url: str, wall: Wall = CLOSED) -> tuple[str, int]:
    """Host and port of an address a stranger gave us, if its form alone is acceptable."""
    host = ""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        raise AddressRefused(host=host, reason="not an address") from None
    if len(url) > URL_MAX or not url.isascii() or any(c in url for c in "\\ \t\r\n\0"):
        raise AddressRefused(host="", reason="not an address")
    is_home = wall.lets_in(host)
    if parts.scheme != "https" and not (is_home and parts.scheme == "http"):
        raise AddressRefused(host=host, reason="not https")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(host=host, reason="carries credentials")
    if port not in wall.ports and not is_home:
        raise AddressRefused(host=host, reason="port not allowed")
    if not host or len(host) > HOST_MAX or "%" in host:
        raise AddressRefused(host=host[:HOST_MAX], reason="no host")
    return host, port


def public_addresses(
    host: str, port: int, resolver: Resolver = resolve, wall: Wall = CLOSED
) -> Sequence[str]:
    """Where the host is, looked up once. One address that is not public spoils the whole name."""
    found = resolver(host, port)
    is_right = _is_loopback if wall.lets_in(host) else is_public
    if not found or not all(is_right(address) for address in found):
        raise AddressRefused(host=host, reason="address not public")
    return found


def _is_loopback(address: str) -> bool:
    return address in ("127.0.0.1", "::1")


def check(url: str, resolver: Resolver = resolve, wall: Wall = CLOSED) -> None:
    """Refuse an address before it is kept. It is checked again at every call."""
    host, port = check_form(url, wall)
    try:
        public_addresses(host, port, resolver, wall)
    except OSError:
        raise AddressRefused(host=host, reason="name not found") from None
