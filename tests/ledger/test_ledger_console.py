"""The books in the console, by a person who has signed in."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from apps.ledger.domain import credit, debit
from apps.ledger.domain.sources import SourceLink, register_source
from apps.ledger.errors import InsufficientFunds
from apps.ledger.models import Refusal
from apps.ledger.selectors import account_balance, journal_entry
from apps.ledger.services import post_entry
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import draft, image, kes


@pytest.fixture
def posted(books: Tenant, amina: Actor) -> UUID:
    made = draft(debit("9100", kes(105_000)), credit("9500.one", kes(105_000)))
    return post_entry(draft=made, idempotency_key="k1", actor=amina).entry_id


def reader(books: Tenant) -> Client:
    client = signed_in(make_person("wanjiru", "viewer"))
    connection.set_tenant(books)  # type: ignore[attr-defined]
    return client


@pytest.mark.parametrize(
    ("page", "shows"),
    [
        ("ledger/account/", ["9100", "9500.one", "1,050.00"]),
        ("ledger/journalentry/", ["A sale", "test.sale", "1,050.00"]),
        ("ledger/accounts/9100", ["Account 9100", "1,050.00", "A sale"]),
        ("ledger/accounts/9500", ["9500.one", "9500.two", "1,050.00"]),
        ("ledger/accounts/9500.one", ["Why it holds this", "test.sale", "/accounts/9500", "Chart"]),
        ("ledger/chart", ["treegrid", "9500.one", "1,050.00", "Categories", "Dimensions"]),
        ("ledger/chart?q=9500.o", ["9500.one", 'aria-level="2"']),
        ("ledger/chart?export=csv", ["code,name,account_class", "9500.one"]),
        ("ledger/entries/{entry}", ["A sale", "9100", "9500.one", "1,050.00"]),
        ("ledger/trial-balance", ["Debits equal credits", "9100", "1,050.00"]),
        ("ledger/trial-balance?ends=2020-01-01", ["Nothing was posted"]),
        ("ledger/balance-sheet", ["Assets equal", "9100", "1,050.00"]),
        ("ledger/income-statement?compare_ends=2026-03-02", ["Beside"]),
        (
            "ledger/general-ledger?account=9500",
            ["9500.one", "A sale", "1,050.00", "Account 9500.one"],
        ),
        ("ledger/account-statement", ["Account statement"]),
        ("ledger/account-statement?account=9100&ends=2026-03-02", ["A sale", "Opening and move"]),
    ],
)
def test_each_page_shows_the_books(
    books: Tenant, posted: UUID, page: str, shows: list[str]
) -> None:
    client = reader(books)
    response = client.get(f"/console/{page.format(entry=public_id('je', posted))}")
    assert response.status_code == 200
    text = response.content.decode()
    assert [words for words in shows if words not in text] == []


def test_what_was_refused_for_good_is_listed_with_its_rule(books: Tenant, amina: Actor) -> None:
    client = reader(books)
    spend = draft(debit("9500.one", kes(7)), credit("9100", kes(7)), description="Too much")
    with pytest.raises(InsufficientFunds):
        post_entry(draft=spend, idempotency_key="k9", actor=amina, is_refusal_kept=True)
    reference = public_id("rfs", Refusal.objects.get().id)
    for page in ("ledger/refusal/", f"ledger/refusals/{reference}", "search?q=k9"):
        text = client.get(f"/console/{page}").content.decode()
        assert "Too much" in text
        assert reference in text
    assert "would fall below its floor" in client.get("/console/ledger/refusal/").content.decode()
    assert client.get("/console/ledger/refusals/rfs_x").status_code == 404


def test_an_entry_is_reversed_from_its_page_with_a_reason(books: Tenant, posted: UUID) -> None:
    person = make_person("otieno", "treasurer")
    client = signed_in(person, secret=enrolled(person))
    page = f"/console/ledger/entries/{public_id('je', posted)}"
    assert client.post(page, {"action": "reverse", "text": ""}).status_code == 422
    assert client.post(page, {"action": "reverse", "text": "Wrong order"}).status_code == 302
    connection.set_tenant(books)  # type: ignore[attr-defined]
    reversal = journal_entry(posted).reversed_by
    assert reversal is not None
    assert journal_entry(reversal).actor == "person:otieno"
    assert account_balance("9100").balance == kes(0)
    again = client.post(page, {"action": "reverse", "text": "Wrong order"})
    assert again.status_code == 409


def test_who_only_reads_cannot_reverse(books: Tenant, posted: UUID) -> None:
    client = reader(books)
    before = image()
    page = f"/console/ledger/entries/{public_id('je', posted)}"
    assert client.post(page, {"action": "reverse", "text": "Wrong"}).status_code == 409
    connection.set_tenant(books)  # type: ignore[attr-defined]
    assert image() == before


@pytest.mark.parametrize("page", ["ledger/accounts/nowhere", "ledger/entries/je_nothing"])
def test_what_is_not_there_is_not_found(books: Tenant, page: str) -> None:
    assert reader(books).get(f"/console/{page}").status_code == 404


def test_an_entry_leads_to_what_it_comes_from(books: Tenant, amina: Actor) -> None:
    register_source("test", lambda kind, event: SourceLink(f"Order {event}", f"/console/?{kind}"))
    made = draft(debit("9100", kes(5)), credit("9900", kes(5)), source_event="A-7")
    entry = post_entry(draft=made, idempotency_key="k7", actor=amina).entry_id
    page = reader(books).get(f"/console/ledger/entries/{public_id('je', entry)}")
    assert '<a href="/console/?test.sale">Order A-7</a>' in page.content.decode()


def test_an_account_is_changed_from_its_forms_with_a_reason(books: Tenant) -> None:
    person = make_person("otieno", "treasurer")
    client = signed_in(person, secret=enrolled(person))
    page = "/console/ledger/accounts/9500.one"

    def send(path: str, **form: str) -> int:
        status = client.post(path, form).status_code
        connection.set_tenant(books)  # type: ignore[attr-defined]
        return status

    assert send(f"{page}/limits", floor="-10.005", reason="x") == 422
    assert send(f"{page}/limits", floor="5", reason="Too much") == 409
    assert send(f"{page}/limits", floor="-10.50", reason="Agreed") == 302
    assert account_balance("9500.one").floor == kes(-1_050)
    assert send(f"{page}/status", status="frozen", reason="") == 422
    assert send(f"{page}/status", status="frozen", reason="Asked for") == 302
    assert send(f"{page}/describe", name="Mama Njeri", parent="9500", dimensions="a") == 422
    assert send(f"{page}/describe", name="Mama Njeri", parent="9500", dimensions="") == 302
    shown = client.get(page).content.decode()
    connection.set_tenant(books)  # type: ignore[attr-defined]
    wanted = ["Mama Njeri", "floor KES 0.00", "floor KES -10.50", "Agreed", "open → frozen"]
    assert [words for words in wanted if words not in shown] == []
    template = {"template": "wallet", "reason": "To begin with"}
    tried = client.post("/console/ledger/chart/template", template)
    assert "What would become of each row" in tried.content.decode()
    connection.set_tenant(books)  # type: ignore[attr-defined]
    assert send("/console/ledger/chart/template", **template, apply="yes") == 302
    assert account_balance("2100").is_header


def test_who_only_reads_finds_no_form(books: Tenant) -> None:
    client = reader(books)
    for page in ("accounts/9100/limits", "accounts/9100/status", "chart/import", "chart/open"):
        assert client.get(f"/console/ledger/{page}").status_code == 403
        connection.set_tenant(books)  # type: ignore[attr-defined]
