"""Reports tie out, whatever the books: to each other, to the postings, from level to level."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from defusedxml import ElementTree
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.ledger.domain import EntryDraft, PostingDraft, Side, credit, debit
from apps.ledger.errors import PeriodBackwards, ReportTooLong
from apps.ledger.selectors import explain, reports
from apps.ledger.selectors.reports import REPORTS, Question, report
from apps.ledger.services import declare_dimension, describe_account, open_account, post_entry
from apps.ledger.services import reports as written
from apps.ledger.services.posting import Instruction, write
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.documents import Document, Line, as_file
from apps.platform.jobs import job_status, run_due_jobs
from apps.platform.jobs.progress import JobProgress
from apps.platform.money import Money
from apps.platform.storage import TenantStorage
from apps.platform.tenant import current_tenant
from apps.tenancy.models import Tenant
from tests.identity.people import make_person, signed_in
from tests.ledger.conftest import draft, kes
from tests.ledger.fx_world import say

START = date(2026, 1, 1)
DAYS = st.integers(0, 90).map(lambda days: START + timedelta(days=days))
CLASSES = ("asset", "liability", "equity", "income", "expense")
SIGN = {"asset": 1, "expense": 1, "liability": -1, "equity": -1, "income": -1}
LEAVES = [
    (f"8{number}{deep}.{currency}", account_class, currency)
    for number, account_class in enumerate(CLASSES)
    for deep in ("", "1")
    for currency in ("KES", "JPY")
]
ENTRIES = st.lists(
    st.tuples(
        DAYS,
        st.sampled_from(["test.sale", "close"]),
        st.sampled_from(["KES", "JPY"]),
        st.integers(1, 10**12),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture
def tree(mara: Tenant) -> Tenant:
    """Two levels of headers for each class, and a leaf below each in two currencies."""
    for number, account_class in enumerate(CLASSES):
        about = {"account_class": account_class, "actor": SYSTEM}
        top, deep = f"8{number}", f"8{number}1"
        open_account(code=top, name="Top", currency="KES", is_header=True, **about)  # type: ignore[arg-type]
        open_account(
            code=deep,
            name="Deep",
            currency="KES",
            is_header=True,
            parent=top,
            **about,  # type: ignore[arg-type]
        )
        for currency in ("KES", "JPY"):
            for parent in (top, deep):
                open_account(
                    code=f"{parent}.{currency}",
                    name="=Leaf",
                    currency=currency,
                    parent=parent,
                    **about,  # type: ignore[arg-type]
                )
    return mara


def post(entries: list[Any], run: str) -> list[tuple[date, str, str, str, int]]:
    """Post them; answer what each account should have been told: day, kind, account, side, sum."""
    told, drafts = [], {}
    for number, (day, kind, currency, minor, one, other) in enumerate(entries):
        codes = [code for code, _, of in LEAVES if of == currency]
        legs = [(codes[one], Side.DEBIT), (codes[other], Side.CREDIT)]
        told += [(day, kind, code, side.letter, minor) for code, side in legs]
        drafts[f"{run}-{number}"] = EntryDraft(
            description="@Random",
            kind=kind,
            value_date=day,
            postings=[PostingDraft(code, side, Money(minor, currency)) for code, side in legs],
        )
    with transaction.atomic():
        write(
            [
                Instruction(draft=draft, idempotency_key=key, fingerprint=draft.fingerprint())
                for key, draft in drafts.items()
            ],
            SYSTEM,
        )
    return told


def lines_of(document: Document) -> dict[str, list[Line]]:
    return {section.title: list(section.lines) for section in document.sections}


def net(told: list[Any], account: str, *, until: date = date.max, since: date = date.min) -> int:
    return sum(
        minor if side == "D" else -minor
        for day, _, code, side, minor in told
        if code == account and since <= day <= until
    )


def minor(cell: Any) -> int:
    return cell.minor if isinstance(cell, Money) else 0


def assert_levels_add_up(lines: list[Line], first: int) -> None:
    """Each header shows the sum of the lines one level below it."""
    for at, line in enumerate(lines):
        if line.weight != "header" or not line.about[0]:
            continue
        below = []
        for other in lines[at + 1 :]:
            if other.depth <= line.depth:
                break
            if other.depth == line.depth + 1:
                below.append(other)
        for column in range(first, len(line.cells)):
            assert minor(line.cells[column]) == sum(minor(one.cells[column]) for one in below)


_run = Counter[str]()


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(entries=ENTRIES, starts=DAYS, ends=DAYS)
def test_every_report_ties_out_over_random_books(
    tree: Tenant, entries: list[Any], starts: date, ends: date
) -> None:
    starts, ends = min(starts, ends), max(starts, ends)
    _run["run"] += 1
    everything = _told.setdefault(id(tree), [])
    everything += post(entries, f"run{_run['run']}")
    question = Question(starts=starts, ends=ends)
    _assert_trial_balance(everything, question)
    _assert_balance_sheet(everything, ends)
    _assert_income_statement(everything, question)
    _assert_ledgers(everything, question)


_told: dict[int, list[tuple[date, str, str, str, int]]] = {}


def _assert_trial_balance(told: list[Any], question: Question) -> None:
    document = report("trial-balance", question)
    assert document.checks[0][0]
    assert question.starts is not None
    assert question.ends is not None
    for currency, lines in lines_of(document).items():
        shown = {line.about[1]: line for line in lines if line.weight == "line"}
        for code, _, of in LEAVES:
            if of != currency:
                continue
            cells = [minor(cell) for cell in shown[code].cells[2:]] if code in shown else [0] * 6
            before = question.starts - timedelta(days=1)
            assert cells[0] - cells[1] == net(told, code, until=before)
            assert cells[2] - cells[3] == net(
                told, code, since=question.starts, until=question.ends
            )
            assert cells[4] - cells[5] == net(told, code, until=question.ends)
        for line in lines:
            opening = minor(line.cells[2]) - minor(line.cells[3])
            moved = minor(line.cells[4]) - minor(line.cells[5])
            assert opening + moved == minor(line.cells[6]) - minor(line.cells[7])
        assert lines[-1].cells[4] == lines[-1].cells[5]
        assert lines[-1].cells[6] == lines[-1].cells[7]


def _assert_balance_sheet(told: list[Any], day: date) -> None:
    document = report("balance-sheet", Question(ends=day))
    assert document.checks[0][0]
    for currency, lines in lines_of(document).items():
        sums = {str(line.cells[0]): minor(line.cells[2]) for line in lines if not line.cells[1]}
        expected: dict[str, int] = defaultdict(int)
        for code, account_class, of in LEAVES:
            if of == currency:
                expected[account_class] += SIGN[account_class] * net(told, code, until=day)
        assert sums["Assets"] == expected["asset"]
        assert sums["Liabilities"] == expected["liability"]
        assert sums["Equity"] == expected["equity"]
        assert sums["Result not yet closed"] == expected["income"] - expected["expense"]
        assert sums["Assets"] == sums["Liabilities, equity and result"]
        assert_levels_add_up(lines, 2)


def _assert_income_statement(told: list[Any], question: Question) -> None:
    for without in (False, True):
        document = report(
            "income-statement",
            Question(
                starts=question.starts,
                ends=question.ends,
                compare_ends=question.ends,
                without_closings=without,
            ),
        )
        kept = [one for one in told if not (without and one[1] == "close")]
        for currency, lines in lines_of(document).items():
            for column, since in ((2, question.starts), (3, date.min)):
                result = sum(
                    -net(kept, code, since=since or date.min, until=question.ends or date.max)
                    for code, account_class, of in LEAVES
                    if of == currency and account_class in ("income", "expense")
                )
                assert minor(lines[-1].cells[column]) == result
            assert_levels_add_up(lines, 2)


def _assert_ledgers(told: list[Any], question: Question) -> None:
    ledger = lines_of(report("general-ledger", question))
    for code, account_class, _ in LEAVES:
        closing = SIGN[account_class] * net(told, code, until=question.ends or date.max)
        lines = ledger.get(f"{code} =Leaf")
        if lines is None:
            assert closing == 0
            continue
        opening = minor(lines[0].cells[6])
        moved = sum(minor(one.cells[4]) - minor(one.cells[5]) for one in lines[1:-1])
        assert opening + SIGN[account_class] * moved == minor(lines[-1].cells[6]) == closing
    code = LEAVES[0][0]
    statement = report(
        "account-statement", Question(account=code, starts=question.starts, ends=question.ends)
    )
    assert statement.checks[0][0]
    lines = lines_of(statement)[f"{code} =Leaf"]
    assert minor(lines[-1].cells[5]) == net(told, code, until=question.ends or date.max)


def test_a_general_ledger_is_narrowed_by_account_and_dimension(tree: Tenant, amina: Actor) -> None:
    declare_dimension(code="branch", name="Branch", actor=amina)
    describe_account(code="831.KES", dimensions={"branch": "kisumu"}, actor=amina)
    told = post([(START, "test.sale", "KES", 500, 0, 7), (START, "test.sale", "KES", 7, 1, 6)], "d")
    assert len(told) == 4
    below = lines_of(report("general-ledger", Question(account="83")))
    assert [title.split()[0] for title in below] == ["83.KES", "831.KES"]
    asked = Question(dimension="branch", answer="kisumu")
    assert [title.split()[0] for title in lines_of(report("general-ledger", asked))] == ["831.KES"]
    with pytest.raises(PeriodBackwards):
        report("trial-balance", Question(starts=START, ends=START - timedelta(days=1)))


def test_files_say_what_the_screen_says_and_run_nothing(tree: Tenant, amina: Actor) -> None:
    post([(START, "test.sale", "KES", 10**15 + 1, 0, 7), (START, "test.sale", "JPY", 7, 1, 6)], "f")
    for name in REPORTS:
        question = Question(account="80.KES", ends=START)
        rows = list(csv.reader(io.StringIO(as_file(report(name, question), "csv").decode()[1:])))
        assert all(len(row) == len(rows[0]) for row in rows)
        cells = [cell for row in rows for cell in row]
        assert not [cell for cell in cells if cell[:1] in ("=", "@", "+")]
        assert as_file(report(name, question), "pdf").startswith(b"%PDF")
        assert as_file(report(name, question), "pdf") == as_file(report(name, question), "pdf")
        book = zipfile.ZipFile(io.BytesIO(as_file(report(name, question), "xlsx")))
        for sheet in (one for one in book.namelist() if "sheets/sheet" in one):
            tags = {
                node.tag.split("}")[1] for node in ElementTree.fromstring(book.read(sheet)).iter()
            }
            assert "f" not in tags
            assert "hyperlink" not in tags
    text = as_file(report("trial-balance", Question()), "csv").decode()
    assert "10000000000000.01" in text


def test_currencies_are_combined_only_when_every_rate_is_known(tree: Tenant) -> None:
    sales = [(START, "test.sale", "KES", 1_000, 0, 7), (START, "test.sale", "JPY", 10, 0, 7)]
    post([(day, kind, of, minor, 0, 6) for day, kind, of, minor, _, _ in sales], "t")
    assert [*lines_of(report("balance-sheet", Question()))] == ["JPY", "KES"]
    say("JPY/KES", "0.8755")
    combined = lines_of(report("balance-sheet", Question()))["All in KES"]
    sums = {str(line.cells[0]): minor(line.cells[2]) for line in combined if not line.cells[1]}
    assert sums["Assets"] == 1_000 + 876  # ten yen are KES 8.755, half to even
    assert sums["Result not yet closed"] == sums["Assets"]
    assert sums["Difference of translation"] == 0
    earned = lines_of(report("income-statement", Question()))["All in KES"]
    assert minor(earned[-1].cells[2]) == 1_876
    long_ago = Question(ends=START)
    assert "All in KES" not in lines_of(report("balance-sheet", long_ago))


def sell_thrice_today(actor: Actor) -> None:
    today = clock.today(current_tenant().zone)
    for number in range(3):
        made = draft(debit("9100", kes(100)), credit("9900", kes(100)), value_date=today)
        post_entry(draft=made, idempotency_key=str(number), actor=actor)


def test_a_long_statement_is_written_by_a_worker_that_shows_its_progress(
    books: Tenant, amina: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell_thrice_today(amina)
    monkeypatch.setattr(reports, "LINES_AT_ONCE_MAX", 2)
    monkeypatch.setattr(written, "LINES_PER_STEP", 2)
    seen: list[int] = []
    advance = JobProgress.advance

    def watched(progress: JobProgress, done: int, note: str = "") -> None:
        seen.append(done)
        advance(progress, done, note)

    monkeypatch.setattr(JobProgress, "advance", watched)
    question = Question(account="9100")
    with pytest.raises(ReportTooLong):
        report("account-statement", question)
    job = written.start_report(
        report="account-statement", question=question, file_kind="csv", actor=amina
    )
    assert run_due_jobs() == 1
    done = job_status(job)
    assert (done.state, done.total, done.done, seen) == ("done", 3, 3, [2, 3, 3])
    with TenantStorage().open(done.result_file) as kept:
        lines = kept.read().decode().splitlines()
    assert len(lines) == 6  # a heading, two balances, three postings


def test_a_busy_account_is_explained_from_its_days(
    books: Tenant, amina: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell_thrice_today(amina)
    client = signed_in(make_person("viola", "viewer"))
    for most, shows in ((3, "by kind of entry"), (2, "of many postings each")):
        connection.set_tenant(books)  # type: ignore[attr-defined]
        monkeypatch.setattr(explain, "GLANCE_MAX", most)
        text = client.get("/console/ledger/accounts/9100").content.decode()
        assert shows in text
        assert "KES\u00a03.00" in text
