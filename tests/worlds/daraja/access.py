"""Who may ask: consumer key and secret, bearer tokens, STK passwords, initiator credentials."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

from tests.worlds.daraja.errors import Refused, invalid, invalid_token, overloaded
from tests.worlds.daraja.fields import Fields
from tests.worlds.daraja.store import Row
from tests.worlds.daraja.world import World
from tests.worlds.server import Request, Response

TOKEN_SECONDS = 3599


def basic(request: Request) -> tuple[str, str]:
    """Consumer key and secret of the Authorization header; empty when it is of another kind."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return key, secret


def owns(world: World, key: str, secret: str) -> bool:
    """Whether an organisation was registered with this key and secret."""
    row = world.store.row(
        "SELECT consumer_secret FROM organisation WHERE consumer_key = ? LIMIT 1", key
    )
    return row is not None and hmac.compare_digest(row["consumer_secret"], secret)


def generate_token(world: World, request: Request) -> Response:
    """``GET /oauth/v1/generate``: each new token ends the life of the one before."""
    if request.query.get("grant_type") != "client_credentials":
        raise Refused(400, "400.008.02", "Invalid grant type passed")
    key, secret = basic(request)
    if not key or not owns(world, key, secret):
        raise Refused(400, "400.008.01", "Invalid Authentication passed")
    token = secrets.token_urlsafe(21)
    expires_at_ms = world.now_ms() + TOKEN_SECONDS * 1000
    world.store.write("INSERT OR REPLACE INTO token VALUES (?, ?, ?)", key, token, expires_at_ms)
    return Response.json({"access_token": token, "expires_in": str(TOKEN_SECONDS)})


def consumer(world: World, request: Request) -> str:
    """The consumer key behind the bearer token."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise Refused(404, "404.001.04", "Invalid Authentication Header")
    row = world.store.row(
        "SELECT consumer_key FROM token WHERE value = ? AND expires_at_ms > ?",
        token,
        world.now_ms(),
    )
    if row is None:
        raise invalid_token()
    return str(row["consumer_key"])


def organisation(world: World, consumer_key: str, shortcode: str) -> Row | None:
    """The organisation of a shortcode, if it belongs to this consumer: tenants never meet here."""
    return world.store.row(
        "SELECT * FROM organisation WHERE shortcode = ? AND consumer_key = ?",
        shortcode,
        consumer_key,
    )


def authorise(world: World, request: Request, name: str) -> tuple[Row, Fields]:
    """The caller's organisation named in a field; another's is refused like one that is unknown."""
    key = consumer(world, request)
    fields = Fields.of(request)
    row = organisation(world, key, fields.shortcode(name))
    if row is None:
        raise invalid(name)
    return row, fields


def check_password(row: Row, fields: Fields) -> None:
    """``Password = base64(shortcode + passkey + Timestamp)``."""
    expected = password(row["shortcode"], row["passkey"], fields.timestamp("Timestamp"))
    if not hmac.compare_digest(expected.encode(), fields.text("Password", 500).encode()):
        raise overloaded("Wrong credentials")


def password(shortcode: str, passkey: str, timestamp: str) -> str:
    return base64.b64encode(f"{shortcode}{passkey}{timestamp}".encode()).decode()


def is_initiator(world: World, row: Row, name: str, credential: str) -> bool:
    """Whether the operator's name fits and the credential decrypts to the operator's password."""
    clear = world.certificate.decrypt(credential)
    expected = str(row["initiator_password"]).encode()
    return name == row["initiator"] and clear is not None and hmac.compare_digest(clear, expected)
