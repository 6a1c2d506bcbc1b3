"""One authenticated API call: whose it is, what it asks, and which version it speaks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from tests.worlds.server import Request
from tests.worlds.stripe import objects
from tests.worlds.stripe.errors import Refused, invalid
from tests.worlds.stripe.form import Params, nested
from tests.worlds.stripe.world import API_VERSION, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``account`` is the one acted for: the platform's own, or a connected one of it."""

    world: World
    platform: str
    account: str
    path: Mapping[str, str]
    params: Params
    key: str
    request_id: str
    is_public: bool = False

    @property
    def is_direct(self) -> bool:
        """Done in the name of a connected account."""
        return self.account != self.platform


def opened(world: World, request: Request, request_id: str) -> Call:
    """Read the credentials, the account, the version and the parameters of a request."""
    platform, is_public = _platform(world, _key(request))
    version = request.headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        raise invalid(f"Invalid Stripe API version: {version}")
    pairs = list(request.query.items())
    if request.method == "POST":
        pairs += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return Call(
        world=world,
        platform=platform,
        account=_acting(world, platform, request.headers.get("stripe-account", "")),
        path=request.params,
        params=Params(nested(pairs)),
        key=request.headers.get("idempotency-key", "") if request.method == "POST" else "",
        request_id=request_id,
        is_public=is_public,
    )


def _key(request: Request) -> str:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _platform(world: World, key: str) -> tuple[str, bool]:
    row = world.store.row(
        "SELECT account, publishable_key = ?1 AS is_public FROM platform"
        " WHERE ?1 IN (secret_key, publishable_key)",
        key,
    )
    if row is None:
        told = f"{key[:8]}****{key[-4:]}" if key else ""
        said = f"Invalid API Key provided: {told}" if told else "You did not provide an API key."
        raise Refused(401, "invalid_request_error", said)
    return str(row["account"]), bool(row["is_public"])


def _acting(world: World, platform: str, named: str) -> str:
    if named in {"", platform}:
        return platform
    if objects.find(world, named, "account", platform) is None:
        raise Refused(
            403,
            "invalid_request_error",
            f"The provided key does not have access to account '{named}' (or that account does not"
            " exist). Application access may have been revoked.",
            code="account_invalid",
        )
    return named
