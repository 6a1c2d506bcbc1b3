"""Balance transactions, and double entry beside them: every entry sums to zero.

``world`` is where customers, banks and issuers are, ``fees`` is what the provider earns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.worlds.stripe import objects
from tests.worlds.stripe.world import World

WORLD, FEES = "world", "fees"
#: What each kind of transaction is reported as.
_CATEGORIES = {
    "payment": "charge",
    "stripe_fee": "fee",
    "application_fee": "platform_earning",
    "application_fee_refund": "platform_earning_refund",
    "payment_refund": "refund",
    "payout_failure": "payout_reversal",
    "payout_cancel": "payout_reversal",
    "refund_failure": "refund_failure",
    "transfer_refund": "transfer_reversal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A balance transaction about to be written; ``amount`` is negative when money leaves."""

    account: str
    type: str
    amount: int
    currency: str
    source: str
    description: str = ""
    category: str = ""
    other: str = WORLD  # who gives or gets the amount
    stripe_fee: int = 0
    application_fee: int = 0
    application_fee_to: str = ""
    waits_seconds: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


def write(world: World, draft: Draft) -> str:
    """Write it with its postings; answers the ``txn_`` identifier."""
    fee = draft.stripe_fee + draft.application_fee
    available_at_ms = world.now_ms() + draft.waits_seconds * 1000
    body = objects.add(
        world,
        "txn",
        "balance_transaction",
        draft.account,
        {
            "amount": draft.amount,
            "available_on": available_at_ms // 1000,
            "balance_type": "payments",
            "currency": draft.currency,
            "description": draft.description or None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": _details(draft),
            "net": draft.amount - fee,
            "reporting_category": draft.category or _CATEGORIES.get(draft.type, draft.type),
            "source": draft.source,
            "status": "pending" if draft.waits_seconds else "available",
            "type": draft.type,
            **draft.extra,
        },
    )
    for account, change in (
        (draft.account, draft.amount - fee),
        (draft.other, -draft.amount),
        (FEES, draft.stripe_fee),
        (f"due:{draft.application_fee_to}", draft.application_fee),
    ):
        if change:
            _post(world, body["id"], account, draft.currency, change, available_at_ms)
    return str(body["id"])


def _post(
    world: World, entry: str, account: str, currency: str, change: int, available_at_ms: int
) -> None:
    world.store.insert(
        "posting",
        entry=entry,
        account=account,
        currency=currency,
        amount_minor=change,
        available_at_ms=available_at_ms,
    )


def _details(draft: Draft) -> list[dict[str, Any]]:
    told = (
        (draft.stripe_fee, "stripe_fee", "Stripe processing fees", None),
        (draft.application_fee, "application_fee", "Application fee", "ca_platform"),
    )
    return [
        {
            "amount": amount,
            "application": application,
            "currency": draft.currency,
            "description": description,
            "type": kind,
        }
        for amount, kind, description, application in told
        if amount
    ]


def processing_fee(world: World, platform: str, amount: int) -> int:
    """What the provider takes of a charge: basis points, rounded half up, and a fixed amount."""
    row = world.store.row("SELECT * FROM platform WHERE account = ?", platform)
    if row is None:
        return 0
    return min(amount, (amount * row["fee_bps"] + 5_000) // 10_000 + row["fee_fixed_minor"])


def available(world: World, account: str, currency: str) -> int:
    return world.store.number(
        "SELECT SUM(amount_minor) FROM posting WHERE account = ? AND currency = ?"
        " AND available_at_ms <= ?",
        account,
        currency,
        world.now_ms(),
    )


def balance(world: World, account: str) -> dict[str, Any]:
    """``GET /v1/balance``."""
    rows = world.store.rows(
        "SELECT currency, SUM(CASE WHEN available_at_ms <= ?2 THEN amount_minor ELSE 0 END) AS now,"
        " SUM(CASE WHEN available_at_ms > ?2 THEN amount_minor ELSE 0 END) AS later"
        " FROM posting WHERE account = ?1 GROUP BY currency ORDER BY currency",
        account,
        world.now_ms(),
    )

    def held(column: str) -> list[dict[str, Any]]:
        return [
            {
                "amount": row[column],
                "currency": row["currency"],
                "source_types": {"card": row[column]},
            }
            for row in rows
        ] or [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]

    return {
        "object": "balance",
        "available": held("now"),
        "pending": held("later"),
        "livemode": False,
    }


def settle(world: World) -> None:
    """Say ``available`` of what has become available."""
    world.store.write(
        "UPDATE object SET body = json_set(body, '$.status', 'available')"
        " WHERE kind = 'balance_transaction' AND json_extract(body, '$.status') = 'pending'"
        " AND json_extract(body, '$.available_on') * 1000 <= ?",
        world.now_ms(),
    )


def proof(world: World) -> dict[str, Any]:
    """Whether the books hold: every entry zero, every account the sum of its transactions' net."""
    with world.store.transaction():
        unbalanced = world.store.rows(
            "SELECT entry FROM posting GROUP BY entry, currency HAVING SUM(amount_minor) <> 0"
        )
        drifted = world.store.rows(
            "SELECT account, currency FROM ("
            " SELECT account, currency, amount_minor AS change FROM posting"
            "  WHERE account LIKE 'acct_%'"
            " UNION ALL SELECT account, json_extract(body, '$.currency'),"
            "  -json_extract(body, '$.net') FROM object WHERE kind = 'balance_transaction')"
            " GROUP BY account, currency HAVING SUM(change) <> 0"
        )
        entries = world.store.number("SELECT COUNT(DISTINCT entry) FROM posting")
    return {
        "holds": not unbalanced and not drifted,
        "entries": entries,
        "unbalanced": [row["entry"] for row in unbalanced],
        "drifted": [[row["account"], row["currency"]] for row in drifted],
    }
