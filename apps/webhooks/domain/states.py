"""The lives of endpoints, deliveries and attempts. The database holds the same words."""

from __future__ import annotations

from enum import StrEnum


class EndpointState(StrEnum):
    """Whether an endpoint is called.

    ``paused``: a person's wish; what happens meanwhile waits. ``disabled``: it failed for days or
    said it is gone; nothing is queued for it until a person activates it again. ``removed``: for
    good; its secrets are gone and its past stays readable.
    """

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"
    REMOVED = "removed"


class DeliveryState(StrEnum):
    """Where one message to one endpoint stands.

    ``sending`` is committed before the first byte leaves. ``given_up``: every try of the schedule
    failed. ``cancelled``: the endpoint was removed first.
    """

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    CANCELLED = "cancelled"


#: What is still to be done.
OPEN_DELIVERIES = (DeliveryState.PENDING, DeliveryState.SENDING)


class Outcome(StrEnum):
    """How one request ended. Only ``accepted``, an answer of 2xx, is a success.

    ``blocked``: the address is not one we call for a stranger. ``not_sent``: no connection.
    ``no_answer``: sent, and no whole answer in time. ``interrupted``: our worker died meanwhile, so
    nobody knows; the message is sent again with the same id.
    """

    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    GONE = "gone"
    BLOCKED = "blocked"
    NOT_SENT = "not_sent"
    NO_ANSWER = "no_answer"
    INTERRUPTED = "interrupted"
