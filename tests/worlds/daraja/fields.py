"""Checking the fields of a request the way the portal describes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tests.worlds.daraja.errors import bad_payload, invalid
from tests.worlds.server import Request

PHONE = re.compile(r"254[17]\d{8}")
SHORTCODE = re.compile(r"\d{5,9}")
WHOLE_SHILLINGS = re.compile(r"[1-9]\d{0,8}")


class Fields:
    """A request's JSON body; every reader refuses a bad field by its own name.

    Spaces in names are ignored, because the portal's own samples print ``Command ID`` and
    ``Transaction ID`` where the parameter table says ``CommandID`` and ``TransactionID``.
    """

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = {name.replace(" ", ""): value for name, value in body.items()}

    @classmethod
    def of(cls, request: Request) -> Fields:
        try:
            return cls(request.json())
        except ValueError:
            raise bad_payload() from None

    def optional(self, name: str, longest: int = 200) -> str:
        """Text or a whole number, as text; absent reads as empty."""
        value = self._body.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise invalid(name)
        if len(text := str(value)) > longest:
            raise invalid(name)
        return text

    def text(self, name: str, longest: int = 200, shortest: int = 1) -> str:
        text = self.optional(name, longest)
        if len(text.strip()) < shortest:
            raise invalid(name)
        return text

    def one_of(self, name: str, *choices: str) -> str:
        if (text := self.text(name)) not in choices:
            raise invalid(name)
        return text

    def shillings(self, name: str) -> int:
        """A whole amount of shillings, in cents."""
        return int(self._matching(name, WHOLE_SHILLINGS)) * 100

    def phone(self, name: str) -> str:
        return self._matching(name, PHONE)

    def shortcode(self, name: str) -> str:
        return self._matching(name, SHORTCODE)

    def timestamp(self, name: str) -> str:
        text = self._matching(name, re.compile(r"\d{14}"))
        try:
            datetime.strptime(text, "%Y%m%d%H%M%S")
        except ValueError:
            raise invalid(name) from None
        return text

    def url(self, name: str) -> str:
        """An address to call back. Plain http is let through: this provider is on loopback."""
        text = self.text(name, longest=500)
        parts = urlsplit(text)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise invalid(name)
        return text

    def _matching(self, name: str, form: re.Pattern[str]) -> str:
        if not form.fullmatch(text := self.text(name)):
            raise invalid(name)
        return text
