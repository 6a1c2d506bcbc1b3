"""Identifiers: UUIDv7 inside (RFC 9562), TypeID text outside (``pay_01j…``)."""

from __future__ import annotations

from uuid import UUID

from typeid import TypeID


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
