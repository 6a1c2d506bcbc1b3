"""How rates and their states look on these pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, localcontext

from apps.console.values import Ref, Row, Status, Table, Value
from apps.ledger.domain.fx.rates import plain
from apps.platform import clock

SOURCES = {"ecb": "European Central Bank", "manual": "Manual", "provider": "Provider"}


def rate_value(rate: Decimal | str | None) -> Value:
    """A rate without trailing zeros; it lines up on the right."""
    return None if rate is None else Decimal(plain(Decimal(rate)))


def short_rate(rate: Decimal) -> Value:
    """For lists: at most eight digits that count. The page of the thing says it in full."""
    with localcontext(prec=8):
        return rate_value(+rate)


def validity(valid_from: datetime, valid_until: datetime) -> Status:
    """Whether a rate counts now."""
    now = clock.now()
    if now < valid_from:
        return Status("not yet", tone="info")
    return Status("valid", tone="good") if now < valid_until else Status("expired", tone="calm")


def derivation_table(title: str, hops: Iterable[Mapping[str, object]]) -> Table:
    """The recorded rates that a middle rate is made of, in order."""
    return Table(
        title,
        ["Pair", "Used", "Source", "Recorded as", "Rate"],
        [
            Row(
                [
                    f"{hop['base']}/{hop['quote']}",
                    "the other way round" if hop["is_inverted"] else "as it is",
                    SOURCES[str(hop["source"])],
                    Ref(str(hop["rate_id"])),
                    rate_value(str(hop["rate"])),
                ]
            )
            for hop in hops
        ],
    )
