"""The merchants' money: every movement is double entry, and its postings sum to zero.

``world`` is where payers, payees and banks are, ``fees`` is what the provider earns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.worlds.paypal.world import World

WORLD, FEES = "world", "fees"
#: Transaction event codes of the reporting API.
PAID, REFUNDED, PAID_OUT = "T0006", "T1107", "T0001"
RETURNED, DISPUTED, REINSTATED, DEPOSITED = "T1114", "T1201", "T1111", "T0300"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A movement of a merchant's money; negative when it leaves, like its fee."""

    merchant: str
    code: str
    amount: int
    currency: str
    fee: int = 0
    related: str = ""
    invoice_id: str = ""
    custom: str = ""
    party: str = ""
    id: str = ""


def write(world: World, draft: Draft) -> str:
    """Write it with its postings; answers the transaction's id."""
    name = draft.id or world.name("movement")
    with world.store.transaction():
        world.store.insert(
            "movement",
            id=name,
            merchant=draft.merchant,
            event_code=draft.code,
            currency=draft.currency,
            amount_minor=draft.amount,
            fee_minor=draft.fee,
            related=draft.related,
            invoice_id=draft.invoice_id,
            custom_field=draft.custom,
            party=draft.party,
            at_ms=world.now_ms(),
        )
        changes = ((draft.merchant, draft.amount + draft.fee), (WORLD, -draft.amount))
        for account, change in (*changes, (FEES, -draft.fee)):
            world.store.insert(
                "posting",
                movement=name,
                account=account,
                currency=draft.currency,
                amount_minor=change,
            )
    return name


def balance(world: World, merchant: str, currency: str) -> int:
    return world.store.number(
        "SELECT SUM(amount_minor) FROM posting WHERE account = ? AND currency = ?",
        merchant,
        currency,
    )


def currencies(world: World, merchant: str) -> list[str]:
    rows = world.store.rows(
        "SELECT DISTINCT currency FROM movement WHERE merchant = ? ORDER BY currency", merchant
    )
    return [row["currency"] for row in rows]


def fee_of(world: World, merchant: str, amount: int) -> int:
    """What the provider keeps of a payment: basis points, half up, and a fixed amount."""
    row = world.store.row("SELECT * FROM merchant WHERE client_id = ?", merchant)
    if row is None:
        return 0
    return min(amount, (amount * row["fee_bps"] + 5_000) // 10_000 + row["fee_fixed_minor"])


def proof(world: World) -> dict[str, Any]:
    """Whether the books hold: every movement zero, every balance the sum of its movements."""
    unbalanced = world.store.rows(
        "SELECT movement FROM posting GROUP BY movement HAVING SUM(amount_minor) <> 0"
    )
    drifted = world.store.rows(
        "SELECT account, currency FROM ("
        " SELECT p.account, p.currency, p.amount_minor AS change FROM posting p"
        "  WHERE p.account NOT IN ('world', 'fees')"
        " UNION ALL SELECT merchant, currency, -(amount_minor + fee_minor) FROM movement)"
        " GROUP BY account, currency HAVING SUM(change) <> 0"
    )
    return {
        "holds": not unbalanced and not drifted,
        "movements": world.store.number("SELECT COUNT(*) FROM movement"),
        "unbalanced": [row["movement"] for row in unbalanced],
    }
