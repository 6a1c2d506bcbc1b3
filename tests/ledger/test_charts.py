"""Whole charts: templates, a dry run row by row, and files that come back equal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.domain import AccountClass, AccountStatus, credit, debit
from apps.ledger.domain.charts import (
    AccountDraft,
    CategoryDraft,
    Chart,
    DimensionDraft,
    UnitDraft,
    chart_as_csv,
    chart_as_json,
    read_chart,
)
from apps.ledger.errors import ChartNotApplicable, ChartTemplateNotFound, ChartUnreadable
from apps.ledger.selectors.charts import (
    chart,
    chart_template,
    chart_templates,
    chart_verdicts,
)
from apps.ledger.services import apply_chart, change_account_status, open_account, post_entry
from apps.platform.actors import SYSTEM, Actor
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, image, kes

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1).map(
    lambda text: f"{text}x"
)
MINOR = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
ROWS = st.builds(
    AccountDraft,
    code=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,20}", fullmatch=True),
    name=TEXT,
    account_class=st.sampled_from([str(one) for one in AccountClass]),
    currency=st.sampled_from(["", "KES", "PTS"]),
    parent=st.sampled_from(["", "1", "2100"]),
    is_header=st.booleans(),
    floor_minor=MINOR,
    ceiling_minor=MINOR,
    status=st.sampled_from([str(one) for one in AccountStatus]),
    dimensions=st.dictionaries(TEXT, TEXT, max_size=2),
)


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_a_file_says_what_was_written(rows: list[AccountDraft]) -> None:
    written = Chart(accounts=tuple(rows))
    assert read_chart(chart_as_csv(written)) == written
    assert read_chart(chart_as_json(written)) == written
    for line in chart_as_csv(written).splitlines()[1:]:
        assert not line.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "code,name\n1,x",
        "{",
        '{"format": "other"}',
        '{"accounts": [{"code": "1", "colour": 2}]}',
    ],
)
def test_what_is_no_chart_is_refused(text: str) -> None:
    with pytest.raises(ChartUnreadable):
        read_chart(text)


def test_every_template_is_sound_and_applied_once(mara: Tenant, amina: Actor) -> None:
    assert [one.code for one in chart_templates()] == [
        "food_delivery",
        "lending",
        "saas_receivables",
        "wallet",
    ]
    for one in chart_templates():
        wanted = prefixed(one.chart, one.code[0])
        assert {row.decision for row in chart_verdicts(wanted)} == {"open"}
        counts = apply_chart(chart=wanted, reason="To begin with", actor=amina)
        assert counts == {"open": len(wanted.accounts), "change": 0, "same": 0}
        before = image()
        again = apply_chart(chart=wanted, reason="Once more", actor=amina)
        assert again == {"open": 0, "change": 0, "same": len(wanted.accounts)}
        assert image() == before
    with pytest.raises(ChartTemplateNotFound):
        chart_template("mining")


def prefixed(one: Chart, prefix: str) -> Chart:
    """The same chart with other codes, so that several stand beside each other."""
    return replace(
        one,
        accounts=tuple(
            replace(row, code=f"{prefix}{row.code}", parent=row.parent and f"{prefix}{row.parent}")
            for row in one.accounts
        ),
        categories=tuple(
            replace(row, accounts=tuple(f"{prefix}{code}" for code in row.accounts))
            for row in one.categories
        ),
    )


def test_a_whole_chart_is_taken_to_another_tenants_books_and_back(
    books: Tenant, amina: Actor
) -> None:
    wanted = Chart(
        units=(UnitDraft(code="PTS", name="Points", exponent=3),),
        dimensions=(DimensionDraft(code="branch", name="Branch", allowed=("a", "b")),),
        accounts=(
            AccountDraft(
                code="70.a", name="=A", account_class="asset", parent="70", currency="PTS"
            ),
            AccountDraft(code="70", name="Top", account_class="asset", is_header=True),
            AccountDraft(
                code="71",
                name="Frozen",
                account_class="liability",
                floor_minor=-5,
                ceiling_minor=9,
                status="frozen_debit",
                dimensions={"branch": "a"},
            ),
        ),
        categories=(CategoryDraft(code="all", name="All", accounts=("70", "71")),),
    )
    apply_chart(chart=wanted, reason="New", actor=amina)
    exported = chart()
    assert read_chart(chart_as_json(exported)) == exported
    assert {row.decision for row in chart_verdicts(read_chart(chart_as_csv(exported)))} == {"same"}
    kept = {row.code: row for row in exported.accounts}
    assert kept["71"] == replace(wanted.accounts[2], currency="KES")
    assert (exported.units, exported.dimensions, exported.categories) == (
        wanted.units,
        wanted.dimensions,
        wanted.categories,
    )


def test_each_row_is_judged_and_one_refusal_stops_all(books: Tenant, amina: Actor) -> None:
    open_account(
        code="9501",
        name="x",
        account_class="liability",
        currency="KES",
        is_header=True,
        actor=SYSTEM,
    )
    made = draft(debit("9100", kes(500)), credit("9500.one", kes(500)))
    post_entry(draft=made, idempotency_key="k", actor=amina)
    rows = {row.code: row for row in chart().accounts}
    owed, sale = rows["9500.one"], rows["9900"]
    cases = [
        (replace(owed, name="Renamed", parent="9501", floor_minor=-1), "change", ""),
        (replace(rows["9100"], dimensions={}), "same", ""),
        (replace(sale, code="9901", parent=""), "open", ""),
        (replace(sale, currency="USD"), "refuse", "currency is fixed"),
        (replace(owed, code="9500.two", floor_minor=1), "refuse", "less than the floor"),
        (replace(rows["9600"], ceiling_minor=-1), "refuse", "more than the ceiling"),
        (replace(rows["9700"], parent="9500"), "refuse", "9500 is no header"),
        (replace(sale, code="9902", currency="QQQ"), "refuse", "no such currency"),
        (replace(sale, code="9903", account_class="cash"), "refuse", "no such class"),
        (replace(sale, code="9904", dimensions={"branch": "a"}), "refuse", "no answer to branch"),
        (replace(sale, code="9905", floor_minor=2, ceiling_minor=1), "refuse", "above its ceiling"),
    ]
    wanted = Chart(accounts=tuple(row for row, _, _ in cases))
    before = image()
    told = chart_verdicts(wanted)
    expected = [decision for _, decision, _ in cases]
    assert [one.decision for one in told] == expected
    circle = (replace(rows["9500"], parent="9501"), replace(rows["9501"], parent="9500"))
    assert {one.reason for one in chart_verdicts(Chart(accounts=circle))} == {
        "It would stand below itself."
    }
    for verdict, (_, _, words) in zip(told, cases, strict=True):
        assert words in verdict.reason
    with pytest.raises(ChartNotApplicable) as caught:
        apply_chart(chart=wanted, reason="All", actor=amina)
    assert (caught.value.refused, caught.value.first_row) == (expected.count("refuse"), 4)
    assert image() == before
    good = Chart(accounts=tuple(row for row, decision, _ in cases[:3]))
    assert apply_chart(chart=good, reason="Some", actor=amina) == {
        "open": 1,
        "change": 1,
        "same": 1,
    }
    moved = {row.code: row for row in chart().accounts}["9500.one"]
    assert (moved.name, moved.parent, moved.floor_minor) == ("Renamed", "9501", -1)
    change_account_status(code="9901", status=AccountStatus.CLOSED, reason="Unused", actor=amina)
    assert json.loads(chart_as_json(chart()))["version"] == 1
