"""The provider's double-entry books: every transfer is a set of postings that sums to zero.

A positive posting means that the account gains. Organisations have a Working, a Utility and a
Charges Paid account; customers have one each and may go below zero, because what they earn
elsewhere is none of this provider's business; ``world`` is where opening money comes from and
``fees`` is what the provider earns.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tests.worlds.daraja.tariff import pay_in_fee, payout_fee
from tests.worlds.daraja.world import World

WORKING, UTILITY, CHARGES = "working", "utility", "charges"


def organisation_account(shortcode: str, name: str) -> str:
    return f"{shortcode}/{name}"


def customer_account(phone: str) -> str:
    return f"customer/{phone}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A transfer about to be written. References are ours and our client's, as far as known."""

    kind: str
    shortcode: str
    amount_minor: int
    reason: str
    details: str
    phone: str = ""
    account_reference: str = ""
    merchant_request_id: str = ""
    checkout_request_id: str = ""
    originator_conversation_id: str = ""
    conversation_id: str = ""
    linked_receipt: str = ""


def write(world: World, draft: Draft, source: str, target: str, *, at_ms: int | None = None) -> str:
    """Move ``amount_minor`` from one account to another; answers the receipt."""
    completed_at_ms = world.now_ms() if at_ms is None else at_ms
    with world.store.transaction():
        receipt = world.ids.receipt(completed_at_ms)
        world.store.insert(
            "transfer",
            receipt=receipt,
            initiated_at_ms=completed_at_ms,
            completed_at_ms=completed_at_ms,
            **asdict(draft),
        )
        for account, change in ((source, -draft.amount_minor), (target, draft.amount_minor)):
            world.store.write(
                "INSERT INTO account VALUES (?, ?) ON CONFLICT (code)"
                " DO UPDATE SET balance_minor = balance_minor + excluded.balance_minor",
                account,
                change,
            )
            world.store.insert("posting", receipt=receipt, account=account, amount_minor=change)
    return receipt


def pay_in(world: World, draft: Draft) -> str:
    """A customer's money reaches the Utility account; the commission follows as its own row."""
    with world.store.transaction():
        target = organisation_account(draft.shortcode, UTILITY)
        receipt = write(world, draft, customer_account(draft.phone), target)
        bps = world.store.number(
            "SELECT pay_in_bps FROM organisation WHERE shortcode = ?", draft.shortcode
        )
        _charge(world, draft, receipt, pay_in_fee(draft.amount_minor, bps), "Pay Bill Charge")
    return receipt


def pay_out(world: World, draft: Draft) -> str:
    """Money leaves the Utility account for a phone; the charge follows as its own row."""
    with world.store.transaction():
        source = organisation_account(draft.shortcode, UTILITY)
        receipt = write(world, draft, source, customer_account(draft.phone))
        fee = payout_fee(draft.amount_minor)
        _charge(world, draft, receipt, fee, "Business Payment Charge")
    return receipt


def _charge(world: World, draft: Draft, receipt: str, tariff_minor: int, reason: str) -> None:
    """Take the tariff, and once the surprise that the control API planted."""
    surprise = world.store.number(
        "SELECT fee_surprise_minor FROM organisation WHERE shortcode = ?", draft.shortcode
    )
    fee_minor = max(0, tariff_minor + surprise)
    if surprise:
        world.store.write(
            "UPDATE organisation SET fee_surprise_minor = 0 WHERE shortcode = ?", draft.shortcode
        )
    if not fee_minor:
        return
    fee = Draft(
        kind="fee",
        shortcode=draft.shortcode,
        amount_minor=fee_minor,
        reason=reason,
        details=f"{reason} for {receipt}",
        linked_receipt=receipt,
        conversation_id=draft.conversation_id,
    )
    write(world, fee, organisation_account(draft.shortcode, CHARGES), "fees")


def fee_of(world: World, receipt: str) -> int:
    """What was charged for a transfer, in cents."""
    return world.store.number(
        "SELECT SUM(amount_minor) FROM transfer WHERE kind = 'fee' AND linked_receipt = ?", receipt
    )


def balance(world: World, shortcode: str, name: str) -> int:
    code = organisation_account(shortcode, name)
    return world.store.number("SELECT balance_minor FROM account WHERE code = ?", code)


def balances(world: World, shortcode: str) -> dict[str, int]:
    """All three accounts of an organisation, in cents."""
    return {name: balance(world, shortcode, name) for name in (WORKING, UTILITY, CHARGES)}


def proof(world: World) -> dict[str, Any]:
    """Whether the books hold together: every sum zero, every balance the fold of its postings."""
    with world.store.transaction():
        rows = world.store.rows
        unbalanced = rows(
            "SELECT receipt FROM transfer LEFT JOIN posting USING (receipt) GROUP BY receipt"
            " HAVING COALESCE(SUM(posting.amount_minor), 1) <> 0"
        )
        drifted = rows(
            "SELECT code FROM account LEFT JOIN posting ON account = code GROUP BY code"
            " HAVING balance_minor <> COALESCE(SUM(amount_minor), 0)"
        )
        accounts = rows("SELECT code, balance_minor FROM account ORDER BY code")
        transfers = world.store.number("SELECT COUNT(*) FROM transfer")
    total = sum(row["balance_minor"] for row in accounts)
    return {
        "holds": not unbalanced and not drifted and total == 0,
        "sum_minor": total,
        "transfers": transfers,
        "unbalanced_receipts": [row["receipt"] for row in unbalanced],
        "drifted_accounts": [row["code"] for row in drifted],
        "balances_minor": {row["code"]: row["balance_minor"] for row in accounts},
    }
