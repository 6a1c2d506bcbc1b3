"""One authenticated API call."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from tests.worlds import wire
from tests.worlds.paypal.errors import Refused
from tests.worlds.paypal.world import World
from tests.worlds.server import Request, Response

TOKEN_SECONDS = 32_400


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks for what. ``key`` is the PayPal-Request-Id; ``base`` is where links lead."""

    world: World
    merchant: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any]
    key: str
    base: str
    raw: Request


def opened(world: World, request: Request, base: str) -> Call:
    """The call, its bearer known; 401 for a token never given or expired."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    row = world.store.row(
        "SELECT * FROM token WHERE value = ? AND expires_at_ms > ?", token, world.now_ms()
    )
    if scheme != "Bearer" or row is None:
        raise Refused(401, name="invalid_token")
    return Call(
        world,
        row["client_id"],
        request.params,
        request.query,
        _document(request),
        request.headers.get("paypal-request-id", ""),
        base,
        request,
    )


def _document(request: Request) -> dict[str, Any]:
    if not request.body or "json" not in request.headers.get("content-type", ""):
        return {}
    try:
        told = wire.decode(request.body)
    except ValueError:
        raise Refused(400, "MALFORMED_REQUEST_JSON") from None
    if not isinstance(told, dict):
        raise Refused(400, "MALFORMED_REQUEST_JSON")
    return told


def token(world: World, request: Request) -> Response:
    """``POST /v1/oauth2/token``: Basic, ``grant_type=client_credentials``. Tokens coexist."""
    merchant = _client(world, request.headers.get("authorization", ""))
    asked = parse_qs(request.body.decode("utf-8", "replace"))
    if merchant is None:
        return Response.json(
            {"error": "invalid_client", "error_description": "Client Authentication failed"},
            status=401,
        )
    if asked.get("grant_type") != ["client_credentials"]:
        return Response.json(
            {"error": "unsupported_grant_type", "error_description": "unsupported grant_type"},
            status=400,
        )
    value = "A21AA" + world.name("token", 30)
    world.store.insert(
        "token",
        value=value,
        client_id=merchant,
        expires_at_ms=world.now_ms() + TOKEN_SECONDS * 1000,
    )
    return Response.json(
        {
            "scope": "https://uri.paypal.com/services/payments",
            "access_token": value,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": TOKEN_SECONDS,
            "nonce": world.stamp() + value[-8:],
        }
    )


def _client(world: World, header: str) -> str | None:
    scheme, _, told = header.partition(" ")
    try:
        name, _, secret = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    row = world.store.row(
        "SELECT client_id FROM merchant WHERE client_id = ? AND client_secret = ?", name, secret
    )
    return row["client_id"] if row and scheme == "Basic" else None
