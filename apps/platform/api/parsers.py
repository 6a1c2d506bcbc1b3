"""Reading request bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

BODY_MAX_BYTES = 1_048_576
DEPTH_MAX = 50


class BodyTooLarge(APIException):
    """More than the API reads."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = f"A request may have at most {BODY_MAX_BYTES} bytes."
    default_code = "body_too_large"


class StrictJSONParser(BaseParser):
    """JSON with one meaning only (I-JSON, RFC 7493).

    No name twice, no NaN or Infinity, no NUL, no half surrogate pairs, nothing but UTF-8. Numbers
    with a fraction become ``Decimal``: no float enters the house.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body as Python values, or ``ParseError``."""
        raw = stream.read(BODY_MAX_BYTES + 1)
        if len(raw) > BODY_MAX_BYTES:
            raise BodyTooLarge
        try:
            value = json.loads(
                raw.decode("utf-8"),
                object_pairs_hook=_object,
                parse_constant=_refuse_constant,
                parse_float=Decimal,
            )
            _check(value, DEPTH_MAX)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not JSON we can read: {error}") from error
        return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _check(value: Any, depth: int) -> None:
    if depth == 0:
        raise ValueError(f"nested deeper than {DEPTH_MAX}")
    if isinstance(value, str):
        value.encode("utf-8")  # UnicodeEncodeError, a ValueError, on half of a surrogate pair
        if "\0" in value:
            raise ValueError("text with a NUL")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth)
            _check(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth - 1)
