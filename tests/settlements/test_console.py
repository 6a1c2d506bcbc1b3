"""The console's pages of settlements, as a browser without scripts uses them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.identity.models import User
from apps.identity.people import actor_of
from apps.identity.step_up import SESSION_STEP_UP
from apps.platform.ids import public_id
from apps.settlements.models import Batch, Beneficiary, Break, Statement
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.identity.people import code_for, enrolled, make_person, signed_in
from tests.settlements.world import COLLECTIONS, Line, balance, portal_csv, submitted

AT = "/console/settlements"


class Desk:
    """Somebody at the console of Mara Eats."""

    def __init__(self, tenant: Tenant, username: str, role: str, *, factor: bool = False) -> None:
        self.tenant = tenant
        self.user: User = make_person(username, role)
        self.secret = enrolled(self.user) if factor else ""
        self.actor = actor_of(self.user)
        self.client: Client = signed_in(self.user, secret=self.secret)

    def get(self, path: str) -> Any:
        answer = self.client.get(f"{AT}/{path}")
        return self._back(answer)

    def post(self, path: str, form: dict[str, Any] | None = None) -> Any:
        answer = self.client.post(f"{AT}/{path}", form or {})
        return self._back(answer)

    def forget_step_up(self) -> None:
        session = self.client.session
        session.pop(SESSION_STEP_UP, None)
        session.save()

    def _back(self, answer: Any) -> Any:
        inside(self.tenant).__enter__()
        return answer


@pytest.fixture
def maker(books: Tenant) -> Desk:
    return Desk(books, "asha", "operator")


@pytest.fixture
def checker(books: Tenant) -> Desk:
    return Desk(books, "brook", "approver", factor=True)


@pytest.fixture
def treasurer(books: Tenant) -> Desk:
    return Desk(books, "greta", "treasurer", factor=True)


def page_of(batch: Batch) -> str:
    return f"batches/{public_id('bat', batch.id)}/"


def approval(batch: Batch, **more: str) -> dict[str, str]:
    return {"decision": "approve", "digest": batch.digest, "comment": "", **more}


def test_from_draft_to_release_by_three_people(maker: Desk, checker: Desk, treasurer: Desk) -> None:
    answer = maker.post("batches/draft")
    batch = Batch.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{AT}/{page_of(batch)}")
    assert maker.post(f"{page_of(batch)}submit").status_code == 302
    batch.refresh_from_db()

    seen = checker.get("approvals/").content.decode()
    assert batch.reference in seen
    assert "KES\u00a01,950.00" in seen
    seen = checker.get(page_of(batch)).content.decode()
    assert "Approve KES 1,950.00" in seen
    assert batch.digest[:12] in seen
    assert batch.reference not in treasurer.get("releases/").content.decode()
    comment = "Checked against Friday's orders"
    done = checker.post(f"{page_of(batch)}decide", approval(batch, comment=comment))
    assert done.status_code == 302
    batch.refresh_from_db()
    assert batch.state == "approved"
    assert batch.approvals.get().comment == comment

    assert checker.get("releases/").status_code == 403
    seen = treasurer.get("releases/").content.decode()
    badge = '<span>To release</span><b class="ch-badge">1<'
    for part in (batch.reference, "by brook", ">Enough<", "KES\u00a01,950.00", badge):
        assert part in seen
    assert "Waiting to be released" in treasurer.client.get("/console/").content.decode()
    inside(treasurer.tenant).__enter__()
    seen = treasurer.get(page_of(batch)).content.decode()
    assert "Release KES 1,950.00" in seen
    assert "Checked against Friday&#x27;s orders" in seen
    assert treasurer.post(f"{page_of(batch)}release").status_code == 302
    assert batch.reference not in treasurer.get("releases/").content.decode()
    assert balance("2900") == 195_000


def test_the_maker_sees_why_not_and_is_refused(maker: Desk) -> None:
    batch = submitted(maker.actor)
    seen = maker.get(page_of(batch)).content.decode()
    assert "You made or changed this batch, so someone else must approve it." in seen
    assert f"{page_of(batch)}decide" not in seen
    assert maker.post(f"{page_of(batch)}decide", approval(batch)).status_code == 403


def test_a_maker_who_may_approve_is_refused_in_the_page(checker: Desk) -> None:
    batch = submitted(checker.actor)
    answer = checker.post(f"{page_of(batch)}decide", approval(batch))
    assert answer.status_code == 403
    assert "Ask a colleague with the approver role." in answer.content.decode()
    batch.refresh_from_db()
    assert (batch.state, batch.approvals.count()) == ("in_approval", 0)


def test_without_a_recent_code_the_page_asks_for_one(maker: Desk, checker: Desk) -> None:
    batch = submitted(maker.actor)
    checker.forget_step_up()
    assert 'name="code"' in checker.get(page_of(batch)).content.decode()
    assert checker.post(f"{page_of(batch)}decide", approval(batch)).status_code == 403
    assert Batch.objects.get().approvals.count() == 0
    code = code_for(checker.secret, steps_ahead=1)
    answer = checker.post(f"{page_of(batch)}decide", approval(batch, code=code))
    assert answer.status_code == 302
    assert Batch.objects.get().state == "approved"


def test_stale_and_reasonless_decisions_are_refused_in_the_page(maker: Desk, checker: Desk) -> None:
    batch = submitted(maker.actor)
    stale = checker.post(f"{page_of(batch)}decide", approval(batch, digest="0" * 64))
    assert (stale.status_code, "Reload the page" in stale.content.decode()) == (409, True)
    form = approval(batch, decision="reject")
    assert checker.post(f"{page_of(batch)}decide", form).status_code == 422
    assert checker.post(f"{page_of(batch)}decide", approval(batch, decision="x")).status_code == 404
    assert Batch.objects.get().approvals.count() == 0


def test_lines_are_taken_out_while_it_is_open(maker: Desk) -> None:
    maker.post("batches/draft")
    batch = Batch.objects.get()
    line = batch.disbursements.get(payee__reference="R2")
    assert "Take out" in maker.get(page_of(batch)).content.decode()
    assert maker.post(f"{page_of(batch)}lines/{public_id('dsb', line.id)}/drop").status_code == 302
    assert Batch.objects.get().line_count == 1
    assert maker.post(f"{page_of(batch)}lines/dsb_nonsense/drop").status_code == 404


def test_nothing_to_pay_is_said(maker: Desk) -> None:
    assert maker.post("batches/draft").status_code == 302
    answer = maker.post("batches/draft")
    assert (answer.status_code, Batch.objects.count()) == (409, 1)
    assert "Wait until something is owed" in answer.content.decode()


def test_a_statement_is_imported_and_its_exception_worked(treasurer: Desk) -> None:
    content = portal_csv(
        [Line("R1", "500.00", text="Walk-in"), Line("F1", "-5.00", "Pay Bill Charge", "R1")]
    )
    form = {
        "provider_account": COLLECTIONS,
        "profile": "mpesa-csv",
        "file": SimpleUploadedFile("today.csv", content, "text/csv"),
    }
    answer = treasurer.post("statements/import", form)
    statement = Statement.objects.get()
    path = f"statements/{public_id('stm', statement.id)}/"
    assert (answer.status_code, answer["Location"]) == (302, f"{AT}/{path}")
    found = Break.objects.get()
    for page in (path, "statements/", "breaks/", "breaks/?kind=missing_internal"):
        seen = treasurer.get(page)
        assert seen.status_code == 200, page
    assert found.reference in seen.content.decode()
    assert found.reference not in treasurer.get("breaks/?kind=duplicate").content.decode()

    page = f"breaks/{public_id('brk', found.id)}/"
    assert treasurer.post(page, {"action": "take"}).status_code == 302
    assert treasurer.post(page, {"action": "resolve", "text": ""}).status_code == 422
    assert treasurer.post(page, {"action": "resolve", "text": "Refunded"}).status_code == 302
    found.refresh_from_db()
    assert (found.state, found.owner_name, found.resolution) == ("resolved", "greta", "Refunded")


def test_a_file_that_proves_nothing_is_refused_in_the_form(treasurer: Desk) -> None:
    content = portal_csv([Line("R1", "500.00")], closing="1.00")
    form = {
        "provider_account": COLLECTIONS,
        "profile": "mpesa-csv",
        "file": SimpleUploadedFile("today.csv", content, "text/csv"),
    }
    answer = treasurer.post("statements/import", form)
    assert (answer.status_code, Statement.objects.count()) == (422, 0)
    assert "Download it again from the provider." in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    ["batches/", "approvals/", "statements/", "breaks/", "payees/", "batches/?state__exact=open"],
)
def test_every_page_opens(checker: Desk, maker: Desk, path: str) -> None:
    submitted(maker.actor)
    assert checker.get(path).status_code == 200


def test_the_dashboard_and_the_search_know_settlements(maker: Desk, checker: Desk) -> None:
    batch = submitted(maker.actor)
    seen = checker.client.get("/console/").content.decode()
    checker._back(None)
    assert "Waiting for your approval" in seen
    found = checker.client.get(
        "/console/search", {"q": batch.reference}, headers={"accept": "application/json"}
    )
    checker._back(None)
    assert batch.reference in found.content.decode()


def test_whoever_may_not_see_it_is_told_who_may(books: Tenant, maker: Desk) -> None:
    other = Desk(books, "dev", "developer")
    for path in ("batches/", "approvals/", "statements/import", "breaks/"):
        assert other.get(path).status_code == 403
    assert maker.get("approvals/").status_code == 403


def test_a_payee_s_details_are_written_by_one_and_verified_by_another(
    maker: Desk, checker: Desk
) -> None:
    form = {"reference": "R9", "name": "Nine", "kind": "driver", "currency": "KES"}
    bank = {"rail": "bank", "account_name": "Nine Ltd", "account": "0102345678"}
    seen = maker.post("payees/new", {**form, **bank})
    assert seen.status_code == 422
    assert "An account number needs its bank" in seen.content.decode()
    answer = maker.post("payees/new", {**form, **bank, "clearing_member": "01094"})
    details = Beneficiary.objects.get(payee__reference="R9")
    page = f"payees/{public_id('payee', details.payee_id)}/"
    assert answer["Location"] == f"{AT}/{page}"
    seen = maker.get(page).content.decode()
    for part in ("01094 ••••5678", "Unverified", "Nothing is paid until a second person"):
        assert part in seen
    assert "0102345678" not in seen

    assert maker.get("payee-details/").status_code == 403
    seen = checker.get("payee-details/").content.decode()
    assert "New payee" in seen
    assert "Verify 01094 ••••5678" in seen
    key = public_id("ben", details.id)
    done = checker.post("payee-details/", {"action": "verify", "key": key})
    assert done.status_code == 302
    assert "No payout details wait" in checker.get("payee-details/").content.decode()
    lift = {"action": "lift", "beneficiary": key}
    assert checker.post(page, lift).status_code == 422  # it takes a reason
    assert checker.post(page, lift | {"text": "Known for years"}).status_code == 302
    assert details.decisions.count() == 2
    assert "Known for years" in checker.get(page).content.decode()
    change = {"rail": "phone", "phone": "0799 000 111"}
    assert maker.post(f"{page}details", change).status_code == 302
    assert "to verify" in maker.get("payees/").content.decode()


def test_a_file_of_payees_shows_what_is_wrong_in_it(maker: Desk) -> None:
    file = SimpleUploadedFile("p.csv", b"reference,name,kind,currency,rail\nX,,driver,KES,phone\n")
    answer = maker.post("payees/import", {"file": file})
    seen = maker.client.get(answer["Location"]).content.decode()
    assert "is needed, at most 150 letters" in seen
