"""Converting money: what is quoted is what is booked, once, and nothing is made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random

import pytest
from django.db import Error, connection, transaction

from apps.ledger.domain import Side, credit, debit
from apps.ledger.domain.fx import FixedSide
from apps.ledger.errors import AccountNotFound, InsufficientFunds, ReservedAccount
from apps.ledger.errors.fx import (
    ConversionNotReversible,
    OppositeAccounts,
    QuoteExpired,
    QuoteKeyReused,
    QuoteNotFound,
    QuoteUsed,
    RateMissing,
    RateStale,
)
from apps.ledger.models import FxPosition
from apps.ledger.selectors import account_balance, books_violations, journal_entry, trial_balance
from apps.ledger.selectors.fx import QuoteRow, exposures, mid_rate
from apps.ledger.services import post_entry, reverse_entry
from apps.ledger.services.fx import convert, quote_conversion
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import new_id
from apps.platform.models import OutboxMessage
from apps.platform.money import Money
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes, usd
from tests.ledger.fx_world import (
    BANKS,
    WALLETS,
    change,
    deposit,
    execute,
    later,
    open_trading_chart,
    say,
)
from tests.ledger.test_races import all_at_once, deadlocks

PRICED = usd(10_001)


@pytest.fixture
def desk(books: Tenant) -> Tenant:
    """Rates of today, and a customer with money."""
    open_trading_chart()
    say("USD/KES", "129.05")
    say("EUR/USD", "1.1527")
    deposit(usd(100_000))
    deposit(kes(10_000_000))
    return books


def asked(fixed: Money = PRICED, **facts: object) -> QuoteRow:
    about: dict[str, object] = {
        "side": FixedSide.SELL,
        "other": "KES",
        "spread_bps": 50,
        "idempotency_key": str(new_id()),
    }
    return quote_conversion(fixed=fixed, actor=SYSTEM, **(about | facts))  # type: ignore[arg-type]


def used(quote: QuoteRow, key: str = "c1", **facts: str) -> object:
    about = {"sell_account": WALLETS["USD"], "buy_account": WALLETS["KES"]}
    return convert(quote_id=quote.id, idempotency_key=key, actor=SYSTEM, **(about | facts))  # type: ignore[arg-type]


def test_a_customer_converts_at_the_quoted_amounts(desk: Tenant) -> None:
    row = change(usd(10_001), "KES", bps=50)
    # 0.50 of spread; 99.51 at 129.05 are 12,841.7655: 12,841.76 for the client.
    assert (row.terms.sell, row.terms.spread) == (usd(10_001), usd(50))
    assert (row.terms.buy, row.terms.buy_rounding) == (kes(1_284_176), kes(1))
    entry = journal_entry(row.entry_id)
    assert [(leg.account, leg.side, leg.amount) for leg in entry.postings] == [
        ("9800.usd", Side.DEBIT, usd(10_001)),
        ("fx.position.USD", Side.CREDIT, usd(9_951)),
        ("fx.spread.USD", Side.CREDIT, usd(50)),
        ("fx.position.KES", Side.DEBIT, kes(1_284_177)),
        ("9800.kes", Side.CREDIT, kes(1_284_176)),
        ("fx.rounding.KES", Side.CREDIT, kes(1)),
    ]
    assert entry.kind == "fx"
    (held,) = exposures()
    assert (held.quantity, held.carried) == (usd(9_951), kes(1_284_177))
    assert held.unrealised == kes(0)  # 12,841.7655, half to even
    message = OutboxMessage.objects.get(name="ledger.currency_converted")
    assert message.payload["sell"] == {"amount_minor": 10_001, "currency": "USD"}
    assert books_violations() == []


def test_the_house_converts_its_own_money_and_realises_the_difference(desk: Tenant) -> None:
    change(usd(10_000), "KES")  # bought from a customer at 129.05
    say("USD/KES", "130", clock.now() + timedelta(seconds=1))
    with later(seconds=2):
        row = change(usd(4_000), "KES", accounts=BANKS)  # sold to the market at 130
    assert row.realised == kes(3_800)  # 40 dollars, 0.95 each
    assert account_balance("fx.realised").balance == kes(3_800)
    assert account_balance("9310").balance == usd(96_000)
    (held,) = exposures()
    assert (held.quantity, held.carried) == (usd(6_000), kes(774_300))
    # What all positions cost is the debit balance of the functional currency's position.
    assert account_balance("fx.position.KES").balance == -held.carried
    assert books_violations() == []


def test_a_cross_between_two_foreign_currencies_moves_cost_between_positions(desk: Tenant) -> None:
    change(usd(20_000), "KES")
    row = change(usd(10_000), "EUR", bps=10)
    assert row.terms.spread == usd(10)
    euros = Money(round(9_990 / 1.1527), "EUR")
    assert row.terms.buy_position == euros
    held = {one.quantity.currency: one for one in exposures()}
    assert held["EUR"].quantity == -euros
    assert held["EUR"].carried == -row.value
    assert held["USD"].quantity == usd(29_990)
    total = sum(one.carried.minor for one in held.values())
    assert account_balance("fx.position.KES").balance == kes(-total)
    assert trial_balance().is_balanced
    assert books_violations() == []


def test_a_fixed_buy_names_what_arrives(desk: Tenant) -> None:
    row = change(kes(1_000_000), "USD", bps=25, side=FixedSide.BUY)
    assert row.terms.buy == kes(1_000_000)
    assert account_balance(WALLETS["USD"]).balance == usd(100_000) - row.terms.sell
    assert row.terms.sell == usd(7_749 + 19)  # 77.489 up, and a quarter of a percent of the whole


def test_a_quote_is_used_once_and_answers_again(desk: Tenant) -> None:
    quote = asked(idempotency_key="q1")
    assert asked(idempotency_key="q1").id == quote.id
    with pytest.raises(QuoteKeyReused):
        asked(usd(1), idempotency_key="q1")
    first = used(quote)
    before = image()
    assert used(quote) == first
    with pytest.raises(QuoteUsed):
        used(quote, "c2")
    assert image() == before


def test_what_cannot_be_converted_is_refused_and_nothing_moves(desk: Tenant) -> None:
    quote, large = asked(), asked(usd(100_001))
    before = image()
    for facts, refusal in [
        ({"sell_account": "nowhere"}, AccountNotFound),
        ({"buy_account": BANKS["KES"]}, OppositeAccounts),
    ]:
        with pytest.raises(refusal):
            used(quote, **facts)
    with pytest.raises(InsufficientFunds):
        used(large)
    with pytest.raises(QuoteNotFound):
        convert(
            quote_id=new_id(), sell_account="9310", buy_account="9300", idempotency_key="x",
            actor=SYSTEM,
        )  # fmt: skip
    assert image() == before
    assert FxPosition.objects.count() == 0
    used(quote)


def test_a_quote_expires_by_the_databases_clock(desk: Tenant) -> None:
    quote = asked(lifetime=timedelta(microseconds=1))
    before = image()
    # Turning our own clock back does not help.
    with later(hours=-1), pytest.raises(QuoteExpired):
        used(quote)
    assert image() == before


def test_a_rate_that_is_missing_or_stale_is_never_assumed(desk: Tenant) -> None:
    with pytest.raises(RateMissing):
        asked(other="SEK")
    with later(days=2):
        with pytest.raises(RateStale) as caught:
            asked()
        assert (caught.value.base, caught.value.quote) == ("USD", "KES")
    assert mid_rate("EUR", "KES").rate == mid_rate("EUR", "USD").rate * mid_rate("USD", "KES").rate


def test_a_conversion_is_undone_by_converting_back(desk: Tenant) -> None:
    row = change(usd(10_000), "KES")
    before = image()
    with pytest.raises(ConversionNotReversible):
        reverse_entry(entry_id=row.entry_id, reason="Wrong", idempotency_key="r", actor=SYSTEM)
    assert image() == before
    back = change(usd(10_000), "KES", side=FixedSide.BUY)
    assert back.terms.sell == kes(1_290_500)
    assert account_balance(WALLETS["KES"]).balance == kes(10_000_000)
    (held,) = exposures()
    assert (held.quantity, held.carried, held.realised) == (usd(0), kes(0), kes(0))
    assert books_violations() == []


def test_many_conversions_keep_the_books_and_the_positions_together(desk: Tenant) -> None:
    """Random trades of customers and of the house, at rates that move."""
    random = Random(20_260_302)
    deposit(Money(500_000, "EUR"))
    moment = clock.now()
    with clock.reading(lambda: moment):
        for _ in range(25):
            moment += timedelta(minutes=1)
            say("USD/KES", f"{random.randint(12_500, 13_300) / 100}")
            say("EUR/USD", f"{random.randint(11_000, 12_000) / 10_000}")
            sold, bought = random.sample(["KES", "USD", "EUR"], 2)
            change(
                Money(random.randint(100, 9_999), sold),
                bought,
                accounts=random.choice([BANKS, WALLETS]),
                bps=random.choice([0, 10, 75]),
                side=random.choice(list(FixedSide)),
            )
    assert books_violations() == []
    total = sum(one.carried.minor for one in exposures())
    assert account_balance("fx.position.KES").balance == kes(-total)


#: What is done behind the program's back, and the SQLSTATE that refuses it.
GUARDED = [
    ("UPDATE ledger_fx_rate SET rate = rate + 1", "LG002"),
    ("DELETE FROM ledger_fx_rate", "LG002"),
    ("UPDATE ledger_fx_quote SET expires_at = expires_at + interval '1 day'", "LG002"),
    ("UPDATE ledger_fx_conversion SET mid = mid + 1", "LG002"),
    ("DELETE FROM ledger_fx_position", "LG002"),
    ("UPDATE ledger_fx_position SET carried_minor = -carried_minor", "23514"),
    ("UPDATE ledger_fx_position SET quantity_minor = 0", "23514"),
    ("INSERT INTO ledger_fx_conversion SELECT * FROM forged", "23505"),
    (("UPDATE forged SET id = gen_random_uuid(), quote_id = {quote}, entry_id = {entry};"
      " INSERT INTO ledger_fx_conversion SELECT * FROM forged"), "LG111"),
    (("UPDATE forged SET id = gen_random_uuid(), quote_id = {quote}, entry_id = {entry},"
      " accepted_at = accepted_at + interval '1 year';"
      " INSERT INTO ledger_fx_conversion SELECT * FROM forged"), "LG110"),
]  # fmt: skip


@pytest.mark.parametrize(("done", "state"), GUARDED, ids=[done[:60] for done, _ in GUARDED])
def test_the_database_holds_it_too(desk: Tenant, done: str, state: str) -> None:
    change(usd(10_000), "KES")
    other = asked()
    execute("CREATE TEMP TABLE forged ON COMMIT DROP AS SELECT * FROM ledger_fx_conversion")
    entry = "(SELECT min(id::text)::uuid FROM ledger_journal_entry)"
    with pytest.raises(Error) as caught, transaction.atomic():
        execute(done.format(quote=f"'{other.id}'", entry=entry))
    assert caught.value.__cause__.sqlstate == state  # type: ignore[union-attr]


#: What is altered with the triggers off, and the laws that must notice.
FAULTS = [
    ("UPDATE ledger_fx_conversion SET spread_minor = spread_minor + 1, sell_minor = sell_minor + 1",
     {"fx_conversions_are_their_entries", "fx_conversions_are_their_quotes"}),
    ("UPDATE ledger_fx_conversion SET direction = -direction",
     {"fx_conversions_are_their_entries", "fx_positions_are_their_conversions"}),
    ("UPDATE ledger_fx_conversion SET accepted_at = accepted_at + interval '1 day'",
     {"fx_conversions_are_their_quotes"}),
    ("UPDATE ledger_fx_position SET carried_minor = carried_minor + 1",
     {"fx_positions_are_their_conversions", "fx_positions_are_their_accounts"}),
    ("UPDATE ledger_fx_position SET quantity_minor = quantity_minor + 1",
     {"fx_positions_are_their_conversions", "fx_positions_are_their_accounts"}),
    ("DELETE FROM ledger_fx_conversion",
     {"fx_positions_are_their_conversions", "fx_entries_have_their_row"}),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "laws"), FAULTS, ids=[fault[:60] for fault, _ in FAULTS])
def test_the_audit_finds_what_was_altered(desk: Tenant, fault: str, laws: set[str]) -> None:
    change(usd(10_000), "KES", bps=10)
    connection.check_constraints()
    assert books_violations() == []
    execute("SET LOCAL session_replication_role = replica")  # no trigger fires
    assert execute(fault) > 0
    execute("SET LOCAL session_replication_role = origin")
    assert {one.check for one in books_violations()} == {f"ledger.{law}" for law in laws}


def test_nobody_else_posts_to_a_position(desk: Tenant, amina: Actor) -> None:
    assert change(usd(10_000), "KES", actor=amina).converted_by == "person:amina"
    before = image()
    by_hand = draft(debit("fx.position.USD", usd(1)), credit("9700", usd(1)))
    with pytest.raises(ReservedAccount):
        post_entry(draft=by_hand, idempotency_key="x", actor=amina)
    assert image() == before


def test_many_convert_at_once(races: Tenant, django_db_blocker: pytest.FixtureRequest) -> None:
    """One quote, eight takers: one conversion. Sixteen quotes at once: no deadlock, no drift."""
    with django_db_blocker.unblock(), inside(races):  # type: ignore[attr-defined]
        open_trading_chart()
        say("USD/KES", "129.05")
        say("EUR/USD", "1.1527")
        deposit(usd(1_000_000))
        deposit(Money(1_000_000, "EUR"))
        quote = asked()
        takers: list[Callable[[], object]] = [partial(used, quote, str(new_id())) for _ in range(8)]
        answers = all_at_once(races, takers)
        assert Counter(type(answer).__name__ for answer in answers) == {
            "ConversionRow": 1,
            "QuoteUsed": 7,
        }
        before = deadlocks()
        pairs = [(usd(5_000), "EUR"), (Money(5_000, "EUR"), "USD"), (usd(5_000), "KES")]
        work: list[Callable[[], object]] = [
            partial(change, *pairs[number % 3], bps=20) for number in range(16)
        ]
        done = all_at_once(races, work)
        assert {type(answer).__name__ for answer in done} == {"ConversionRow"}
        assert deadlocks() == before
        assert books_violations() == []
