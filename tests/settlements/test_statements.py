"""Statements in: proved or refused, matched or explained, and booked to the cent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.platform.actors import SYSTEM
from apps.platform.errors import DomainError
from apps.platform.models import OutboxMessage
from apps.platform.money import Money
from apps.settlements import errors, services
from apps.settlements.domain import ExpectedMovement, LineKind
from apps.settlements.models import Break, MatchGroup, Statement, StatementLine
from apps.settlements.selectors import settlements_violations
from tests.settlements.world import (
    COLLECTIONS,
    NOON,
    Line,
    balance,
    image,
    import_csv,
    open_books,
    portal_csv,
    post,
)

pytestmark = pytest.mark.usefixtures("mara")
LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def books(mara: object) -> None:
    open_books(float_shillings=0)


def expect(
    reference: str, shillings: int, *, fee_minor: int | None = None, is_booked: bool = True
) -> None:
    """A captured payment: in our books, and expected on the statement."""
    if is_booked:
        post("1100", "3000", shillings)
    services.expect_movement(
        movement=ExpectedMovement(
            provider_account=COLLECTIONS,
            kind=LineKind.PAYIN,
            amount=Money(shillings * 100, "KES"),
            provider_reference=reference,
            source=f"payin:test:{reference}:{shillings}",
            expected_fee=None if fee_minor is None else Money(fee_minor, "KES"),
        ),
        actor=SYSTEM,
    )


def breaks() -> list[tuple[str, str, int]]:
    return [(b.kind, b.state, b.amount_minor) for b in Break.objects.order_by("reference")]


def agrees() -> bool:
    """Our mirror of the account is what the newest statement says, and no law is broken."""
    newest = Statement.objects.order_by("-last_at", "-imported_at").first()
    assert newest is not None
    assert settlements_violations() == []
    return balance("1100") == newest.closing_minor


def refused(
    error: type[DomainError], lines: list[Line], opening: str = "0.00", **more: str
) -> None:
    before = image()
    with pytest.raises(error):
        import_csv(lines, opening, **more)
    assert image() == before


def test_what_we_knew_is_matched_with_its_fee() -> None:
    expect("A1", 500, fee_minor=275)
    import_csv([Line("A1", "500.00"), Line("F1", "-2.75", "Pay Bill Charge", "A1")])
    assert (MatchGroup.objects.count(), breaks(), balance("5000")) == (1, [], 275)
    assert agrees()
    told = OutboxMessage.objects.get(name="settlements.statement_imported").payload
    assert (told["matched"], told["breaks"], told["lines"]) == (1, 0, 2)


def test_what_nobody_knows_stands_in_suspense() -> None:
    import_csv([Line("W1", "70.00"), Line("W2", "-20.00", "Business Payment")])
    assert breaks() == [("missing_internal", "open", 7000), ("missing_internal", "open", -2000)]
    assert balance("2800") == 5000
    assert agrees()


def test_what_we_hear_of_later_is_taken_out_of_suspense() -> None:
    import_csv([Line("A1", "500.00"), Line("F1", "-3.75", "Pay Bill Charge", "A1")])
    expect("A1", 500, fee_minor=275)
    assert breaks()[0] == ("missing_internal", "resolved", 50_000)
    assert breaks()[1:] == [("fee_unexpected", "open", 100)]
    assert (MatchGroup.objects.count(), balance("2800")) == (1, 0)
    assert agrees()


def test_hearing_twice_changes_nothing() -> None:
    import_csv([Line("A1", "500.00")])
    expect("A1", 500)
    before = image()
    expect("A1", 500, is_booked=False)
    assert image() == before


def test_a_fee_beside_the_tariff_is_booked_and_shown() -> None:
    expect("A1", 500, fee_minor=275)
    import_csv([Line("A1", "500.00"), Line("F1", "-3.75", "Pay Bill Charge", "A1")])
    assert (breaks(), balance("5000")) == ([("fee_unexpected", "open", 100)], 375)
    assert agrees()


@pytest.mark.parametrize("is_late", [False, True])
def test_another_amount_leaves_the_difference(is_late: bool) -> None:
    if not is_late:
        expect("A1", 500)
    import_csv([Line("A1", "499.00")])
    if is_late:
        expect("A1", 500)
    assert (breaks(), balance("2800")) == ([("amount", "open", -100)], -100)
    assert agrees()


@pytest.mark.parametrize("is_late", [False, True])
def test_the_same_movement_twice_is_matched_once(is_late: bool) -> None:
    lines = [Line("A1", "500.00"), Line("A1", "500.00", at=LATER)]
    if not is_late:
        expect("A1", 500)
    import_csv(lines)
    if is_late:
        expect("A1", 500)
    assert MatchGroup.objects.count() == 1
    assert ("duplicate", "open", 50_000) in breaks()
    assert balance("2800") == 50_000
    assert agrees()


def test_a_file_is_imported_once_and_an_overlap_adds_what_is_new() -> None:
    first = [Line("A1", "500.00"), Line("A2", "10.00"), Line("A2", "10.00")]
    one = import_csv(first)
    before = image()
    assert import_csv(first) == one
    assert image() == before
    two = import_csv([*first[1:], Line("A3", "1.00", at=LATER)], "500.00")
    statement = Statement.objects.get(id=two)
    assert (statement.known_lines, statement.new_lines) == (2, 1)
    assert StatementLine.objects.count() == 4
    assert agrees()


def test_statements_may_come_in_any_order_if_nothing_is_missing() -> None:
    import_csv([Line("A2", "10.00", at=LATER)], "500.00")
    import_csv([Line("A1", "500.00")])
    import_csv([Line("A3", "1.00", at=LATER + timedelta(hours=1))], "510.00")
    assert agrees()


def test_a_missing_period_is_refused() -> None:
    import_csv([Line("A1", "500.00")])
    refused(errors.StatementGap, [Line("A3", "1.00", at=LATER)], "510.00")
    refused(errors.StatementGap, [Line("A0", "1.00", at=NOON - timedelta(days=1))], "7.00")


def test_a_file_that_proves_nothing_leaves_nothing() -> None:
    refused(errors.UnprovedStatement, [Line("A1", "500.00")], closing="499.00")
    refused(errors.UnreadableStatement, [Line("A1", "nothing")])


def test_unknown_profiles_and_oversized_files_are_refused() -> None:
    content = portal_csv([Line("A1", "500.00")])
    with pytest.raises(errors.NotFound):
        services.import_statement(
            provider_account=COLLECTIONS, profile="x", name="x", content=content, actor=SYSTEM
        )
    with pytest.raises(errors.UnreadableStatement):
        services.import_statement(
            provider_account=COLLECTIONS,
            profile="mpesa-csv",
            name="x",
            content=content.replace(b"Currency:,KES", b"Currency:,USD"),
            actor=SYSTEM,
        )
