"""The acts of the day, in order. Each looks first what is already done, so a day can be resumed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from typeid import TypeID

from deploy.local.day import neighbours
from deploy.local.day.cast import COLLECTIONS, COMPANIES, PAYOUTS, Company
from deploy.local.day.doors import Api, DoorClosed, refusal
from deploy.local.day.stage import Stage

#: How long an outcome may take: the slowest is a prompt that died with its worker, which is proved
#: absent before it leaves again.
PATIENCE_SECONDS = 420
LOOK_EVERY_SECONDS = 0.5
_FINAL = ("succeeded", "failed", "expired", "cancelled")
_BATCH_OVER = ("settled", "closed_with_exceptions")


@dataclass(frozen=True, slots=True)
class Act:
    """One part of the day: its name, what a person reads, and what is done."""

    name: str
    title: str
    play: Callable[[Stage], str]


def orders(stage: Stage) -> str:
    """The food-delivery backend publishes the day's orders; one fee will be wrong."""
    for company in COMPANIES:
        neighbours.admit(company.slug)
        stage.once(f"fee/{company.slug}", partial(_odd_fee, stage, company))
        neighbours.publish_orders(company.slug, stage.day.of(company.slug))
    return f"{len(stage.day.orders)} orders published to JetStream"


def collections(stage: Stage) -> str:
    """Customers pay, or don't; every payment comes to an end that is proved."""
    expected = {(order.tenant, order.reference): order for order in stage.day.orders}
    ended: dict[tuple[str, str], str] = {}
    for _ in _looking(stage, "payments ended", len(expected), lambda: len(ended)):
        for company in COMPANIES:
            for intent in stage.api(company).all("/v1/payments/intents", limit="200"):
                key = (company.slug, intent["reference"])
                if key in expected and intent["status"] in _FINAL:
                    ended[key] = intent["status"]
        if len(ended) == len(expected):
            break
    paid = sum(status == "succeeded" for status in ended.values())
    stage.day.notes["payments"] = {f"{slug}/{ref}": s for (slug, ref), s in sorted(ended.items())}
    return f"{len(ended)} payments ended: {paid} captured, {len(ended) - paid} not"


def unasked(stage: Stage) -> str:
    """A customer pays straight to each paybill; nobody asked, so only the statement shows it."""
    for number, company in enumerate(COMPANIES):
        _pay_unasked(stage, company, 350 + number)
    return f"{len(COMPANIES)} customers paid without being asked"


def confirmations(stage: Stage) -> str:
    """The notifications app hears of every captured payment, once in effect."""
    heard = 0
    for company in COMPANIES:
        paid = {order.reference for order in stage.day.of(company.slug) if order.is_paid}
        book = stage.folder / f"notifications-{company.slug}.json"
        effects = neighbours.confirmations(company.slug, paid, book, PATIENCE_SECONDS)
        stage.day.notes[f"confirmed/{company.slug}"] = dict(effects)
        heard += len(effects)
    return f"{heard} confirmations received by the notifications app"


def disbursements(stage: Stage) -> str:
    """What is owed becomes a batch; its maker may not approve it; a colleague does."""
    for company in COMPANIES:
        path = stage.day.notes.get(f"submitted/{company.slug}")
        if not path:
            path = _draft_and_submit(stage, company)
            stage.day.notes[f"submitted/{company.slug}"] = path
            stage.save()
        batch = _batch(stage, company)
        if batch["state"] == "in_approval":
            stage.day.notes[f"maker_refused/{company.slug}"] = _maker_is_refused(stage, company)
            _approve(stage, company)
        if _batch(stage, company)["state"] == "approved":
            with stage.console(company, "grace") as treasurer:
                answer = treasurer.send(path, {}, action=f"{path}release")
            if _batch(stage, company)["state"] == "approved":
                raise refusal(answer)
    lines = sum(len(_batch(stage, company)["lines"]) for company in COMPANIES)
    return f"{len(COMPANIES)} batches with {lines} disbursements approved and released"


def payouts(stage: Stage) -> str:
    """M-Pesa pays; one payout is unknown for a while and is found by asking."""
    over: dict[str, str] = {}
    for _ in _looking(stage, "batches settled", len(COMPANIES), lambda: len(over)):
        for company in COMPANIES:
            batch = _batch(stage, company)
            if batch["state"] in _BATCH_OVER:
                over[company.slug] = batch["state"]
        if len(over) == len(COMPANIES):
            break
    stage.day.notes["batches"] = over
    unknown = {company.slug: _doubted(stage, company) for company in COMPANIES}
    stage.day.notes["was_unknown"] = unknown
    asked = sum(unknown.values())
    return f"{len(over)} batches settled; {asked} payouts were unknown until asked about"


def _doubted(stage: Stage, company: Company) -> int:
    """How many payouts of the batch the house announced as unknown before it knew."""
    ever = neighbours.doubted_payouts(company.slug)
    lines = _batch(stage, company)["lines"]
    return sum(str(TypeID.from_string(line["id"]).uuid) in ever for line in lines)


def statements(stage: Stage) -> str:
    """The provider's statements are downloaded, imported, proved and matched."""
    for company in COMPANIES:
        with stage.console(company, "grace") as treasurer:
            for label, shortcode in (
                (COLLECTIONS, company.paybill),
                (PAYOUTS, company.payout_shortcode),
            ):
                content = stage.statement(company, shortcode)
                name = f"{shortcode}-{stage.day.name}.csv"
                answer = treasurer.send(
                    "/console/settlements/statements/import",
                    {"profile": "mpesa-csv", "provider_account": label},
                    files={"file": (name, content, "text/csv")},
                )
                _expect(answer, HTTPStatus.OK)
    found = {c.slug: _breaks(stage.api(c)) for c in COMPANIES}
    stage.day.notes["breaks"] = found
    count = sum(len(rows) for rows in found.values())
    return f"{2 * len(COMPANIES)} statements imported and proved; {count} exceptions in the queue"


ACTS = (
    Act("orders", "The food-delivery backend sends its orders", orders),
    Act("collections", "Customers pay by M-Pesa", collections),
    Act("unasked", "Somebody pays without being asked", unasked),
    Act("confirmations", "The notifications app is told", confirmations),
    Act("disbursements", "Restaurants and drivers: drafted, approved, released", disbursements),
    Act("payouts", "M-Pesa pays them", payouts),
    Act("statements", "The provider's statements come in", statements),
)


def _odd_fee(stage: Stage, company: Company) -> None:
    stage.provider.tell("fee-surprise", shortcode=company.paybill, delta_minor=200)


def _pay_unasked(stage: Stage, company: Company, shillings: int) -> None:
    """Once a day, also when the day was interrupted: the provider knows if it has been paid."""
    reference = f"hello {stage.day.name}"
    paid = stage.provider.ask("transactions", shortcode=company.paybill)["transactions"]
    if all(row["account_reference"] != reference for row in paid):
        stage.provider.tell(
            "paybill",
            shortcode=company.paybill,
            phone="254719000050",
            amount=shillings,
            account_reference=reference,
        )


def _draft_and_submit(stage: Stage, company: Company) -> str:
    """The maker's part, or what is left of it when the day was interrupted."""
    _verify_payees(stage, company)
    with stage.console(company, "amina") as maker:
        path = _unfinished_batch(stage, company)
        if not path:
            page = "/console/settlements/batches/"
            answer = maker.send(page, {}, action=f"{page}draft")
            _expect(answer, HTTPStatus.OK)
            path = answer.url.path
            stage.day.notes[f"batch/{company.slug}"] = path
        if _batch(stage, company)["state"] == "open":
            _expect(maker.send(path, {}, action=f"{path}submit"), HTTPStatus.OK)
    return path


def _verify_payees(stage: Stage, company: Company) -> None:
    """A colleague finds the new payees' details good, and lets money go there the same day."""
    waiting = [
        row
        for row in stage.api(company).all("/v1/settlements/payees")
        if row["details_state"] in ("unverified", "cooling")
    ]
    if not waiting:
        return
    with stage.console(company, "brian") as approver:
        for row in waiting:
            payee = stage.api(company).get(f"/v1/settlements/payees/{row['id']}")
            path = f"/console/settlements/payees/{row['id']}/"
            form = {"beneficiary": payee["versions"][0]["id"], "text": "Met at signing"}
            for action in ("verify", "lift"):
                if action == "verify" and row["details_state"] == "cooling":
                    continue
                _expect(approver.send(path, form | {"action": action}), HTTPStatus.OK)


def _unfinished_batch(stage: Stage, company: Company) -> str:
    """The page of the batch that was drafted and not released, if there is one."""
    for batch in stage.api(company).all("/v1/settlements/batches"):
        if batch["state"] in ("open", "in_approval", "approved"):
            path = f"/console/settlements/batches/{batch['id']}/"
            stage.day.notes[f"batch/{company.slug}"] = path
            return path
    return ""


def _maker_is_refused(stage: Stage, company: Company) -> int:
    """The status the maker is answered with when she tries to approve her own batch."""
    path = stage.day.notes[f"batch/{company.slug}"]
    form = {"decision": "approve", "digest": _batch(stage, company)["digest"], "comment": ""}
    with stage.console(company, "amina") as maker:
        answer = maker.send(path, form, action=f"{path}decide")
    if answer.status_code != HTTPStatus.FORBIDDEN:
        raise refusal(answer)
    return answer.status_code


def _approve(stage: Stage, company: Company) -> None:
    path = stage.day.notes[f"batch/{company.slug}"]
    form = {"decision": "approve", "digest": _batch(stage, company)["digest"], "comment": ""}
    with stage.console(company, "brian") as approver:
        answer = approver.send(path, form, action=f"{path}decide")
    if _batch(stage, company)["state"] == "in_approval":
        raise refusal(answer)


def _batch(stage: Stage, company: Company) -> dict[str, Any]:
    """The batch as the API shows it."""
    path: str = stage.day.notes[f"batch/{company.slug}"]
    public = path.rstrip("/").rpartition("/")[2]
    return dict(stage.api(company).get(f"/v1/settlements/batches/{public}"))


def _breaks(api: Api) -> list[dict[str, Any]]:
    return [
        {"kind": row["kind"], "reference": row["reference"], "opened_at": row["opened_at"]}
        for row in api.all("/v1/settlements/breaks")
        if row["state"] != "resolved"
    ]


def _expect(answer: Any, status: HTTPStatus) -> None:
    if answer.status_code != status:
        raise refusal(answer)


def _looking(stage: Stage, what: str, goal: int, reached: Callable[[], int]) -> Iterator[None]:
    """Look again and again, with progress on the terminal. ``DoorClosed`` when patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with stage.voice.progress(what, goal) as advance:
        while time.monotonic() < deadline:
            yield
            advance(reached())
            time.sleep(LOOK_EVERY_SECONDS)
    raise DoorClosed(f"{what}: only {reached()} of {goal} after {PATIENCE_SECONDS} s")
