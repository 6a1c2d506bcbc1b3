"""Statements in."""

from __future__ import annotations

import hashlib
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.ledger.domain import EntryDraft, credit, debit
from apps.ledger.services import post_entry
from apps.payments.selectors import provider_account as payments_account
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case
from apps.settlements.connectors import PROFILES
from apps.settlements.domain import Direction, LineKind, ParsedStatement
from apps.settlements.domain.statements import line_keys
from apps.settlements.errors import NotFound, StatementGap, UnreadableStatement
from apps.settlements.events import StatementImported
from apps.settlements.models import Break, MatchGroup, Statement, StatementFile, StatementLine
from apps.settlements.services.books import PAYIN_FEES, PAYOUT_FEES
from apps.settlements.services.matching import match_lines

SIZE_MAX_BYTES = 20 * 1024 * 1024


@use_case("settlements.import_statement")
def import_statement(
    *, provider_account: str, profile: str, name: str, content: bytes, actor: Actor
) -> UUID:
    """Read, prove, load and match a provider's statement; returns the statement's id.

    The same file again returns the first import; an overlapping file adds only the lines that are
    new. Fees are posted as the provider took them; what matches nothing goes to suspense and opens
    a break. Nothing is kept of a file that cannot be read or proved.
    """
    digest = hashlib.sha256(content).hexdigest()
    known = StatementFile.objects.filter(provider_account=provider_account, sha256=digest).first()
    if known is not None:
        audit.nothing_happened()
        return known.statements.get().id
    parsed = _parsed(profile, content)
    file = StatementFile.objects.create(
        provider_account=provider_account,
        name=name[:200],
        profile=profile,
        sha256=digest,
        size_bytes=len(content),
        imported_at=clock.now(),
        imported_by=str(actor),
    )
    statement, lines = _load(file, parsed)
    account = payments_account(label=provider_account)
    for line in lines:
        if line.kind == LineKind.FEE:
            _post_fee(line, account.clearing_account, actor)
    match_lines(lines, actor)
    audit.note(public_id("stm", statement.id), lines=len(lines))
    record(
        _imported(statement, lines),
        aggregate=public_id("stm", statement.id),
    )
    return statement.id


def _parsed(profile: str, content: bytes) -> ParsedStatement:
    if profile not in PROFILES:
        raise NotFound(what="statement profile", reference=profile)
    if len(content) > SIZE_MAX_BYTES:
        raise UnreadableStatement(line=0, reason=f"larger than {SIZE_MAX_BYTES} bytes")
    parsed = PROFILES[profile](content)
    parsed.check_proved()
    return parsed


def _load(file: StatementFile, parsed: ParsedStatement) -> tuple[Statement, list[StatementLine]]:
    keys = line_keys(parsed.lines)
    known = set(
        StatementLine.objects.filter(
            provider_account=file.provider_account, line_key__in=keys
        ).values_list("line_key", flat=True)
    )
    _check_follows(file.provider_account, parsed, overlaps=bool(known))
    statement = Statement.objects.create(
        file=file,
        provider_account=file.provider_account,
        currency=parsed.currency,
        opening_minor=parsed.opening_minor,
        closing_minor=parsed.closing_minor,
        new_lines=len(keys) - len(known),
        known_lines=len(known),
        imported_at=file.imported_at,
    )
    lines = [
        StatementLine(
            statement=statement,
            provider_account=file.provider_account,
            line_key=key,
            number=number,
            booked_at=line.booked_at,
            direction=line.direction,
            amount_minor=line.amount_minor,
            currency=parsed.currency,
            kind=line.kind,
            provider_reference=line.provider_reference[:100],
            our_reference=line.our_reference[:100],
            linked_reference=line.linked_reference[:100],
            counterparty=line.counterparty[:200],
            text=line.text[:300],
        )
        for number, (key, line) in enumerate(zip(keys, parsed.lines, strict=True), start=1)
        if key not in known
    ]
    return statement, StatementLine.objects.bulk_create(lines)


def _check_follows(provider_account: str, parsed: ParsedStatement, *, overlaps: bool) -> None:
    """A statement that shares no line with what we have begins where the last one ended."""
    last = Statement.objects.filter(provider_account=provider_account).first()
    if last is None or overlaps or not parsed.lines:
        return
    if parsed.opening_minor != last.closing_minor:
        raise StatementGap(
            previous_closing_minor=last.closing_minor, opening_minor=parsed.opening_minor
        )


def _post_fee(line: StatementLine, clearing_account: str, actor: Actor) -> None:
    """A fee is an expense the moment the provider took it, whatever we expected."""
    amount = Money(line.amount_minor, line.currency)
    is_for_payout = StatementLine.objects.filter(
        provider_account=line.provider_account,
        provider_reference=line.linked_reference,
        kind=LineKind.PAYOUT,
    ).exists()
    expense = PAYOUT_FEES if is_for_payout else PAYIN_FEES
    legs = [debit(expense, amount), credit(clearing_account, amount)]
    if line.direction == Direction.IN:  # a fee given back
        legs = [debit(clearing_account, amount), credit(expense, amount)]
    name = public_id("sl", line.id)
    post_entry(
        draft=EntryDraft(
            description=f"Provider fee {line.provider_reference}",
            value_date=line.booked_at.astimezone(ZoneInfo(current_tenant().zone)).date(),
            kind="provider_fee",
            source_event=name,
            postings=legs,
        ),
        idempotency_key=f"{name}:fee",
        actor=actor,
    )


def _imported(statement: Statement, lines: list[StatementLine]) -> StatementImported:
    ids = [line.id for line in lines]
    return StatementImported(
        statement_id=public_id("stm", statement.id),
        provider_account=statement.provider_account,
        lines=len(lines),
        matched=MatchGroup.objects.filter(legs__line__in=ids).distinct().count(),
        breaks=Break.objects.filter(line__in=ids).count(),
        closing=Money(statement.closing_minor, statement.currency),
    )
