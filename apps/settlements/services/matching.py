"""Statement lines and expected items that certainly belong together; everything else is a break.

This stage knows one rule: the provider's reference and the amount are equal and nothing else has
that reference. What it cannot be certain of it leaves to a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from apps.ledger.domain import EntryDraft, credit, debit
from apps.ledger.services import post_entry
from apps.payments.selectors import provider_account as payments_account
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case
from apps.settlements.domain import (
    BreakKind,
    BreakState,
    Difference,
    Direction,
    ItemState,
    LineKind,
)
from apps.settlements.models import (
    Break,
    ExpectedItem,
    MatchGroup,
    MatchLeg,
    StatementLine,
)
from apps.settlements.services.books import UNIDENTIFIED
from apps.settlements.services.breaks import close_break, open_break

EXACT = ("reference+amount", 1)
LINES_PER_SWEEP = 500


@use_case("settlements.match_open_lines")
def match_open_lines(*, provider_account: str, actor: Actor) -> int:
    """Try again every line that has neither match nor break; returns how many were looked at."""
    lines = list(
        StatementLine.objects.filter(provider_account=provider_account)
        .exclude(kind=LineKind.FEE)
        .filter(
            ~Exists(MatchLeg.objects.filter(line=OuterRef("pk"))),
            ~Exists(Break.objects.filter(line=OuterRef("pk"))),
        )
        .order_by("booked_at", "number")[:LINES_PER_SWEEP]
    )
    match_lines(lines, actor)
    return len(lines)


def match_lines(lines: Iterable[StatementLine], actor: Actor) -> None:
    """Within a use case: match what is certain, check fees, open breaks for the rest."""
    movements = []
    fees = []
    for line in lines:
        (fees if line.kind == LineKind.FEE else movements).append(line)
    for line in movements:
        item = _certain_item(line)
        if item is not None:
            _match(line, item, actor)
        else:
            _open_line_break(line, actor)
    for line in fees:
        _check_fee(line)


def match_reference(provider_account: str, provider_reference: str, actor: Actor) -> None:
    """Within a use case: an expectation came after its line; match them and close the break.

    The suspense posting made for the unmatched line is taken back.
    """
    lines = StatementLine.objects.filter(
        provider_account=provider_account, provider_reference=provider_reference
    ).exclude(kind=LineKind.FEE)
    for line in lines:
        item = _certain_item(line)
        if item is None or line.legs.exists():
            continue
        _match(line, item, actor)
        _post_suspense(line, actor, back=True)
        _close_break(line, actor)


def _close_break(line: StatementLine, actor: Actor) -> None:
    """The difference explained itself."""
    row = Break.objects.select_for_update().filter(dedupe_key=f"line:{line.id}").first()
    if row is not None and row.state != BreakState.RESOLVED:
        close_break(row, "Matched when our own record of it arrived.", actor)


def _certain_item(line: StatementLine) -> ExpectedItem | None:
    """The one item with the line's reference, direction and amount, if nothing rivals it."""
    items = list(
        ExpectedItem.objects.select_for_update().filter(
            provider_account=line.provider_account, provider_reference=line.provider_reference
        )[:2]
    )
    rivals = StatementLine.objects.filter(
        provider_account=line.provider_account,
        provider_reference=line.provider_reference,
        kind=line.kind,
    ).count()
    if len(items) != 1 or rivals != 1:
        return None
    item = items[0]
    same = (item.amount_minor, item.currency, item.direction) == (
        line.amount_minor,
        line.currency,
        line.direction,
    )
    return item if same and item.state == ItemState.EXPECTED else None


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
    """Nothing certain explains the line: book it to suspense, so that the provider's balance and
    ours agree, and tell a person.
    """
    item = ExpectedItem.objects.filter(
        provider_account=line.provider_account, provider_reference=line.provider_reference
    ).first()
    kind = BreakKind.MISSING_INTERNAL if item is None else BreakKind.AMOUNT
    if item is not None and item.state == ItemState.MATCHED:
        kind = BreakKind.DUPLICATE
    difference = Difference(
        kind=kind,
        provider_account=line.provider_account,
        amount=Money(line.amount_minor, line.currency),
        explanation=_explanation(line, kind),
        dedupe_key=f"line:{line.id}",
    )
    is_new = open_break(difference, line=line, item=item)
    if is_new and kind is not BreakKind.AMOUNT:
        _post_suspense(line, actor)


def _explanation(line: StatementLine, kind: BreakKind) -> str:
    came = "came in" if line.direction == Direction.IN else "went out"
    why = {
        BreakKind.MISSING_INTERNAL: "and no payment or payout of ours knows it",
        BreakKind.AMOUNT: "and ours has another amount",
        BreakKind.DUPLICATE: "a second time",
    }[kind]
    return f"{line.provider_reference} {came} {why}: {line.text}"


def _post_suspense(line: StatementLine, actor: Actor, *, back: bool = False) -> None:
    amount = Money(line.amount_minor, line.currency)
    clearing = payments_account(label=line.provider_account).clearing_account
    is_debit = (line.direction == Direction.IN) != back
    legs = (
        [debit(clearing, amount), credit(UNIDENTIFIED, amount)]
        if is_debit
        else [debit(UNIDENTIFIED, amount), credit(clearing, amount)]
    )
    name = public_id("sl", line.id)
    kind = "suspense_returned" if back else "suspense"
    post_entry(
        draft=EntryDraft(
            description=f"Statement line {line.provider_reference}",
            value_date=line.booked_at.astimezone(ZoneInfo(current_tenant().zone)).date(),
            kind=kind,
            source_event=name,
            postings=legs,
        ),
        idempotency_key=f"{name}:{kind}",
        actor=actor,
    )


def _check_fee(line: StatementLine) -> None:
    """A fee that differs from the tariff is booked as taken and shown to a person."""
    item = ExpectedItem.objects.filter(
        provider_account=line.provider_account, provider_reference=line.linked_reference
    ).first()
    if item is None or item.expected_fee_minor is None:
        return
    difference = line.amount_minor - item.expected_fee_minor
    if difference == 0:
        return
    open_break(
        Difference(
            kind=BreakKind.FEE_UNEXPECTED,
            provider_account=line.provider_account,
            amount=Money(difference, line.currency),
            explanation=(
                f"The fee of {line.linked_reference} was "
                f"{Money(line.amount_minor, line.currency)}, by the tariff "
                f"{Money(item.expected_fee_minor, line.currency)}."
            ),
            dedupe_key=f"fee:{line.id}",
        ),
        line=line,
        item=item,
    )
