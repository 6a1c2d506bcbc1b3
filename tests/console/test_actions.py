"""Pages that change something: one use case each, refusals as sentences, no script needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from django import forms
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest, HttpResponse, QueryDict
from django.test import Client, RequestFactory

from apps.console.pages import (
    Action,
    FormPage,
    Header,
    ObjectPage,
    Page,
    QueuePage,
    QueueRow,
    ReportPage,
)
from apps.console.site import console_site
from apps.console.values import Fact, Row, Status, Table
from apps.identity.errors import SelfGrant, StepUpRequired
from apps.identity.models import User
from apps.identity.services import define_role
from apps.platform.actors import SYSTEM
from apps.platform.models import AuditRecord
from apps.platform.money import Money
from apps.tenancy.contexts import on_platform
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import tenant_by_slug
from tests.console.conftest import Door, text
from tests.identity.people import make_person


@pytest.fixture
def ask(mara: Tenant) -> Any:
    """``ask(TheirPage, {"action": …})``: the page's answer to somebody with some roles."""

    def send(
        page: type[Page], form: dict[str, str] | None = None, *roles: str, **kwargs: Any
    ) -> str:
        factory = RequestFactory(HTTP_HOST="mara.localhost")
        request = (
            factory.post("/console/x", form) if form is not None else factory.get("/console/x")
        )
        name = "asker-" + "-".join(roles)
        found = User.objects.filter(username=name).first()
        request.user = found or make_person(name, *roles)
        request.session = {}  # type: ignore[assignment]  # only messages look at it
        request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
        request.tenant = mara  # type: ignore[attr-defined]
        send.request = request  # type: ignore[attr-defined]
        response = page.as_view(site=console_site)(request, **kwargs)
        assert isinstance(response, HttpResponse)
        if hasattr(response, "render"):
            response.render()
        send.response = response  # type: ignore[attr-defined]
        return text(response)

    return send


class Batch(ObjectPage):
    """A page like those of the domain apps."""

    permission = "settlements.view"
    done_with: ClassVar[list[str]] = []

    def find(self, key: str) -> str:
        return key

    def header(self, thing: str) -> Header:
        return Header(
            kind="Batch", reference=thing, status=Status("submitted"), amount=Money(105000, "KES")
        )

    def facts(self, thing: str) -> Sequence[Fact]:
        return [Fact("Payments", 18)]

    def actions(self, thing: str) -> Sequence[Action]:
        return [
            Action(name="approve", label="Approve KES 1,050.00", permission="settlements.approve"),
            Action(name="reject", label="Reject", asks="Reason"),
            Action(name="release", label="Release", why_not="It is not approved yet."),
            Action(name="pay", label="Pay"),
            Action(name="step", label="Step"),
        ]

    def do_approve(self, thing: str, form: QueryDict) -> str:
        self.done_with.append(thing)
        return "Approved."

    def do_reject(self, thing: str, form: QueryDict) -> str:
        self.done_with.append(str(form["text"]))
        return "Rejected."

    def do_release(self, thing: str, form: QueryDict) -> str:
        self.done_with.append("released")
        return ""

    def do_pay(self, thing: str, form: QueryDict) -> str:
        raise SelfGrant

    def do_step(self, thing: str, form: QueryDict) -> str:
        raise StepUpRequired


@pytest.fixture(autouse=True)
def _fresh() -> None:
    Batch.done_with.clear()


def test_an_object_page_says_what_it_is(ask: Any) -> None:
    page = ask(Batch, None, "operator", key="BAT-2026-0001")
    for words in ("BAT-2026-0001", "Submitted", "KES\u00a01,050.00", "Payments", "18"):
        assert words in page


def test_an_action_one_may_not_take_has_no_button_but_a_reason(ask: Any) -> None:
    page = ask(Batch, None, "operator", key="B")
    assert "this needs the role Approver" in page
    assert 'value="approve"' not in page
    assert "It is not approved yet." in page
    assert 'value="release"' not in page


def test_a_forged_button_does_nothing(ask: Any) -> None:
    for name in ("approve", "release", "no_such_thing", "__init__"):
        page = ask(Batch, {"action": name}, "operator", key="B")
        assert ask.response.status_code == 409
        assert "This can no longer be done" in page
    assert Batch.done_with == []


def test_an_action_is_carried_out_by_a_plain_form(ask: Any) -> None:
    ask(Batch, {"action": "approve"}, "approver", key="B")
    assert ask.response.status_code == 302
    assert ask.response["Location"] == "/console/x"
    assert Batch.done_with == ["B"]
    assert [str(one) for one in ask.request._messages] == ["Approved."]


def test_a_reason_that_is_asked_for_is_needed(ask: Any) -> None:
    page = ask(Batch, {"action": "reject", "text": "  "}, "operator", key="B")
    assert ask.response.status_code == 422
    assert "Reason: say why." in page
    assert Batch.done_with == []
    ask(Batch, {"action": "reject", "text": "wrong payee"}, "operator", key="B")
    assert Batch.done_with == ["wrong payee"]


def test_a_refusal_is_a_sentence_with_what_to_do(ask: Any) -> None:
    page = ask(Batch, {"action": "pay", "text": "typed words"}, "operator", key="B")
    assert ask.response.status_code == 403
    assert "Nobody changes their own roles or switches themselves off." in page
    assert "Ask another administrator." in page
    assert "typed words" in page
    assert "identity/self-grant" not in page


def test_a_use_case_that_wants_a_fresh_code_sends_the_person_to_give_one(ask: Any) -> None:
    ask(Batch, {"action": "step"}, "operator", key="B")
    assert ask.response["Location"] == "/console/account/step-up?next=%2Fconsole%2Fx"


class Queue(QueuePage):
    """Two pieces of work in one currency, one in another."""

    title = "My approvals"
    columns = ("Batch", "Total")
    work: ClassVar[list[tuple[str, Money]]] = []
    done_with: ClassVar[list[str]] = []

    def rows(self) -> Sequence[QueueRow]:
        return [
            QueueRow(
                key=key,
                cells=[key, total],
                url=f"/console/{key}",
                total=total,
                actions=[Action(name="approve", label="Approve", key="a")],
            )
            for key, total in self.work
        ]

    def do_approve(self, key: str, form: QueryDict) -> str:
        self.done_with.append(key)
        return f"{key} approved."


def test_a_queue_totals_each_currency_by_itself(ask: Any) -> None:
    Queue.work = [("B1", Money(100, "KES")), ("B2", Money(250, "KES")), ("B3", Money(7, "USD"))]
    page = ask(Queue)
    assert "KES\u00a03.50" in page
    assert "USD\u00a00.07" in page


def test_a_queue_acts_on_one_row_and_only_on_one_that_still_waits(ask: Any) -> None:
    Queue.work = [("B1", Money(100, "KES"))]
    ask(Queue, {"action": "approve", "key": "B1"})
    assert ask.response.status_code == 302
    page = ask(Queue, {"action": "approve", "key": "B2"})
    assert ask.response.status_code == 409
    assert "already dealt with" in page
    assert Queue.done_with == ["B1"]


def test_an_empty_queue_says_so(ask: Any) -> None:
    Queue.work = []
    assert "Nothing waits for you" in ask(Queue)


class Size(forms.Form):
    """One number."""

    size = forms.IntegerField(min_value=1)


class Ordering(FormPage):
    """Refuses sizes above ten."""

    title = "Order"
    form_class = Size
    submit = "Order now"

    def perform(self, data: dict[str, Any]) -> str:
        if data["size"] > 10:
            raise SelfGrant
        return f"{data['size']} ordered."


def test_a_form_keeps_what_was_typed_when_it_is_refused(ask: Any) -> None:
    assert "Order now" in ask(Ordering)
    page = ask(Ordering, {"size": "0"})
    assert ask.response.status_code == 422
    assert "greater than or equal to 1" in page
    page = ask(Ordering, {"size": "11"})
    assert ask.response.status_code == 403
    assert 'value="11"' in page
    ask(Ordering, {"size": "3"})
    assert [str(one) for one in ask.request._messages] == ["3 ordered."]


class Balance(ReportPage):
    """One table."""

    title = "Trial balance"

    def tables(self, parameters: dict[str, Any]) -> Sequence[Table]:
        return [Table("KES", ["Account", "Debit"], [Row(["1100", Money(5, "KES")])])]


def test_a_report_is_a_page_and_a_file(ask: Any) -> None:
    assert "1100" in ask(Balance)
    request: HttpRequest = ask.request
    request.GET = QueryDict("export=csv")
    file = text(Balance.as_view(site=console_site)(request))
    assert "1100,0.05,KES" in file


# --- the pages of people, on which everything above stands for real
def test_a_role_is_given_and_taken_through_the_use_cases(door: Door) -> None:
    client = door("administrator")
    user = make_person("juma")
    page = f"/console/users/{user.pk}"
    answer = client.post(page, {"action": "grant_role", "role": "viewer"}, follow=True)
    assert "has the role now" in text(answer)
    assert [role.code for role in user.roles.all()] == ["viewer"]
    client.post(page, {"action": "revoke_role", "role": "viewer"})
    assert not user.roles.exists()
    made = AuditRecord.objects.filter(use_case__in=["identity.grant_role", "identity.revoke_role"])
    assert made.filter(actor_name="administrator").count() == 2


def test_nobody_changes_their_own_account(door: Door) -> None:
    client = door("administrator")
    own = User.objects.get(username="administrator")
    page = f"/console/users/{own.pk}"
    assert "Another administrator has to change it" in text(client.get(page))
    answer = client.post(page, {"action": "grant_role", "role": "treasurer"})
    assert answer.status_code == 409
    assert [role.code for role in own.roles.all()] == ["administrator"]


def test_an_account_is_made_by_a_form_and_a_weak_password_is_refused(door: Door) -> None:
    client = door("administrator")
    form = {"full_name": "Neema K", "username": "neema", "password": "hunter2", "roles": "viewer"}
    answer = client.post("/console/users/new", form)
    assert answer.status_code == 422
    assert "too easy to guess" in text(answer)
    assert "hunter2" not in text(answer)
    assert not User.objects.filter(username="neema").exists()
    answer = client.post("/console/users/new", form | {"password": "four unrelated warm words"})
    made = User.objects.get(username="neema")
    assert answer["Location"] == f"/console/users/{made.pk}"


def test_an_organisation_is_suspended_with_a_reason_and_served_again(
    platform_admin: Client,
) -> None:
    page = "/platform/tenants/baobab"
    answer = platform_admin.post(page, {"action": "suspend", "text": ""})
    assert answer.status_code == 422
    platform_admin.post(page, {"action": "suspend", "text": "unpaid bills"})
    tenant = tenant_by_slug("baobab")
    assert tenant is not None
    assert (tenant.state, tenant.suspended_reason) == ("suspended", "unpaid bills")
    assert "unpaid bills" in text(platform_admin.get(page))
    platform_admin.post(page, {"action": "resume"})
    tenant = tenant_by_slug("baobab")
    assert tenant is not None
    assert tenant.state == "ready"


def test_organisations_are_not_managed_by_whoever_manages_people(db: None, door: Door) -> None:
    with on_platform():
        for code, permission in (("people", "identity.manage"), ("houses", "tenancy.manage")):
            define_role(code=code, name=code, permissions=[permission], actor=SYSTEM)
    people, houses = door("people", site="platform"), door("houses", site="platform")
    for page in ("", "new", "baobab"):
        address = f"/platform/tenants/{page}" if page else "/platform/tenancy/tenant/"
        assert (people.get(address).status_code, houses.get(address).status_code) == (403, 200)
    assert people.post("/platform/tenants/baobab", {"action": "resume"}).status_code == 403
    assert houses.get("/platform/identity/user/").status_code == 403
    assert "Organisations served" not in text(people.get("/platform/"))


def test_a_tenants_console_does_not_open_on_the_platforms_host(platform_admin: Client) -> None:
    assert platform_admin.get("/console/").status_code == 404


def test_signing_out_ends_the_session_and_says_so(everything: Client) -> None:
    assert everything.get("/console/logout/").status_code == 302
    assert everything.get("/console/").status_code == 200
    assert "You are signed out" in text(everything.post("/console/logout/"))
    assert everything.get("/console/").status_code == 302


def test_the_theme_is_kept_without_a_script_and_never_leads_away(everything: Client) -> None:
    answer = everything.post("/console/theme", {"theme": "dark", "next": "https://evil.example/"})
    assert answer["Location"] == "/console/"
    assert answer.cookies["ch_theme"].value == "dark"
    assert 'class="dark"' in text(everything.get("/console/"))
    everything.post("/console/theme", {"theme": "<script>"})
    assert 'data-theme="auto"' in text(everything.get("/console/"))


def test_what_is_not_there_says_what_to_do(everything: Client) -> None:
    answer = everything.get("/console/users/00000000-0000-0000-0000-000000000001")
    assert answer.status_code == 404
    assert "Find the thing by its reference" in text(answer)
