"""The end of a fiscal year: its result is carried to retained earnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from apps.ledger.domain import EntryDraft, EntryReceipt, PostingDraft, Side
from apps.ledger.domain.periods import CLOSE
from apps.ledger.errors import PeriodNotFound, RetainedEarningsMissing, YearNotReady
from apps.ledger.events import YearResultCarried, YearResultTakenBack
from apps.ledger.models import Calendar, FiscalYear, JournalEntry
from apps.ledger.selectors.years import (
    CurrencyResult,
    left_to_carry,
    retaining_accounts,
    standing_closings,
    unready_periods,
)
from apps.ledger.services.periods import stop_posting
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case


@again_when_in_the_way
@use_case("ledger.carry_year_result")
def carry_year_result(
    *, year_id: UUID, actor: Actor, retained_earnings: Mapping[str, str] | None = None
) -> list[EntryReceipt]:
    """Empty the year's income and expense accounts into retained earnings, one entry a currency.

    The entries are of kind ``close`` and count on the year's last day; reports may leave them out.
    The year's last period must be softly closed. ``retained_earnings`` names an equity account
    for each currency and is remembered. Done again it carries what came since, usually nothing.
    """
    stop_posting()
    year = _locked_year(year_id)
    _refuse_unready(year)
    results = left_to_carry(year)
    if not results:
        audit.nothing_happened()
        return []
    accounts = _remember(retained_earnings or {})
    for result in results:
        _check_account(result.currency, accounts.get(result.currency, ""))
    year.closings += 1
    year.save(update_fields=["closings"])
    receipts = write(
        [_carrying(year, result, accounts[result.currency]) for result in results], actor
    )
    record(
        YearResultCarried(
            year=year.name,
            closing=year.closings,
            results=tuple(result.result for result in results),
        ),
        aggregate=public_id("fy", year.id),
    )
    audit.note(public_id("fy", year.id), year=year.name, entries=len(receipts))
    return receipts


@again_when_in_the_way
@use_case("ledger.take_back_year_result")
def take_back_year_result(*, year_id: UUID, reason: str, actor: Actor) -> list[EntryReceipt]:
    """Reverse the year's closing entries while the year is only softly closed.

    What was taken back already is left alone. The reversing entries are of kind ``close`` too, so
    that reports which leave out closing see the year as it was before.
    """
    stop_posting()
    year = _locked_year(year_id)
    _refuse_unready(year)
    standing = standing_closings(year)
    if not standing:
        audit.nothing_happened()
        return []
    receipts = write([_taking_back(year, entry, reason) for entry in standing], actor)
    record(
        YearResultTakenBack(year=year.name, closing=year.closings, reason=reason),
        aggregate=public_id("fy", year.id),
    )
    audit.note(public_id("fy", year.id), year=year.name, reason=reason)
    return receipts


def _locked_year(year_id: UUID) -> FiscalYear:
    year = FiscalYear.objects.select_for_update().filter(id=year_id).first()
    if year is None:
        raise PeriodNotFound(reference=public_id("fy", year_id))
    return year


def _refuse_unready(year: FiscalYear) -> None:
    unready = unready_periods(year)
    if unready:
        raise YearNotReady(year=year.name, periods=unready)


def _remember(given: Mapping[str, str]) -> dict[str, str]:
    calendar = Calendar.objects.select_for_update().get()
    accounts: dict[str, str] = calendar.retained_earnings | dict(given)
    if accounts != calendar.retained_earnings:
        calendar.retained_earnings = accounts
        calendar.save(update_fields=["retained_earnings"])
    return accounts


def _check_account(currency: str, code: str) -> None:
    if not retaining_accounts(currency).filter(code=code).exists():
        raise RetainedEarningsMissing(currency=currency, account=code)


def _carrying(year: FiscalYear, result: CurrencyResult, account: str) -> Instruction:
    legs = [PostingDraft(line.account, line.side, line.amount) for line in result.lines]
    if result.result.minor:
        side = Side.CREDIT if result.result.minor > 0 else Side.DEBIT
        legs.append(PostingDraft(account, side, Money(abs(result.result.minor), result.currency)))
    mark = f"{public_id('fy', year.id)}:{year.closings}:{result.currency}"
    return _closing_entry(f"Result of {year.name}", year.ends, legs, mark)


def _taking_back(year: FiscalYear, entry: JournalEntry, reason: str) -> Instruction:
    postings = entry.postings.select_related("account").order_by("leg")
    legs = [
        PostingDraft(
            row.account.code,
            Side.of_letter(row.side).opposite,
            Money(row.amount_minor, row.currency),
        )
        for row in postings
    ]
    mark = f"{entry.source_event}:back"
    return _closing_entry(reason[:200], year.ends, legs, mark, entry.id)


def _closing_entry(
    said: str,
    day: date,
    legs: Sequence[PostingDraft],
    mark: str,
    reverses_id: UUID | None = None,
) -> Instruction:
    draft = EntryDraft(
        kind=CLOSE, description=said, value_date=day, postings=legs, source_event=mark
    )
    return Instruction(
        draft=draft,
        idempotency_key=f"close:{mark}",
        fingerprint=draft.fingerprint(),
        reverses_id=reverses_id,
    )
