"""Lists as files: exactly what is filtered, nothing that runs, and a trace of who took it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from apps.console.exporting import DANGEROUS, cells, header, lines, plain, table_rows
from apps.console.values import Code, Link, Note, Phone, Ref, Row, Several, Status, Table, Value
from apps.platform.models import AuditRecord
from apps.platform.money import Money
from tests.console.conftest import Door, text
from tests.identity.people import make_person

words = st.text(max_size=40)
texts: st.SearchStrategy[Value] = st.one_of(
    words,
    words.map(Ref),
    words.map(lambda one: Link(one, "/")),
    words.map(Status),
    words.map(Code),
    words.map(Phone),
    st.tuples(words, words).map(lambda two: Note(*two)),
    st.lists(words, max_size=3).map(lambda some: Several(tuple(some))),
)


def read(file: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.removeprefix("\ufeff"))))


@given(texts)
@example('=HYPERLINK("http://x","y")')
@example("  =1+1")
@example("@SUM(A1)")
@example("\t=1")
@example("\uff1d1+1")
def test_no_text_can_be_run_as_a_formula(value: Value) -> None:
    written = read("".join(lines([cells([value], [False])])))
    cell = written[0][0] if written and written[0] else ""
    assert not cell.lstrip(" ").startswith(DANGEROUS)


@given(words)
def test_harmless_text_is_written_as_it_is(value: str) -> None:
    assert plain(value) in (value, f"'{value}")


@given(st.integers(-(10**12), 10**12))
def test_amounts_stay_numbers_with_their_currency_beside_them(minor: int) -> None:
    amount = Money(minor, "KES")
    row = cells([amount, None], [True, True])
    assert Decimal(row[0]) == amount.major
    assert row[1:] == ["KES", "", ""]
    assert header(["Amount", "Fee"], [True, True]) == [
        "Amount",
        "Amount currency",
        "Fee",
        "Fee currency",
    ]


def test_a_table_of_a_report_keeps_its_columns_when_some_amounts_are_missing() -> None:
    table = Table(
        "Trial balance", ["Account", "Debit"], [Row(["1100", None]), Row(["1200", Money(5, "KES")])]
    )
    assert list(table_rows(table))[1:] == [
        ["Account", "Debit", "Debit currency"],
        ["1100", "", ""],
        ["1200", "0.05", "KES"],
    ]


def test_times_are_written_in_utc() -> None:
    assert plain(datetime(2026, 11, 22, 9, 5, tzinfo=UTC)) == "2026-11-22T09:05:00Z"


def test_the_file_holds_exactly_the_filtered_rows(everything: Client) -> None:
    for number in range(70):
        make_person(f"guest{number:02}")
    make_person("host")
    file = read(text(everything.get("/console/identity/user/?q=guest&export=csv")))
    assert file[0] == ["Name", "Username", "Roles", "State", "Created at"]
    assert [row[1] for row in file[1:]] == [f"guest{number:02}" for number in range(70)]


def test_an_export_leaves_a_trace(everything: Client) -> None:
    everything.get("/console/identity/user/?q=every&export=csv")
    record = AuditRecord.objects.get(use_case="console.export_list")
    assert record.actor_name == "everyone"
    assert record.subject == "console:identity_user_changelist"
    assert record.facts == {"query": "q=every", "rows": 1}


def test_whoever_may_not_see_the_list_gets_no_file(door: Door) -> None:
    answer = door("viewer").get("/console/identity/user/?export=csv")
    assert answer.status_code == 403
    assert not AuditRecord.objects.filter(use_case="console.export_list").exists()
