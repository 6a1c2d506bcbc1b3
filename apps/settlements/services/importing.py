"""Statements in."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from apps.payments.selectors import bank_file, bank_file_content
from apps.payments.selectors import provider_account as payments_account
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.locks import take_turns
from apps.platform.money import Money
from apps.platform.use_cases import use_case
from apps.settlements.connectors import BANK_PROFILES, PROFILE_NAMES, read_statement
from apps.settlements.connectors.bank import SIZE_MAX_BYTES
from apps.settlements.domain import Direction, LineKind, ParsedStatement
from apps.settlements.domain.statements import line_keys
from apps.settlements.errors import NotFound, StatementGap, UnreadableStatement
from apps.settlements.events import StatementImported
from apps.settlements.models import Break, MatchGroup, Statement, StatementFile, StatementLine
from apps.settlements.services.matching import match_lines
from apps.settlements.services.suspense import post_fees


@use_case("settlements.import_statement")
def import_statement(
    *, provider_account: str, profile: str, name: str, content: bytes, actor: Actor
) -> UUID:
    """Read, prove, load and match a provider's statement; returns the statement's id.

    The same file again returns the first import; an overlapping file adds only the lines that are
    new. Fees are posted as the provider took them; what matches nothing goes to suspense and opens
    a break. Nothing is kept of a file that cannot be read or proved.
    """
    take_turns(f"import:{provider_account}")
    digest = hashlib.sha256(content).hexdigest()
    known = StatementFile.objects.filter(provider_account=provider_account, sha256=digest).first()
    if known is not None:
        audit.nothing_happened()
        return known.statements.get().id
    account = payments_account(label=provider_account)
    parsed = _parsed(profile, content, provider_account)
    if parsed.currency != account.currency:
        raise UnreadableStatement(line=1, reason=f"not in {account.currency}")
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
    _check_reaches(statement)
    post_fees((line for line in lines if line.kind == LineKind.FEE), provider_account, actor)
    match_lines(lines, actor)
    audit.note(public_id("stm", statement.id), lines=len(lines))
    record(
        _imported(statement, lines),
        aggregate=public_id("stm", statement.id),
    )
    return statement.id


@use_case("settlements.import_bank_file")
def import_bank_file(*, file_id: UUID, actor: Actor) -> UUID:
    """Import the closing statement that came to a bank's folder, as ``import_statement`` does."""
    file = bank_file(file_id)
    return import_statement(
        provider_account=file.provider_account,
        profile=BANK_PROFILES[file.file_format],
        name=file.name,
        content=bank_file_content(file_id),
        actor=actor,
    )


def _parsed(profile: str, content: bytes, provider_account: str) -> ParsedStatement:
    if profile not in PROFILE_NAMES:
        raise NotFound(what="statement profile", reference=profile)
    if len(content) > SIZE_MAX_BYTES:
        raise UnreadableStatement(line=0, reason=f"larger than {SIZE_MAX_BYTES} bytes")
    parsed = read_statement(content, profile, provider_account)
    parsed.check_proved()
    return parsed


def _load(file: StatementFile, parsed: ParsedStatement) -> tuple[Statement, list[StatementLine]]:
    keys = line_keys(parsed.lines)
    known = set(
        StatementLine.objects.filter(
            provider_account=file.provider_account, line_key__in=keys
        ).values_list("line_key", flat=True)
    )
    times = [line.booked_at for line in parsed.lines]
    statement = Statement.objects.create(
        file=file,
        provider_account=file.provider_account,
        currency=parsed.currency,
        opening_minor=parsed.opening_minor,
        closing_minor=parsed.closing_minor,
        new_lines=len(keys) - len(known),
        known_lines=len(known),
        first_at=min(times, default=None),
        last_at=max(times, default=None),
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


def _check_reaches(statement: Statement) -> None:
    """All lines of the account from its first statement on lead to its newest closing balance.

    So a missing period, a line that is told two ways and a statement that contradicts what is known
    are all refused, in whatever order statements come.
    """
    known = Statement.objects.filter(provider_account=statement.provider_account)
    first = known.exclude(first_at=None).order_by("first_at", "imported_at").first() or statement
    last = known.exclude(last_at=None).order_by("-last_at", "-imported_at").first() or statement
    moved = StatementLine.objects.filter(provider_account=statement.provider_account).aggregate(
        came=Coalesce(Sum("amount_minor", filter=Q(direction=Direction.IN)), 0),
        went=Coalesce(Sum("amount_minor", filter=Q(direction=Direction.OUT)), 0),
    )
    reached = first.opening_minor + int(moved["came"]) - int(moved["went"])
    if reached != last.closing_minor:
        raise StatementGap(reached_minor=reached, closing_minor=last.closing_minor)


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
