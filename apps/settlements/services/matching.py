"""Statement lines and expected items that certainly belong together; everything else is a break.

This stage knows one rule: provider's reference, direction and amount are equal, and one expected
item has them. What it cannot be certain of it leaves to a person, with the money in suspense.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.money import Money
from apps.settlements.domain import (
    BreakKind,
    BreakState,
    Difference,
    Direction,
    ItemState,
    LineKind,
)
from apps.settlements.domain.statements import without_numbers
from apps.settlements.models import Break, ExpectedItem, MatchGroup, MatchLeg, StatementLine
from apps.settlements.services.breaks import close_break, open_break
from apps.settlements.services.suspense import effect_minor, post_suspense, take_back_suspense

EXACT = ("reference+amount", 1)


def match_lines(lines: Iterable[StatementLine], actor: Actor) -> None:
    """Within a use case: match what is certain, open breaks for the rest, check the fees."""
    fees = []
    for line in lines:
        if line.kind == LineKind.FEE:
            fees.append(line)
            continue
        item = _certain_item(line)
        if item is not None:
            _match(line, item, actor)
        else:
            _open_line_break(line, actor)
    for line in fees:
        _check_fee(line)


def match_expected(item: ExpectedItem, actor: Actor) -> None:
    """Within a use case: an expectation came after its statement lines. Look at those again.

    A line that is explained now is matched, its suspense taken back and its break closed; one that
    is now known under another amount keeps the difference only.
    """
    lines = StatementLine.objects.filter(
        provider_account=item.provider_account, provider_reference=item.provider_reference
    ).exclude(kind=LineKind.FEE)
    for line in lines.filter(legs__isnull=True).order_by("booked_at", "number"):
        found = _certain_item(line)
        if found is not None:
            _match(line, found, actor)
            take_back_suspense(line, actor, turn=1)
            _close_break(line, actor)
        else:
            _look_again(line, actor)
    fees = StatementLine.objects.filter(
        provider_account=item.provider_account,
        linked_reference=item.provider_reference,
        kind=LineKind.FEE,
    )
    for line in fees:
        _check_fee(line)


def _certain_item(line: StatementLine) -> ExpectedItem | None:
    """The one waiting item with the line's reference, direction and amount."""
    items = list(
        _items_of(line)
        .select_for_update()
        .filter(
            direction=line.direction,
            amount_minor=line.amount_minor,
            currency=line.currency,
            state=ItemState.EXPECTED,
        )
        .order_by("id")[:2]
    )
    return items[0] if len(items) == 1 else None


def _items_of(line: StatementLine) -> QuerySet[ExpectedItem]:
    """By the provider's reference, or by ours: a bank's status names its own only later."""
    names = {line.provider_reference, line.our_reference} - {""}
    return ExpectedItem.objects.filter(
        provider_account=line.provider_account, provider_reference__in=names
    )


def _match(line: StatementLine, item: ExpectedItem, actor: Actor) -> None:
    rule, version = EXACT
    group = MatchGroup.objects.create(
        rule=rule, rule_version=version, matched_by=str(actor), matched_at=clock.now()
    )
    MatchLeg.objects.create(group=group, line=line, allocated_minor=line.amount_minor)
    MatchLeg.objects.create(group=group, item=item, allocated_minor=item.amount_minor)
    item.state = ItemState.MATCHED
    item.save(update_fields=["state"])


def _open_line_break(line: StatementLine, actor: Actor) -> None:
    """Nothing certain explains the line: to suspense with it, and tell a person."""
    kind, item, unknown_minor = _why_not(line)
    if open_break(_difference(line, kind, unknown_minor), line=line, item=item):
        post_suspense(line, unknown_minor, actor, turn=1)


def _look_again(line: StatementLine, actor: Actor) -> None:
    """Our own record came late and says something else: suspense keeps the difference only."""
    kind, item, unknown_minor = _why_not(line)
    row = Break.objects.select_for_update().filter(dedupe_key=f"line:{line.id}").first()
    if row is None or row.kind == kind:
        return
    take_back_suspense(line, actor, turn=1)
    post_suspense(line, unknown_minor, actor, turn=2)
    difference = _difference(line, kind, unknown_minor)
    row.kind, row.item = kind, item
    row.amount_minor, row.explanation = difference.amount.minor, difference.explanation
    row.save(update_fields=["kind", "item", "amount_minor", "explanation"])


def _why_not(line: StatementLine) -> tuple[BreakKind, ExpectedItem | None, int]:
    """Why the line has no certain item, and how much of it our books don't know."""
    effect = effect_minor(line)
    items = list(_items_of(line).filter(direction=line.direction, currency=line.currency)[:2])
    waiting = [item for item in items if item.state == ItemState.EXPECTED]
    if not items:
        return BreakKind.MISSING_INTERNAL, None, effect
    if len(waiting) != 1 or waiting[0].amount_minor == line.amount_minor:
        return BreakKind.DUPLICATE, items[0], effect
    sign = 1 if line.direction == Direction.IN else -1
    return BreakKind.AMOUNT, waiting[0], effect - sign * waiting[0].amount_minor


def _difference(line: StatementLine, kind: BreakKind, unknown_minor: int) -> Difference:
    came = "came in" if line.direction == Direction.IN else "went out"
    why = {
        BreakKind.MISSING_INTERNAL: "and no payment or payout of ours knows it",
        BreakKind.AMOUNT: "and ours has another amount",
        BreakKind.DUPLICATE: "more often than our books know",
    }[kind]
    return Difference(
        kind=kind,
        provider_account=line.provider_account,
        amount=Money(unknown_minor, line.currency),
        explanation=f"{line.provider_reference} {came} {why}: {without_numbers(line.text)}",
        dedupe_key=f"line:{line.id}",
    )


def _close_break(line: StatementLine, actor: Actor) -> None:
    """The difference explained itself."""
    row = Break.objects.select_for_update().filter(dedupe_key=f"line:{line.id}").first()
    if row is not None and row.state != BreakState.RESOLVED:
        close_break(row, "Matched when our own record of it arrived.", actor)


def _check_fee(line: StatementLine) -> None:
    """A fee that differs from the tariff is booked as taken and shown to a person."""
    item = ExpectedItem.objects.filter(
        provider_account=line.provider_account, provider_reference=line.linked_reference
    ).first()
    if item is None or item.expected_fee_minor is None:
        return
    difference = -effect_minor(line) - item.expected_fee_minor
    if difference == 0:
        return
    taken = Money(line.amount_minor, line.currency)
    tariff = Money(item.expected_fee_minor, line.currency)
    open_break(
        Difference(
            kind=BreakKind.FEE_UNEXPECTED,
            provider_account=line.provider_account,
            amount=Money(difference, line.currency),
            explanation=f"The fee of {line.linked_reference} was {taken}, by the tariff {tariff}.",
            dedupe_key=f"fee:{line.id}",
        ),
        line=line,
        item=item,
    )
