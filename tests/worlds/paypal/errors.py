"""What goes wrong, in PayPal's own shape."""

from __future__ import annotations

from typing import Any

from tests.worlds.paypal.descriptions import DESCRIPTIONS

_NAMES = {
    400: (
        "INVALID_REQUEST",
        "Request is not well-formed, syntactically incorrect, or violates schema.",
    ),
    401: (
        "AUTHENTICATION_FAILURE",
        (
            "Authentication failed due to missing authorization header, or invalid "
            "authentication credentials."
        ),
    ),
    403: (
        "NOT_AUTHORIZED",
        "Authorization failed due to insufficient permissions.",
    ),
    404: (
        "RESOURCE_NOT_FOUND",
        "The specified resource does not exist.",
    ),
    409: (
        "RESOURCE_CONFLICT",
        "The server has detected a conflict while processing this request.",
    ),
    422: (
        "UNPROCESSABLE_ENTITY",
        (
            "The requested action could not be performed, semantically incorrect, or failed "
            "business validation."
        ),
    ),
    429: (
        "RATE_LIMIT_REACHED",
        "Too many requests. Blocked due to rate limiting.",
    ),
    500: (
        "INTERNAL_SERVER_ERROR",
        "An internal server error occurred.",
    ),
    503: (
        "SERVICE_UNAVAILABLE",
        "Service Unavailable.",
    ),
}


class BadControl(ValueError):
    """A request to the control side that makes no sense."""


class Refused(Exception):
    """An error answer. ``is_kept``: the work had begun, so the same request id answers the same."""

    def __init__(
        self,
        status: int,
        issue: str = "",
        *,
        name: str = "",
        field: str = "",
        links: tuple[dict[str, str], ...] = (),
        is_kept: bool = False,
    ) -> None:
        super().__init__(issue or name or str(status))
        self.status, self.issue, self.is_kept = status, issue, is_kept
        self._name, self._field, self._links = name, field, links

    def body(self, debug_id: str) -> dict[str, Any]:
        name, message = _NAMES.get(self.status, _NAMES[500])
        told: dict[str, Any] = {
            "name": self._name or name,
            "message": message,
            "debug_id": debug_id,
            "links": [
                *self._links,
                {
                    "href": f"https://developer.paypal.com/api/rest/reference/orders/v2/errors/#{self.issue}",
                    "rel": "information_link",
                    "method": "GET",
                },
            ],
        }
        if self.issue:
            detail = {
                "issue": self.issue,
                "description": DESCRIPTIONS.get(self.issue, self.issue.replace("_", " ")),
            }
            if self._field:
                detail |= {"field": self._field, "location": "body"}
            told["details"] = [detail]
        return told
