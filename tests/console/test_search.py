"""Ctrl K: bounded, for one tenant, for what one may see, and never from a cache."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.console.registry import registries
from apps.console.search import HITS_MAX, Hit, SearchEntry, found
from apps.identity.models import User
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.console.conftest import Door, text
from tests.identity.people import make_person

JSON = {"Accept": "application/json"}


def ask(client: Client, words: str) -> dict[str, list[dict[str, Any]]]:
    answer = client.get("/console/search", {"q": words}, headers=JSON)
    assert answer.status_code == 200
    return {group["kind"]: group["hits"] for group in answer.json()["results"]}


def test_at_most_eight_of_a_kind_the_exact_one_first(everything: Client) -> None:
    names = [f"waiter{number:02}" for number in range(20)]
    User.objects.bulk_create(
        User(username=name, full_name=name, person=name) for name in (*names, "waiter")
    )
    hits = ask(everything, "waiter")["Users"]
    assert len(hits) == HITS_MAX
    assert hits[0]["text"] == "waiter"


def test_the_number_of_queries_does_not_grow_with_what_is_there(everything: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ask(everything, "cook")
        return len(captured)

    User.objects.create(username="cook", full_name="c", person="cook")
    few = queries()
    User.objects.bulk_create(
        User(username=f"cook{number}", full_name="c", person=str(number)) for number in range(300)
    )
    assert queries() <= few


def test_every_query_of_a_search_is_limited(everything: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        ask(everything, "some reference")
    asked = [
        one["sql"] for one in captured if "LIKE" in one["sql"] or "some reference" in one["sql"]
    ]
    assert asked
    assert [sql for sql in asked if "LIMIT" not in sql] == []


def test_another_tenants_things_are_never_found(
    everything: Client, mara: Tenant, baobab: Tenant
) -> None:
    with inside(baobab):
        make_person("zawadi", "viewer")
    with inside(mara):
        assert ask(everything, "zawadi") == {}
        make_person("zawadi", "viewer")
        url = ask(everything, "zawadi")["Users"][0]["url"]
        assert str(User.objects.get(username="zawadi").pk) in url


def test_nothing_comes_from_a_cache(everything: Client) -> None:
    assert ask(everything, "imani") == {}
    make_person("imani")
    assert len(ask(everything, "imani")["Users"]) == 1
    answer = everything.get("/console/search", {"q": "imani"}, headers=JSON)
    assert "no-store" in answer["Cache-Control"]


def test_only_kinds_that_one_may_see_are_asked(door: Door) -> None:
    make_person("siri")
    assert ask(door("viewer"), "siri") == {}
    assert "Users" in ask(door("administrator"), "siri")


def test_a_known_prefix_asks_only_that_kind() -> None:
    asked: list[str] = []

    def finder(kind: str) -> Any:
        def find(text: str, limit: int) -> list[Hit]:
            asked.append(kind)
            return [Hit(text, kind, "/")] * (limit + 5)

        return find

    entries = [
        SearchEntry(kind="Entries", find=finder("Entries"), permission="", prefixes=("je_",)),
        SearchEntry(kind="Users", find=finder("Users"), permission=""),
    ]
    results = found(entries, object(), "JE_01k9")
    assert asked == ["Entries"]
    assert len(results[0].hits) == HITS_MAX


def test_one_letter_is_not_enough_and_a_long_text_is_cut() -> None:
    heard: list[str] = []

    def find(text: str, limit: int) -> list[Hit]:
        heard.append(text)
        return []

    entries = [SearchEntry(kind="All", find=find, permission="")]
    found(entries, object(), " a ")
    found(entries, object(), "b" * 5000)
    assert heard == ["b" * 100]


def test_without_scripts_the_same_is_a_page(everything: Client) -> None:
    make_person("neema")
    page = text(everything.get("/console/search", {"q": "nee"}))
    assert "neema" in page
    assert "Nothing starts with" in text(everything.get("/console/search", {"q": "<nobody>"}))


def test_unfolds_own_search_has_no_address(everything: Client) -> None:
    answer = everything.get("/console/search", {"s": "everyone", "extended": "1"}, headers=JSON)
    assert answer.json() == {"results": []}
    assert everything.get("/console/search/?s=everyone").status_code == 404
    assert registries["console"].searches
