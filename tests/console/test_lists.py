"""Lists: what filters them is in the address, and can be kept under a name."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.test import Client
from django.utils.html import escape

from apps.console.models import SavedView
from apps.identity.models import User
from apps.platform.models import AuditRecord, OutboxMessage
from tests.console.conftest import Door, text
from tests.console.pages import seen

USERS = "/console/identity/user/"
ACTIVITY = "/console/platform/auditrecord/"
PAGE = "console:identity_user_changelist"


def event(name: str, at: datetime) -> OutboxMessage:
    return OutboxMessage.objects.create(
        name=name, version=1, aggregate=name, sequence=1, payload={}, recorded_at=at
    )


def test_filters_show_as_chips_that_take_them_away(everything: Client) -> None:
    page = text(everything.get(f"{USERS}?q=every&is_active__exact=1"))
    chips = [link["href"] for link in seen(page).all("a") if link.get("class") == "ch-chip"]
    assert sorted(map(str, chips)) == ["?is_active__exact=1", "?q=every"]
    assert "Is active: Yes" in page


def test_a_filter_that_matches_nothing_offers_the_whole_list(everything: Client) -> None:
    page = text(everything.get(f"{USERS}?q=nobody-at-all"))
    assert "Nothing matches these filters" in page
    assert escape("“nobody-at-all”") in page


def test_a_filter_nobody_knows_is_dropped_with_a_word(everything: Client) -> None:
    answer = everything.get(f"{USERS}?no_such_field=1", follow=True)
    assert answer.redirect_chain == [(USERS, 302)]
    assert "a filter this list does not know" in text(answer)


def test_a_day_is_the_tenants_day(everything: Client) -> None:
    """Nairobi is three hours ahead: its 22nd begins at nine in the evening of the 21st in UTC."""
    event("before", datetime(2026, 11, 21, 20, 59, tzinfo=UTC))
    event("first", datetime(2026, 11, 21, 21, 0, tzinfo=UTC))
    event("last", datetime(2026, 11, 22, 20, 59, tzinfo=UTC))
    event("after", datetime(2026, 11, 22, 21, 0, tzinfo=UTC))
    page = text(
        everything.get(
            "/console/platform/outboxmessage/"
            "?recorded_at__from=2026-11-22&recorded_at__until=2026-11-22"
        )
    )
    assert "first.v1" in page
    assert "last.v1" in page
    assert "before.v1" not in page
    assert "after.v1" not in page
    assert "22 Nov 2026" in page
    broken = everything.get("/console/platform/outboxmessage/?recorded_at__from=tomorrow")
    assert broken.status_code == 302


def test_pages_of_a_list(everything: Client) -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    for number in range(60):
        event(f"e{number:02}", moment)
    first = text(everything.get("/console/platform/outboxmessage/?q=e"))
    assert "1\u201350 of 60" in first
    second = text(everything.get("/console/platform/outboxmessage/?q=e&p=2"))
    assert "51\u201360 of 60" in second


def test_counting_stops_at_ten_thousand(everything: Client) -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    AuditRecord.objects.bulk_create(
        AuditRecord(use_case="x.y", actor_kind="system", actor_name="many", recorded_at=moment)
        for _ in range(10_050)
    )
    assert "of 10000 or more" in text(everything.get(f"{ACTIVITY}?q=many"))


def save(client: Client, name: str, query: str, shared: str = "") -> None:
    form = {"page": PAGE, "name": name, "query": query, "shared": shared}
    answer = client.post("/console/views/save", form)
    assert answer["Location"] == f"{USERS}?{query}"


def test_a_view_is_kept_shown_and_removed(everything: Client) -> None:
    save(everything, "Active people", "is_active__exact=1&p=3")
    view = SavedView.objects.get()
    assert (view.name, view.query, view.is_shared) == ("Active people", "is_active__exact=1", False)
    assert view.owner == User.objects.get(username="everyone")
    page = seen(text(everything.get(f"{USERS}?is_active__exact=1")))
    tab = next(link for link in page.all("a") if link.get("href") == "?is_active__exact=1")
    assert tab["aria-current"] == "page"
    assert everything.post(f"/console/views/{view.pk}/remove").status_code == 302
    assert not SavedView.objects.exists()


def test_saving_the_same_name_replaces_and_an_empty_name_is_refused(everything: Client) -> None:
    save(everything, "Mine", "q=a")
    save(everything, "Mine", "q=b")
    assert SavedView.objects.get().query == "q=b"
    save(everything, "   ", "q=c")
    assert SavedView.objects.count() == 1
    assert "needs a name" in text(everything.get(USERS))


def test_only_shared_views_are_seen_by_others_and_only_owners_remove_them(
    door: Door, everything: Client
) -> None:
    save(everything, "Private", "q=a")
    save(everything, "For all", "q=b", shared="1")
    other = door("administrator")
    page = text(other.get(USERS))
    assert "For all" in page
    assert "Private" not in page
    for view in SavedView.objects.all():
        assert other.post(f"/console/views/{view.pk}/remove").status_code == 404
    assert SavedView.objects.count() == 2
    assert other.post(f"/console/views/{UUID(int=1)}/remove").status_code == 404


def test_a_view_gets_another_name_from_its_owner_alone(door: Door, everything: Client) -> None:
    save(everything, "Mine", "q=a", shared="1")
    save(everything, "Other", "q=b")
    view = SavedView.objects.get(name="Mine")
    page = f"/console/views/{view.pk}/rename"
    assert "Rename this view" in text(everything.get(f"{USERS}?q=a"))
    assert "Rename this view" not in text(door("administrator").get(f"{USERS}?q=a"))
    assert door("administrator", name="next").post(page, {"name": "x"}).status_code == 404
    for name, said in (("Other", "has that name"), (" ", "needs a name"), ("x" * 61, "a name")):
        assert everything.post(page, {"name": name})["Location"] == f"{USERS}?q=a"
        assert said in text(everything.get(USERS))
    for _ in range(2):
        everything.post(page, {"name": " Ours "})
    view.refresh_from_db()
    assert (view.name, view.query, view.is_shared) == ("Ours", "q=a", True)
    assert SavedView.objects.count() == 2


def test_twenty_views_of_a_list_are_enough(everything: Client) -> None:
    for number in range(21):
        save(everything, f"View {number}", f"q={number}")
    assert SavedView.objects.count() == 20
    assert "as many views" in text(everything.get(USERS))


def test_a_view_saved_for_a_page_that_does_not_exist_leads_home(everything: Client) -> None:
    answer = everything.post("/console/views/save", {"page": "http://evil", "name": "x"})
    assert answer["Location"] == "/console/"
    assert not SavedView.objects.exists()
