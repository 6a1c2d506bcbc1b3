"""Identifiers: UUIDv7 inside (RFC 9562), TypeID text outside (``pay_01j…``)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from typeid import TypeID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_SHIFT = 80  # a UUIDv7 begins with 48 bits of milliseconds
_VERSION_AND_VARIANT = 7 << 76 | 2 << 62


def new_id() -> UUID:
    """A fresh UUIDv7: unique everywhere, sorted by the time it was made."""
    return UUID(int=TypeID().uuid.int)


def public_id(prefix: str, id: UUID) -> str:
    """The id as the outside sees it: ``prefix`` (lower case), underscore, 26 base-32 letters."""
    return str(TypeID.from_uuid(id, prefix))  # type: ignore[arg-type]  # it reads only .bytes, which every UUID has


def parse_public_id(prefix: str, text: str) -> UUID:
    """Back from ``public_id``; ``ValueError`` when it is not one of that prefix."""
    head, _, tail = text.rpartition("_")
    if head != prefix:
        raise ValueError(f"expected an id that starts with {prefix}_")
    try:
        return UUID(int=TypeID.from_string(f"{prefix}_{tail}").uuid.int)
    except Exception as error:
        raise ValueError(f"{text!r} is not an id") from error


def first_id_at(instant: datetime) -> UUID:
    """The smallest UUIDv7 of that millisecond: ids made before sort before it."""
    milliseconds = (instant - _EPOCH) // timedelta(milliseconds=1)
    return UUID(int=milliseconds << _TIME_SHIFT | _VERSION_AND_VARIANT)


def made_at(text: str) -> datetime | None:
    """When the object of this public id was made; nothing when it is no public id."""
    try:
        id = UUID(int=TypeID.from_string(text).uuid.int)
    except Exception:  # noqa: BLE001  the library's errors have no common base
        return None
    if id.version != 7:  # noqa: PLR2004  RFC 9562
        return None
    return _EPOCH + timedelta(milliseconds=id.int >> _TIME_SHIFT)
