"""From receipts and rows to messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from protobuf.wkt import Timestamp

from apps.ledger.domain import EntryReceipt, HoldReceipt, Side
from apps.ledger.rpc.v1 import ledger_pb as pb
from apps.ledger.selectors import AccountRow
from apps.platform.ids import public_id
from apps.platform.money import Money

_SIDES = {Side.DEBIT: pb.Side.DEBIT, Side.CREDIT: pb.Side.CREDIT}


def entry_receipt(receipt: EntryReceipt) -> pb.EntryReceipt:
    """Proof that an entry is in the books."""
    return pb.EntryReceipt(
        id=public_id("je", receipt.entry_id),
        value_date=receipt.value_date.isoformat(),
        posted_at=_instant(receipt.posted_at),
        is_replay=receipt.is_replay,
        balances=[
            pb.AccountBalance(account=account, balance=_money(balance))
            for account, balance in receipt.balances.items()
        ],
    )


def hold_receipt(receipt: HoldReceipt) -> pb.HoldReceipt:
    """What a step on a hold came to."""
    return pb.HoldReceipt(
        hold_id=public_id("hld", receipt.hold_id),
        number=receipt.number,
        kind=receipt.kind.value,
        moved=_sums(receipt.moved),
        left=_sums(receipt.left),
        at=_instant(receipt.at),
        expires_at=_instant(receipt.expires_at) if receipt.expires_at else None,
        entry_id=public_id("je", receipt.entry_id) if receipt.entry_id else "",
        is_replay=receipt.is_replay,
    )


def balance(row: AccountRow) -> pb.Balance:
    """What an account holds."""
    return pb.Balance(
        account=row.account,
        name=row.name,
        status=row.status.value,
        normal_side=_SIDES[row.normal_side],
        balance=_money(row.balance),
        pending_in=_money(row.pending_in),
        pending_out=_money(row.pending_out),
        available=_money(row.available),
        version=row.version,
    )


def _money(amount: Money) -> pb.Money:
    return pb.Money(amount=amount.minor, currency=amount.currency)


def _sums(amounts: Iterable[Money]) -> list[pb.Money]:
    return [_money(amount) for amount in amounts]


def _instant(instant: datetime) -> Timestamp:
    return Timestamp.from_datetime(instant.astimezone(UTC))
