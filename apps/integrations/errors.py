"""What neighbours' messages are refused for."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError


@dataclass(eq=False, kw_only=True)
class UnreadableOrder(DomainError):
    """An order event must have every field of its contract, in the form the contract gives."""

    code = "integrations/unreadable-order"
    advice = "The sender must correct the event; replay the dead letter when it has."

    field: str
