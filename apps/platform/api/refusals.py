"""Refused fields, each with the JSON pointer (RFC 6901) of the place it stands at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.settings import api_settings


class FieldsRefused(ValidationError):
    """What a serializer complained of, and the pointers of fields it does not know."""

    def __init__(self, detail: Any, unknown: Sequence[str]) -> None:
        super().__init__(detail)
        self.unknown = tuple(unknown)


def complaints(error: ValidationError) -> list[dict[str, str]]:
    """Every complaint as ``{pointer, code, detail}``."""
    unknown = error.unknown if isinstance(error, FieldsRefused) else ()
    return [
        *_pointed(error.detail, ""),
        *(_complaint(p, "unknown_field", "There is no such field to send.") for p in unknown),
    ]


def escaped(name: object) -> str:
    """One step of a JSON pointer."""
    return str(name).replace("~", "~0").replace("/", "~1")


def _complaint(pointer: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "detail": detail}


def _pointed(detail: Any, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, ErrorDetail):
        yield _complaint(pointer, detail.code or "invalid", str(detail))
    elif isinstance(detail, Mapping):
        for name, inner in detail.items():
            is_whole = name == api_settings.NON_FIELD_ERRORS_KEY
            yield from _pointed(inner, pointer if is_whole else f"{pointer}/{escaped(name)}")
    else:
        for index, inner in enumerate(detail):
            is_item = isinstance(inner, Mapping)
            yield from _pointed(inner, f"{pointer}/{index}" if is_item else pointer)
