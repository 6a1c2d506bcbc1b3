"""Posting templates in the console, by people who have signed in."""

from __future__ import annotations

import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from apps.ledger.domain.templates import read_document
from apps.ledger.models import JournalEntry
from apps.ledger.selectors import account_balance
from apps.ledger.selectors.templates import template_version
from apps.ledger.services import post_from_template
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from apps.tenancy.models import Tenant
from tests.identity.people import enrolled, make_person, signed_in
from tests.ledger.conftest import kes
from tests.ledger.template_world import SALE, changed
from tests.ledger.test_templates import order, people, sale

__all__ = ["people", "sale"]

PAGES = "/console/ledger"
TYPED = {
    "amount": "10.01",
    "commission": "2.5",
    "seller": "9500.one",
    "order": "A-7",
    "day": "2026-03-02",
    "key": "k",
}


class Person:
    """Somebody at a browser."""

    def __init__(self, name: str, role: str, books: Tenant) -> None:
        person = make_person(name, role)
        self.client: Client = signed_in(person, secret=enrolled(person))
        self.books = books
        connection.set_tenant(books)  # type: ignore[attr-defined]

    def get(self, page: str) -> str:
        answer = self.client.get(f"{PAGES}/{page}")
        connection.set_tenant(self.books)  # type: ignore[attr-defined]
        return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)

    def post(self, page: str, **form: object) -> tuple[int, str]:
        answer = self.client.post(f"{PAGES}/{page}", form)
        connection.set_tenant(self.books)  # type: ignore[attr-defined]
        return answer.status_code, answer.content.decode()


def missing(text: str, *words: str) -> list[str]:
    return [word for word in words if word not in text]


def test_one_person_writes_and_another_lets_it_in(books: Tenant) -> None:
    maker = Person("wanjiru", "treasurer", books)
    assert "Ten shillings at 2.5 %" in maker.get("template/new")
    assert maker.post("template/new", document="{")[0] == 422
    status, text = maker.post(
        "template/new", document=json.dumps(changed(lambda d: d["legs"].pop()))
    )
    assert (status, "let one leg take the rest" in text) == (422, True)
    file = SimpleUploadedFile("sale.json", json.dumps(SALE).encode())
    assert maker.post("template/new", file=file)[0] == 302
    page = "templates/sale@1"
    assert missing(maker.get(page), "This version is a draft", "Not tried", "commission % of") == []
    assert "You wrote this version" in maker.get(page)
    assert maker.post(page, action="activate")[0] == 409
    assert "passed" in maker.get(f"{page}?check=now").lower()
    assert "Nothing has been posted" in maker.get(f"{page}?tab=related")
    assert maker.get("templates/nothing") == "404"

    second = Person("otieno", "approver", books)
    assert second.post(page, action="activate")[0] == 302
    assert template_version("sale").state == "active"
    shown = second.get(page)
    assert missing(shown, "otieno", "Passed", "The rest in KES", "9500.one", "KES 9.75") == []
    assert second.get("template/new") == "403"
    assert second.post(page, action="retire", text="Why not")[0] == 409
    assert missing(second.get("postingtemplate/"), "sale", "Version 1") == []
    exported = json.loads(second.get(f"{page}?export=json"))
    assert read_document(exported) == read_document(SALE)


def test_the_form_is_made_of_the_parameters(books: Tenant, sale: object) -> None:
    person = Person("wanjiru", "treasurer", books)
    page = "templates/sale/post"
    form = person.get(page)
    assert missing(form, "Paid (KES)", "Commission (%)", 'type="date"', "See what it posts") == []
    status, text = person.post(page, **TYPED | {"amount": "10.001"})
    assert (status, "whole number of minor units" in text) == (422, True)
    status, text = person.post(page, **TYPED)
    assert (status, missing(text, "9.75", "0.25", "Balance after", "Post it")) == (200, [])
    assert not JournalEntry.objects.exists()
    seen = text.partition('name="seen" value="')[2].partition('"')[0]
    other = TYPED | {"amount": "10.02"}
    assert person.post(page, **other, seen=seen)[0] == 200  # looked at again first
    assert not JournalEntry.objects.exists()
    assert [person.post(page, **TYPED, seen=seen)[0] for _ in range(2)] == [302, 302]
    assert account_balance("9500.one").balance == kes(975)
    entry = public_id("je", JournalEntry.objects.get().id)
    assert 'href="/console/ledger/templates/sale@1"' in person.get(f"entries/{entry}")
    assert entry in person.get("templates/sale?tab=related")
    assert person.post("templates/sale@1", action="retire", text="Gone")[0] == 302
    assert person.post(page, **TYPED | {"key": "j"}, seen=seen)[0] == 409


def test_who_only_reads_posts_nothing(books: Tenant, sale: object) -> None:
    post_from_template(order=order(), idempotency_key="k", actor=SYSTEM)
    reader = Person("akinyi", "viewer", books)
    assert reader.get("templates/sale/post") == "403"
    assert "Try the examples" not in reader.get("templates/sale")
