"""A till, a cheque box, a counter: an account at nobody. It asks nobody and calls nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from apps.payments.connectors.base import Capabilities
from apps.payments.domain.pay_ins import METHODS
from apps.payments.domain.tariffs import Tariff


class CashConnector:
    """Receipts are recorded by one person and approved by another; nothing is ever sent."""

    code: ClassVar[str] = "cash"
    inbound_name: ClassVar[str] = "cash"

    def capabilities(self, config: Mapping[str, object]) -> Capabilities:  # noqa: ARG002  of the interface
        """No operation: no request leaves, no callback comes, no statement is read."""
        return Capabilities(
            operations=frozenset(),
            amounts={},
            keys={},
            callback_auth="none",
            secret_names=(),
            has_statement=False,
        )

    def problems(self, config: Mapping[str, object]) -> Mapping[str, str]:
        """``methods`` are those that are taken here; all if it is left out."""
        found = dict.fromkeys(config.keys() - {"methods"}, "is not a known field")
        if not methods(config) or set(methods(config)) - set(METHODS):
            found["methods"] = f"is a list of {', '.join(METHODS)}"
        return found

    def tariff(self, config: Mapping[str, object]) -> Tariff | None:  # noqa: ARG002  of the interface
        """Nobody charges anything."""
        return None


def methods(config: Mapping[str, object]) -> tuple[str, ...]:
    """How money may be handed over here."""
    named = config.get("methods", list(METHODS))
    return tuple(str(name) for name in named) if isinstance(named, list) else ()
