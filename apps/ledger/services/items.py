"""Settling open items against each other, undoing that, and which accounts are kept so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from apps.ledger.domain import Side
from apps.ledger.domain.entries import fingerprint
from apps.ledger.domain.items import ItemLink, ItemRef, ItemRemainder, link_items
from apps.ledger.errors import (
    AccountNotFound,
    IdempotencyKeyReused,
    ItemAlreadySettled,
    ItemNotFound,
    ItemsUnmatched,
    SettlementAlreadyUndone,
    SettlementNotFound,
)
from apps.ledger.events import ItemsSettled, SettlementUndone
from apps.ledger.models import Account, ItemRule, ItemSettlement
from apps.ledger.models import ItemLink as LinkRow
from apps.ledger.services.modes import hold_up_posters
from apps.ledger.services.refusals import typed
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case

#: One settlement is one decision of a person or a program; more is several.
ITEMS_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRuleDraft:
    """How an account is to be kept: see ``models.ItemRule``."""

    account: str
    keeps_items: bool = False
    clears_by_key: bool = False
    requires_key: bool = False
    clears_within_days: int | None = None


@dataclass(frozen=True, slots=True)
class ItemShare:
    """An item to settle, and at most how much of it; all that remains when no amount is given."""

    ref: ItemRef
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementReceipt:
    """What settled what. ``amount`` is what each of the two sides was settled by."""

    settlement_id: UUID
    amount: Money
    is_replay: bool


@again_when_in_the_way
@use_case("ledger.keep_by_items")
def keep_by_items(*, draft: ItemRuleDraft, reason: str, actor: Actor) -> None:
    """Keep an account by open items, or clear it by key, from now on and for all it has.

    Waits for the postings under way. Earlier postings become open items and open keys too. What
    has begun cannot be ended; expectations may change. Asking for what is so already does nothing.
    ``AccountNotFound``, ``ItemsNotPossible``.
    """
    account = _account(draft.account)
    facts = {
        "keeps_items": draft.keeps_items,
        "clears_by_key": draft.clears_by_key,
        "requires_key": draft.requires_key,
        "clears_within_days": draft.clears_within_days,
    }
    if ItemRule.objects.filter(account=account, **facts).exists():
        audit.nothing_happened()
        return
    hold_up_posters()
    with typed():
        ItemRule.objects.update_or_create(
            account=account, defaults={**facts, "changed_at": clock.now()}
        )
    audit.note(draft.account, **facts, reason=reason)


@again_when_in_the_way
@use_case("ledger.settle_items")
def settle_items(
    *,
    account: str,
    items: Sequence[ItemShare],
    reason: str,
    idempotency_key: str,
    actor: Actor,
) -> SettlementReceipt:
    """Let items of both sides of an account settle each other, the oldest first.

    They are settled as far as the smaller side reaches; what is left of the larger side stays
    open. Asking again with the same key and items answers with the first receipt.
    ``ItemNotFound``, ``ItemsUnmatched``, ``ItemAlreadySettled`` when less remains than is asked
    for: of two that settle the same item at once, one is refused.
    """
    owner = _account(account)
    shares = {share.ref: share.amount_minor for share in items}
    if not 0 < len(items) <= ITEMS_MAX or len(shares) != len(items):
        raise ItemsUnmatched(debits=0, credits=0)
    print_of = fingerprint(account, reason, sorted((str(ref), shares[ref]) for ref in shares))
    found = _locked(owner, shares)
    if known := _known(idempotency_key, print_of):
        return known
    links = link_items([_share_of(one, shares[one.ref], owner.currency) for one in found])
    row = _write(owner, reason, idempotency_key, print_of, actor)
    dates = {one.ref: one.value_date for one in found}
    with typed():
        LinkRow.objects.bulk_create(
            [_link_row(row, number, link, dates) for number, link in enumerate(links, start=1)]
        )
    receipt = SettlementReceipt(
        settlement_id=row.id, amount=_sum(links, owner.currency), is_replay=False
    )
    name = public_id("its", row.id)
    record(
        ItemsSettled(
            settlement_id=name,
            account=account,
            amount=receipt.amount,
            closed_items=tuple(_closed(found, links)),
        ),
        aggregate=name,
    )
    audit.note(name, account=account, amount=str(receipt.amount), items=len(items), reason=reason)
    return receipt


@again_when_in_the_way
@use_case("ledger.undo_settlement")
def undo_settlement(
    *, settlement_id: UUID, reason: str, idempotency_key: str, actor: Actor
) -> SettlementReceipt:
    """Open again what a settlement settled, by a row of its own; the settlement stays to be read.

    Asking again with the same key answers with the first receipt. ``SettlementNotFound``,
    ``SettlementAlreadyUndone``.
    """
    name = public_id("its", settlement_id)
    first = (
        ItemSettlement.objects.select_for_update(no_key=True, of=("self",))
        .select_related("account")
        .filter(id=settlement_id, undoes=None)
        .first()
    )
    if first is None:
        raise SettlementNotFound(settlement_id=name)
    print_of = fingerprint("undo", name, reason)
    if known := _known(idempotency_key, print_of):
        return known
    if ItemSettlement.objects.filter(undoes=first).exists():
        raise SettlementAlreadyUndone(settlement_id=name)
    row = _write(first.account, reason, idempotency_key, print_of, actor, undoes=first)
    amount = _settled_by(first)
    record(
        SettlementUndone(
            settlement_id=name, account=first.account.code, amount=amount, reason=reason
        ),
        aggregate=name,
    )
    audit.note(name, account=first.account.code, amount=str(amount), reason=reason)
    return SettlementReceipt(settlement_id=row.id, amount=amount, is_replay=False)


def _account(code: str) -> Account:
    account = Account.objects.filter(code=code).first()
    if account is None:
        raise AccountNotFound(account=code)
    return account


def _locked(account: Account, shares: dict[ItemRef, int | None]) -> list[ItemRemainder]:
    """The items, each held until our transaction ends, in the order everybody takes them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT i.entry_id, i.leg, i.side, i.amount_minor - i.settled_minor, i.value_date
              FROM ledger_item i
              JOIN unnest(%s::uuid[], %s::smallint[]) asked(entry_id, leg) USING (entry_id, leg)
             WHERE i.account_id = %s
             ORDER BY i.entry_id, i.leg FOR NO KEY UPDATE OF i
            """,
            [[ref.entry_id for ref in shares], [ref.leg for ref in shares], account.id],
        )
        found = [
            ItemRemainder(
                ref=ItemRef(entry_id, leg),
                side=Side.DEBIT if side == Side.DEBIT.letter else Side.CREDIT,
                remaining_minor=remaining,
                value_date=value_date,
            )
            for entry_id, leg, side, remaining, value_date in cursor.fetchall()
        ]
    missing = shares.keys() - {one.ref for one in found}
    if missing:
        raise ItemNotFound(account=account.code, item=str(min(missing)))
    return found


def _share_of(item: ItemRemainder, asked: int | None, currency: str) -> ItemRemainder:
    """As much of it as is asked for, or a refusal when that is more than remains."""
    amount = item.remaining_minor if asked is None else asked
    if amount > item.remaining_minor or not item.remaining_minor:
        raise ItemAlreadySettled(
            item=str(item.ref),
            asked_minor=amount,
            remaining_minor=item.remaining_minor,
            currency=currency,
        )
    return replace(item, remaining_minor=amount)


def _known(idempotency_key: str, print_of: bytes) -> SettlementReceipt | None:
    row = (
        ItemSettlement.objects.select_related("account", "undoes")
        .filter(idempotency_key=idempotency_key)
        .first()
    )
    if row is None:
        return None
    if bytes(row.fingerprint) != print_of:
        raise IdempotencyKeyReused(idempotency_key=idempotency_key)
    audit.nothing_happened()
    return SettlementReceipt(
        settlement_id=row.id, amount=_settled_by(row.undoes or row), is_replay=True
    )


def _write(
    account: Account,
    reason: str,
    idempotency_key: str,
    print_of: bytes,
    actor: Actor,
    *,
    undoes: ItemSettlement | None = None,
) -> ItemSettlement:
    try:
        with transaction.atomic(), typed():
            return ItemSettlement.objects.create(
                account=account,
                undoes=undoes,
                reason=reason,
                actor=str(actor),
                settled_at=clock.now(),
                idempotency_key=idempotency_key,
                fingerprint=print_of,
            )
    except IntegrityError as error:  # somebody used the key for other items meanwhile
        raise IdempotencyKeyReused(idempotency_key=idempotency_key) from error


def _link_row(
    row: ItemSettlement, number: int, link: ItemLink, dates: dict[ItemRef, date]
) -> LinkRow:
    return LinkRow(
        settlement=row,
        number=number,
        debit_entry_id=link.debit.entry_id,
        debit_leg=link.debit.leg,
        credit_entry_id=link.credit.entry_id,
        credit_leg=link.credit.leg,
        amount_minor=link.amount_minor,
        value_date=max(dates[link.debit], dates[link.credit]),
    )


def _closed(found: Sequence[ItemRemainder], links: Sequence[ItemLink]) -> list[str]:
    """The items of which nothing remains after these links."""
    left = {one.ref: one.remaining_minor for one in found}
    for link in links:
        left[link.debit] -= link.amount_minor
        left[link.credit] -= link.amount_minor
    return [str(ref) for ref in sorted(left) if not left[ref]]


def _sum(links: Sequence[ItemLink], currency: str) -> Money:
    return Money(sum(link.amount_minor for link in links), currency)


def _settled_by(row: ItemSettlement) -> Money:
    amounts = LinkRow.objects.filter(settlement=row).values_list("amount_minor", flat=True)
    return Money(sum(amounts), row.account.currency)
