"""Currencies in the console, by people who have signed in."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from apps.ledger.models import FxRate, FxRateProposal, FxRevaluation
from apps.ledger.selectors import account_balance_as_of
from apps.ledger.selectors.fx import ConversionRow, exposures
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import image, kes, usd
from tests.ledger.ecb_files import XML
from tests.ledger.fx_world import change, deposit, later, open_trading_chart, say


@pytest.fixture
def traded(books: Tenant) -> ConversionRow:
    """A hundred dollars, converted an hour ago; the rate has risen since."""
    open_trading_chart()
    say("USD/KES", "129", clock.now() - timedelta(days=3), days=9)
    deposit(usd(20_000), clock.now() - timedelta(days=2))
    row = change(usd(10_000), "KES", bps=50)
    say("USD/KES", "130", days=3)
    return row


def browser(name: str, role: str, books: Tenant) -> Client:
    person = make_person(name, role)
    client = signed_in(person, secret=enrolled(person) if role != "viewer" else "")
    connection.set_tenant(books)  # type: ignore[attr-defined]
    return client


def posted(client: Client, books: Tenant, page: str, **form: object) -> int:
    response = client.post(f"/console/ledger/{page}", form)
    connection.set_tenant(books)  # type: ignore[attr-defined]
    return response.status_code


def test_each_page_shows_its_part(books: Tenant, traded: ConversionRow) -> None:
    client = browser("wanjiru", "viewer", books)
    pages = {
        "fxrate/": ["USD/KES", "129", "130", "desk", "valid"],
        "fxrate/?source=provider&q=USD": ["USD/KES"],
        "fxconversion/": ["100.00", "12,835.50", "0.50"],
        f"fx/conversions/{public_id('fxc', traded.id)}": [
            "12,835.50", "fx.position.USD", "fx.spread.USD", "0.5 %", "as it is", "9800.usd",
        ],
        "fx/exposure": ["USD", "99.50", "12,835.50", "12,935.00", "99.50"],
        "fxrevaluation/": ["No revaluation has been run"],
    }  # fmt: skip
    for page, shows in pages.items():
        response = client.get(f"/console/ledger/{page}")
        assert response.status_code == 200, page
        text = response.content.decode()
        assert [words for words in shows if words not in text] == [], page
    assert client.get("/console/ledger/fx/rates/add").status_code == 403
    assert client.get("/console/ledger/fx/proposals/").status_code == 403
    assert client.get("/console/ledger/fx/conversions/fxc_nothing").status_code == 404


def test_a_position_without_a_rate_is_not_given_a_worth(
    books: Tenant, traded: ConversionRow
) -> None:
    with later(days=20):
        (row,) = exposures()
    assert (row.worth, row.unrealised) == (None, None)
    assert row.why_not


def test_a_rate_is_added_by_one_person_and_approved_by_another(
    books: Tenant, traded: ConversionRow
) -> None:
    treasurer = browser("otieno", "treasurer", books)
    form = {"base": "usd", "quote": "KES", "rate": "130.50", "days": 2}
    assert posted(treasurer, books, "fx/rates/add", **form) == 302
    assert FxRate.objects.get(source="manual").recorded_by == "person:otieno"
    assert posted(treasurer, books, "fx/rates/add", **form | {"rate": "150"}) == 302
    proposal = FxRateProposal.objects.get()
    assert posted(treasurer, books, "fx/rates/add", **form | {"rate": "0"}) == 422
    file = SimpleUploadedFile("eurofxref-daily.xml", XML)
    assert posted(treasurer, books, "fx/rates/import", file=file) == 302
    assert FxRate.objects.filter(source="ecb").count() == 29
    broken = SimpleUploadedFile("eurofxref-daily.xml", b"<x/>")
    assert posted(treasurer, books, "fx/rates/import", file=broken) == 422

    key = public_id("fxp", proposal.id)
    assert posted(treasurer, books, "fx/proposals/", action="approve", key=key) == 403
    approver = browser("brian", "approver", books)
    assert "150" in approver.get("/console/ledger/fx/proposals/").content.decode()
    connection.set_tenant(books)  # type: ignore[attr-defined]
    assert posted(approver, books, "fx/proposals/", action="reject", key=key, text="") == 422
    assert posted(approver, books, "fx/proposals/", action="approve", key=key) == 302
    proposal.refresh_from_db()
    assert proposal.state == "approved"
    assert proposal.recorded_id is not None
    assert FxRate.objects.get(id=proposal.recorded_id).rate == 150


def test_a_revaluation_is_run_by_one_person_and_approved_by_another(
    books: Tenant, traded: ConversionRow
) -> None:
    treasurer = browser("otieno", "treasurer", books)
    today: date = clock.today(current_tenant().zone)
    form: dict[str, object] = {
        "as_of": today.isoformat(), "classes": ["asset", "liability"], "excluded": "",
    }  # fmt: skip
    early = form | {"as_of": (today - timedelta(days=400)).isoformat()}
    assert posted(treasurer, books, "fx/run-revaluation", **early) == 302  # nothing was there
    assert posted(treasurer, books, "fx/run-revaluation", **form) == 302
    run = FxRevaluation.objects.get(as_of=today)
    page = f"fx/revaluations/{public_id('rev', run.id)}"
    text = treasurer.get(f"/console/ledger/{page}").content.decode()
    connection.set_tenant(books)  # type: ignore[attr-defined]
    for words in ("A dry run", "9310", "9800.usd", "You ran this", "KES\u00a0100.00"):
        assert words in text, words
    before = image()
    assert posted(treasurer, books, page, action="approve", digest=run.digest) == 409
    assert posted(treasurer, books, page, action="post") == 409
    assert image() == before

    approver = browser("brian", "approver", books)
    assert posted(approver, books, page, action="approve", digest="other") == 409
    assert posted(approver, books, page, action="approve", digest=run.digest) == 302
    assert posted(approver, books, page, action="post") == 409
    assert posted(treasurer, books, page, action="post") == 302
    run.refresh_from_db()
    assert run.state == "posted"
    assert run.reversal_id is not None
    assert account_balance_as_of("fx.unrealised", today).balance == kes(run.result_minor)
    assert account_balance_as_of("fx.unrealised", run.reversal_date).balance == kes(0)
    text = treasurer.get(f"/console/ledger/{page}").content.decode()
    connection.set_tenant(books)  # type: ignore[attr-defined]
    assert public_id("je", run.reversal_id) in text
