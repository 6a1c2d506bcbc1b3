"""Refusals in the form Daraja's gateway gives them: requestId, errorCode, errorMessage."""

from __future__ import annotations


class Refused(Exception):
    """The gateway answers at once and nothing is executed."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Dropped(Exception):
    """The request was carried out, and its answer is lost on the way."""


class BadControl(Exception):
    """A control request names something that does not exist or cannot be."""


def invalid(field: str) -> Refused:
    return Refused(400, "400.002.02", f"Bad Request - Invalid {field}")


def bad_payload() -> Refused:
    return Refused(400, "400.002.05", "Invalid Request Payload")


def invalid_token() -> Refused:
    return Refused(404, "404.001.03", "Invalid Access Token")


def overloaded(message: str) -> Refused:
    """500.001.1001 means several things; only the message tells them apart."""
    return Refused(500, "500.001.1001", message)


def duplicate_originator() -> Refused:
    return Refused(500, "500.002.1001", "Duplicate OriginatorConversationID.")
