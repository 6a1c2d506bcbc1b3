"""Addresses: whose request it is on the wire, and whether it may come from there."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The caller's IP address, as the outermost of our own proxies saw it."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return address_of(request.META.get("REMOTE_ADDR", ""), forwarded)


def address_of(direct: str, forwarded: str) -> str:
    """The caller's address, from that of the connection and the text of ``X-Forwarded-For``.

    The latter is believed only as far as our proxies wrote it: with ``TRUSTED_PROXIES=1`` its last
    entry, with 2 the one before, with 0 none at all.
    """
    trusted = settings.ENV.trusted_proxies
    if not trusted:
        return direct
    chain = [part.strip() for part in forwarded.split(",")]
    return chain[-trusted] if len(chain) >= trusted and chain[-trusted] else direct


def is_allowed(address: str, networks: Sequence[str]) -> bool:
    """True if the list is empty or holds the address; an unreadable address is in no list."""
    if not networks:
        return True
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(caller, "ipv4_mapped", None)
    return any((mapped or caller) in ip_network(network) for network in networks)
