"""The seal and the posting breaker in the console, by people who have signed in."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test import Client

from apps.identity.models import User
from apps.ledger.domain import credit, debit
from apps.ledger.selectors import posting_stop
from apps.ledger.services import post_entry, stop_posting
from apps.platform.actors import SYSTEM, Actor
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import draft, kes


@pytest.fixture
def entry(books: Tenant, amina: Actor) -> str:
    made = draft(debit("9100", kes(5)), credit("9900", kes(5)), metadata={"payer": "x1"})
    posted = post_entry(draft=made, idempotency_key="k1", actor=amina)
    return public_id("je", posted.entry_id)


def opened(books: Tenant, client: Client, page: str, **form: str) -> tuple[int, str]:
    """The page, or what it answers to a form."""
    url = f"/console/{page}"
    answer = client.post(url, form) if form else client.get(url)
    connection.set_tenant(books)  # type: ignore[attr-defined]
    return answer.status_code, answer.content.decode()


def administrator() -> tuple[User, str]:
    person = make_person("otieno", "administrator")
    return person, enrolled(person)


def test_the_pages_say_how_far_the_books_are_proved(books: Tenant, entry: str) -> None:
    client = signed_in(make_person("wanjiru", "viewer"))
    connection.set_tenant(books)  # type: ignore[attr-defined]
    for page, shows in {
        "ledger/seal": ["Waiting to be sealed", "Nothing is sealed yet", "ledger_verify.py"],
        f"ledger/entries/{entry}/proof": ["Proof of an entry", "Waiting", "this needs the role"],
        f"ledger/entries/{entry}": ["Seal and receipt"],
        "ledger/posting": ["Entries are posted", "never been stopped", "this needs the role"],
    }.items():
        status, text = opened(books, client, page)
        assert (status, [words for words in shows if words not in text]) == (200, [])
    status, script = opened(books, client, "ledger/seal", action="verifier")
    assert (status, script.startswith("#!/usr/bin/env python3")) == (200, True)
    assert opened(books, client, "ledger/posting", action="stop", text="x")[0] == 409
    assert posting_stop() is None


def test_an_administrator_stops_and_resumes_and_everybody_sees_it(
    books: Tenant, entry: str
) -> None:
    person, secret = administrator()
    client = signed_in(person, secret=secret)
    connection.set_tenant(books)  # type: ignore[attr-defined]
    assert opened(books, client, "ledger/posting", action="stop", text="")[0] == 422
    assert opened(books, client, "ledger/posting", action="stop", text="A look is due")[0] == 302
    assert posting_stop() is not None
    assert "Posting is stopped." in opened(books, client, "")[1]
    assert "A look is due" in opened(books, client, "ledger/posting")[1]
    assert opened(books, client, "ledger/posting", action="resume", text="")[0] == 422
    assert opened(books, client, "ledger/posting", action="resume", text="All is well")[0] == 302
    assert posting_stop() is None
    assert "Posting is stopped." not in opened(books, client, "")[1]


def test_resuming_asks_for_a_fresh_code(books: Tenant) -> None:
    stop_posting(reason="The audit", actor=SYSTEM)
    person, secret = administrator()
    client = signed_in(person, secret=secret)
    session = client.session
    del session["house_step_up"]
    session.save()
    connection.set_tenant(books)  # type: ignore[attr-defined]
    answer = client.post("/console/ledger/posting", {"action": "resume", "text": "All is well"})
    connection.set_tenant(books)  # type: ignore[attr-defined]
    assert answer.status_code == 302
    assert "step-up" in answer["Location"]
    assert posting_stop() is not None


def test_metadata_is_erased_from_the_entrys_page(books: Tenant, entry: str) -> None:
    person, secret = administrator()
    client = signed_in(person, secret=secret)
    connection.set_tenant(books)  # type: ignore[attr-defined]
    page = f"ledger/entries/{entry}/proof"
    assert opened(books, client, page, action="receipt")[0] == 409  # not sealed yet
    assert opened(books, client, page, action="erase", text="Art. 17")[0] == 302
    status, text = opened(books, client, page)
    assert (status, "There is no metadata to erase" in text) == (200, True)
    assert json.dumps({"payer": "x1"}) not in opened(books, client, f"ledger/entries/{entry}")[1]
