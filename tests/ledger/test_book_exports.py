"""The whole book in other people's programs: they accept it and agree on every balance."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core import realization
from beancount.core.data import Open
from django.core.management import CommandError, call_command

from apps.ledger import errors
from apps.ledger.domain import AccountClass, credit, debit
from apps.ledger.domain.exports import BookAccount, camt053_document
from apps.ledger.domain.exports.book import names_of
from apps.ledger.models import Account
from apps.ledger.selectors import account_balance, seal_status, trial_balance
from apps.ledger.selectors.book import book_entries, camt_statement
from apps.ledger.services import (
    exporting,
    open_account,
    post_entry,
    reverse_entry,
    start_book_export,
)
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.jobs import job_status
from apps.platform.jobs.runner import run_due_jobs
from apps.platform.models import Job
from apps.platform.money import Money
from apps.platform.storage import TenantStorage
from apps.settlements.connectors import PROFILES
from apps.settlements.domain import Direction
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes, sealed_soon, usd


def post(day: date, *legs: Any, **facts: Any) -> Any:
    made = draft(*legs, value_date=day, **facts)
    return post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM).entry_id


@pytest.fixture
def book(sealing: Tenant) -> Tenant:
    """Several currencies and exponents, back-dating, a reversal, and names that need care."""
    for code, currency in (("yen.till", "JPY"), ("yen-till", "JPY"), ("dinar_1", "TND")):
        open_account(
            code=code, name='The "till"; of, Tōkyō\\', account_class="asset", currency=currency,
            actor=SYSTEM,
        )  # fmt: skip
        open_account(
            code=f"e:{code}", name="x", account_class="expense", currency=currency, actor=SYSTEM
        )
    late = post(date(2026, 3, 9), debit("9100", kes(123_456)), credit("9900", kes(123_456)))
    post(
        date(2026, 2, 1), debit("9200", usd(1)), credit("9700", usd(1)),
        debit("yen.till", Money(77, "JPY")), credit("e:yen.till", Money(77, "JPY")),
        debit("yen-till", Money(78, "JPY")), credit("e:yen-till", Money(78, "JPY")),
        debit("dinar_1", Money(1234, "TND")), credit("e:dinar_1", Money(1234, "TND")),
        description='(a) "quoted" \\ ; , | line\none', source_event=str(new_id()),
    )  # fmt: skip
    reverse_entry(entry_id=late, reason="wrong", idempotency_key=str(new_id()), actor=SYSTEM)
    sealed_soon()
    return sealing


def exported(export_format: str) -> str:
    file = io.BytesIO()
    exporting.write_book_to(file, export_format=export_format)
    return file.getvalue().decode()


def ours() -> dict[str, tuple[str, Decimal]]:
    """Every balance as the ledger keeps it, debits positive, in major units."""
    return {
        row.account: (row.debits.currency, (row.debits - row.credits).major)
        for row in trial_balance().rows
    }


def test_beancount_accepts_the_book_and_agrees_on_every_balance(book: Tenant) -> None:
    entries, complaints, _ = loader.load_string(exported("beancount"))
    assert complaints == []
    codes = {entry.account: entry.meta["code"] for entry in entries if isinstance(entry, Open)}
    assert len(codes) == Account.objects.filter(is_header=False).count()
    tree: Any = realization  # its functions have no types
    theirs = {
        codes[account.account]: (position.units.currency, position.units.number)
        for account in tree.iter_children(tree.realize(entries))
        for position in account.balance
    }
    held = {code: found for code, found in ours().items() if found[1]}
    assert theirs == held


@pytest.mark.parametrize("export_format", ["beancount", "hledger"])
def test_one_minor_unit_too_many_is_refused(book: Tenant, export_format: str) -> None:
    """In one leg, the entry does not balance; in two, the balances do not agree."""
    check = bean_complaints if export_format == "beancount" else hledger_complaints
    text = exported(export_format)
    assert check(text) == []
    once = text.replace(" 1234.56 KES", " 1234.57 KES", 1)
    assert once != text
    assert check(once) != []
    twice = once.replace(" -1234.56 KES", " -1234.57 KES", 1)
    assert check(twice) != []


def bean_complaints(text: str) -> list[str]:
    return [str(complaint.message) for complaint in loader.load_string(text)[1]]


def hledger_complaints(text: str) -> list[str]:
    """What hledger's manual says of the part of its language we write; hledger itself is not here.

    Accounts are declared; amounts of a transaction sum to zero in each commodity; ``=`` asserts.
    """
    declared = set(re.findall(r"^account (\S+)  ;", text, re.MULTILINE))
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    found = []
    for block in re.split(r"\n\n", text):
        sums: dict[str, Decimal] = defaultdict(Decimal)
        if not re.match(r"\n*\d{4}-\d\d-\d\d \* ", block):
            continue
        for line in block.strip().splitlines()[1:]:
            leg = re.fullmatch(r"    (\S+)  (-?[\d.]+) (\S+)(?: = (-?[\d.]+) (\S+))?", line)
            if leg is None:
                assert re.fullmatch(r"    ; [a-z]+:[^,]*", line), line
                continue
            account, amount, commodity, asserted, _ = leg.groups()
            assert account in declared
            sums[commodity] += Decimal(amount)
            held[account, commodity] += Decimal(amount)
            if asserted is not None and held[account, commodity] != Decimal(asserted):
                found.append(f"{account} holds {held[account, commodity]}, not {asserted}")
        found += [f"{block[:40]} does not balance" for total in sums.values() if total]
    return found


def test_hledger_gets_every_account_and_every_balance(book: Tenant) -> None:
    text = exported("hledger")
    assert hledger_complaints(text) == []
    assert (
        len(re.findall(r"^account ", text, re.MULTILINE))
        == Account.objects.filter(is_header=False).count()
    )
    asserted = re.findall(r"= (-?[\d.]+) \w+$", text, re.MULTILINE)
    assert sorted(map(Decimal, asserted)) == sorted(amount for _, amount in ours().values())
    assert re.findall(r"^commodity 1000\S* (?:JPY|TND)$", text, re.MULTILINE) == [
        "commodity 1000. JPY",
        "commodity 1000.000 TND",
    ]


def test_names_are_fit_and_no_two_are_the_same() -> None:
    codes = ["a.b", "a-b", "A-b", "a:b", "9.1", "9-1"]
    accounts = [
        BookAccount(code=code, name="", account_class=AccountClass.ASSET, currency="KES")
        for code in codes
    ]
    names = names_of(accounts, {AccountClass.ASSET: "Assets"})
    assert len(set(names.values())) == len(codes)
    assert all(re.fullmatch(r"Assets:[A-Z0-9][A-Za-z0-9-]*", name) for name in names.values())


def test_what_is_posted_while_a_long_export_runs_is_not_in_it(
    book: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker dies at the second part, the books go on, and another ends what the first began."""
    monkeypatch.setattr(exporting, "ENTRIES_PER_PART", 2)
    job = start_book_export(export_format="beancount", actor=SYSTEM)
    last, read = seal_status().sealed, book_entries

    def die(*, after: int, until: int) -> Any:
        assert after == 0, "the worker dies"
        return read(after=after, until=until)

    with monkeypatch.context() as dying:
        dying.setattr(exporting, "book_entries", die)
        run_due_jobs()
    assert (job_status(job).state, job_status(job).done) == ("queued", 2)
    post(date(2026, 1, 1), debit("9100", kes(9_999_999)), credit("9900", kes(9_999_999)))
    open_account(
        code=f"new.{new_id()}", name="new", account_class="asset", currency="EUR", actor=SYSTEM
    )
    sealed_soon()
    Job.objects.filter(id=job).update(due_at=clock.now())
    run_due_jobs()
    done = job_status(job)
    assert (done.state, done.done) == ("done", last)
    with TenantStorage().open(done.result_file) as file:
        text = file.read().decode()
    assert bean_complaints(text) == []
    assert "9999999" not in text.replace(".", "")
    assert f'seal: "{last}"' in text
    assert TenantStorage().listdir(f"jobs/{job}") == ([], [f"{book.slug}.beancount"])


def test_a_command_writes_the_book_once(book: Tenant, tmp_path: Path) -> None:
    target = tmp_path / "book.beancount"
    asked = {"tenant": book.slug, "format": "beancount", "output": target}
    call_command("export_book", **asked)
    assert bean_complaints(target.read_text()) == []
    with pytest.raises(CommandError, match="there already"):
        call_command("export_book", **asked)


def test_an_unsealed_book_has_nothing_to_export(books: Tenant) -> None:
    for attempt in ("beancount", "bundle"):
        with pytest.raises(errors.NothingSealed):
            start_book_export(export_format=attempt, actor=SYSTEM)
    with pytest.raises(errors.UnknownExportFormat):
        start_book_export(export_format="cobol", actor=SYSTEM)


@pytest.mark.parametrize("account", ["9100", "9500.one", "9900"])
def test_settlements_reads_our_camt053_back_to_the_same_statement(
    books: Tenant, account: str
) -> None:
    odd = "Mama & Söhne <1> \x01" + "x" * 150
    for day, minor in ((1, 500), (2, 300), (2, 7), (9, 40)):
        post(
            date(2026, 3, day), debit("9100", kes(minor)), credit("9500.one", kes(minor - 5)),
            credit("9900", kes(5)), description=odd,
        )  # fmt: skip
    post(date(2026, 3, 2), debit("9500.one", kes(100)), credit("9100", kes(100)))
    drawn = camt_statement(account=account, starts=date(2026, 3, 2), ends=date(2026, 3, 8))
    read = PROFILES["camt.053"](camt053_document(drawn))
    read.check_proved()
    assert (read.account, read.currency) == (account, "KES")
    assert (read.opening_minor, read.closing_minor) == (drawn.opening.minor, drawn.closing.minor)
    assert [
        (line.provider_reference, line.effect_minor, line.booked_at) for line in read.lines
    ] == [(line.reference, line.effect.minor, line.booked_at) for line in drawn.lines]
    assert {line.direction for line in read.lines} <= set(Direction)
    assert (
        account_balance(account).balance.minor
        == drawn.closing.minor + ({"9100": 40, "9500.one": 35, "9900": 5}[account])
    )
