"""Refusals in Stripe's shape: ``{"error": {"type", "code", "message", "param", …}}``."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The request is answered with an error. ``is_kept`` false: its key may be used anew."""

    def __init__(
        self, status: int, kind: str, message: str, *, is_kept: bool = False, **more: Any
    ) -> None:
        super().__init__(message)
        self.status, self.is_kept = status, is_kept
        self.error = {"type": kind, "message": message} | {k: v for k, v in more.items() if v}


class BadControl(Exception):
    """A control request names something that does not exist or cannot be."""


def invalid(message: str, param: str = "", code: str = "", **more: Any) -> Refused:
    """A validation error: nothing was executed, and the idempotency key stays free."""
    return Refused(400, "invalid_request_error", message, param=param, code=code, **more)


def unexpected(message: str, code: str, **more: Any) -> Refused:
    """The object's state forbids it. Execution had begun, so the answer is kept under its key."""
    return Refused(400, "invalid_request_error", message, is_kept=True, code=code, **more)


def missing(kind: str, id: str, param: str = "id") -> Refused:
    return Refused(
        404,
        "invalid_request_error",
        f"No such {kind}: '{id}'",
        code="resource_missing",
        param=param,
    )


def declined(message: str, code: str, decline_code: str = "", **more: Any) -> Refused:
    """402: a definite refusal by the card's issuer, kept under its key."""
    return Refused(
        402, "card_error", message, is_kept=True, code=code, decline_code=decline_code, **more
    )
