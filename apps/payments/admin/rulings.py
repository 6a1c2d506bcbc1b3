"""One attempt nobody can vouch for, what people say about it, and what a second person decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from apps.console.pages import Action, Approval, FormPage, Header, PublicPage, QueuePage, QueueRow
from apps.console.pages.base import Page
from apps.console.pages.objects import Banner
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Note, Ref, Row, Status, Table, Value
from apps.identity.models import User
from apps.payments.admin.receipts import TYPES
from apps.payments.admin.unknown import OPERATE, PAGE, PERMISSION, check_action, party_of
from apps.payments.domain.rulings import MEANINGS, RulingRow, RulingState, RulingVerb
from apps.payments.selectors import (
    UnprovedView,
    attempt_view,
    ruling,
    ruling_evidence,
    waiting_ruling_count,
    waiting_rulings,
)
from apps.payments.services import ask_ruling, check_attempt_now, decide_ruling
from apps.platform.ids import parse_public_id, public_id

APPROVE = "payments.approve"
UNKNOWN = "console:payments_unknown"
QUEUE = "console:payments_rulings"
RULING = "console:payments_ruling"
LABELS: Mapping[str, str] = {
    "check": "Ask the provider now",
    RulingVerb.SUCCEEDED: "It was carried out",
    RulingVerb.FAILED: "It was not carried out",
    RulingVerb.RESEND: "Send it again",
}
_STATES = {
    RulingState.ASKED: Status("asked", label="To decide", tone="warn"),
    RulingState.APPROVED: Status("approved"),
    RulingState.REJECTED: Status("rejected"),
    RulingState.LAPSED: Status("lapsed", label="Overtaken", tone="calm"),
}


class AttemptPage(PublicPage):
    """What is known of one attempt, and each verb with the reason where it is not allowed."""

    permission: ClassVar[str] = PERMISSION
    nav: ClassVar[str] = UNKNOWN
    prefix: ClassVar[str] = "att"
    list_title: ClassVar[str] = "Unknown outcomes"

    def read(self, id: UUID) -> UnprovedView:
        """One attempt."""
        return attempt_view(id)

    def id_of(self, thing: UnprovedView) -> UUID:
        """The attempt's."""
        return thing.attempt.id

    def header(self, thing: UnprovedView) -> Header:
        """Its key, state and amount."""
        return Header(
            kind=thing.attempt.operation.capitalize(),
            reference=thing.attempt.provider_key,
            status=Status(thing.attempt.state),
            amount=thing.attempt.amount,
            note=thing.attempt.provider_account,
        )

    def banner(self, thing: UnprovedView) -> Banner | None:
        """What unknown means."""
        if thing.verbs[0].why_not.startswith("It is"):
            return None
        return Banner(
            title="Nobody can say yet whether the money moved.",
            text="It is asked about by itself. Only a proof ends it; two people record one.",
            tone="warn",
            icon="help",
        )

    def facts(self, thing: UnprovedView) -> Sequence[Fact]:
        """What was sent, answered and asked."""
        one = thing.attempt
        payment: Value = thing.reference
        if one.intent_id is not None:
            url = reverse("console:payments_intent", args=[public_id("pi", one.intent_id)])
            payment = Link(thing.reference, url)
        refs = "; ".join(f"{name} {value}" for name, value in one.provider_refs.items())
        return [
            Fact("What", party_of(one)),
            Fact("Payment" if one.intent_id else "Payout", payment),
            Fact("Our key at the provider", Ref(one.provider_key)),
            Fact("The provider's references", Ref(refs) if refs else "none"),
            Fact("Provider says", Note(one.message, one.code) if one.message else one.code or None),
            Fact("Sent", one.sent_at),
            Fact("Sent so often", one.sends),
            Fact("Acknowledged", one.acknowledged_at),
            Fact("Unknown since", one.unknown_since),
            Fact("Asked about", f"{one.checks} times, unreachable {one.unreachable_checks} times"),
            Fact("Next question", one.next_check_at),
        ]

    def lines(self, thing: UnprovedView) -> Sequence[Table]:
        """The verbs, then every ruling there was."""
        verbs = [self._verb(thing, v.verb, v.meaning, v.why_not) for v in thing.verbs]
        kept = [
            Row(
                [LABELS[one.verb], Ref(one.reference or "none"), one.evidence, _who(one.asked_by),
                 one.asked_at, _STATES[one.state]],
                url=reverse(RULING, args=[public_id("rul", one.id)]),
            )
            for one in thing.rulings
        ]  # fmt: skip
        columns = ["What", "Reference", "Evidence", "By", "When", "State"]
        return [
            Table("What may be done", ["Verb", "Means", "Now"], verbs),
            Table("Rulings", columns, kept, empty="Nobody has said what became of it."),
        ]

    def actions(self, thing: UnprovedView) -> Sequence[Action]:
        """Ask the provider."""
        return [check_action(thing.verbs)]

    def do_check(self, thing: UnprovedView, form: QueryDict) -> str:
        """Have the provider asked."""
        check_attempt_now(attempt_id=thing.attempt.id, actor=self.actor)
        return "The provider is being asked."

    def _verb(self, thing: UnprovedView, verb: str, meaning: str, why_not: str) -> Row:
        now: Value = why_not or "Use the button."
        if not why_not and verb != "check":
            page = reverse("console:payments_ruling_new", args=[self.subject(thing), verb])
            now = Link("Say so", page) if self.may(OPERATE) else "An operator may ask for it."
        return Row([LABELS[verb], meaning, now])


class RulingForm(forms.Form):
    """How a person knows."""

    evidence = forms.CharField(
        label="How you know",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The provider's ticket, statement or words, and when you had them.",
    )
    file = forms.FileField(
        label="Proof", required=False, help_text="A PDF, PNG or JPEG file, up to 5 MB."
    )


class SuccessForm(RulingForm):
    """A success is known by the provider's own reference."""

    reference = forms.CharField(
        label="The provider's reference", max_length=64, help_text="As its statement names it."
    )
    field_order = ("reference", "evidence", "file")


class AskPage(FormPage):
    """Says what became of an attempt, for another person to decide."""

    permission: ClassVar[str] = OPERATE
    nav: ClassVar[str] = UNKNOWN
    submit: ClassVar[str] = "Ask a colleague to decide"

    def verb(self) -> RulingVerb:
        """The verb of the address."""
        try:
            return RulingVerb(self.kwargs["verb"])
        except ValueError as error:
            raise Http404 from error

    def page_title(self) -> str:
        """What is said."""
        return LABELS[self.verb()]

    @property
    def intro(self) -> str:  # type: ignore[override]  # it depends on the verb
        """What it means."""
        return f"{MEANINGS[self.verb()]} Nothing happens before a second person agrees."

    @property
    def form_class(self) -> type[forms.Form]:  # type: ignore[override]  # it depends on the verb
        """With a reference, of a success."""
        return SuccessForm if self.verb() == RulingVerb.SUCCEEDED else RulingForm

    def crumbs(self) -> Sequence[Link]:
        """Back to the attempt."""
        page = reverse(PAGE, args=[self.kwargs["key"]])
        return (Link("Unknown outcomes", reverse(UNKNOWN)), Link("The attempt", page))

    def perform(self, data: dict[str, Any]) -> str:
        """Ask."""
        try:
            attempt_id = parse_public_id("att", self.kwargs["key"])
        except ValueError as error:
            raise Http404 from error
        file = data["file"]
        ask_ruling(
            attempt_id=attempt_id,
            verb=self.verb(),
            evidence=data["evidence"],
            reference=data.get("reference", ""),
            file_name=file.name if file else "",
            file=file.read() if file else b"",
            actor=self.actor,
        )
        return "A colleague decides about it."

    def next_url(self) -> str:
        """The attempt."""
        return reverse(PAGE, args=[self.kwargs["key"]])


class RulingQueue(QueuePage):
    """Opened one by one: whoever decides has read the evidence."""

    permission: ClassVar[str] = PERMISSION
    title: ClassVar[str] = "Rulings to decide"
    nav: ClassVar[str] = "payments_rulings"
    columns: ClassVar[Sequence[str]] = ("Attempt", "Ruling", "Evidence", "Asked by", "Since")
    empty_title: ClassVar[str] = "No ruling waits for a second person"
    empty_advice: ClassVar[str] = "What people say about unknown outcomes appears here."

    def rows(self) -> Sequence[QueueRow]:
        """The longest waiting first."""
        return [_queued(one) for one in waiting_rulings()]

    def empty_link(self) -> Link | None:
        """The outcomes."""
        return Link("Unknown outcomes", reverse(UNKNOWN))


class RulingPage(PublicPage):
    """One ruling: what was shown, what proves it, and the second seat."""

    permission: ClassVar[str] = PERMISSION
    nav: ClassVar[str] = QUEUE
    prefix: ClassVar[str] = "rul"
    list_title: ClassVar[str] = "Rulings to decide"

    def read(self, id: UUID) -> RulingRow:
        """One ruling."""
        return ruling(id)

    def header(self, thing: RulingRow) -> Header:
        """What is said of which attempt."""
        return Header(
            kind="Ruling",
            reference=LABELS[thing.verb],
            status=_STATES[thing.state],
            note=thing.shown["amount"],
        )

    def facts(self, thing: RulingRow) -> Sequence[Fact]:
        """What was shown and said, all under the digest."""
        attempt = reverse(PAGE, args=[public_id("att", thing.attempt_id)])
        proof: Value = None
        if thing.evidence_file:
            url = reverse("console:payments_ruling_evidence", args=[self.subject(thing)])
            proof = Link("Open the file", url)
        return [
            Fact("Means", MEANINGS[thing.verb]),
            Fact("How it is known", thing.evidence),
            Fact("The provider's reference", Ref(thing.reference) if thing.reference else None),
            Fact("Proof", proof),
            Fact("Attempt", Link(thing.shown["key"], attempt)),
            Fact("Amount", thing.shown["amount"]),
            Fact("Way", f"Money {thing.shown['direction']}, {thing.shown['operation']}"),
            Fact("Payer or payee", thing.shown["party"] or None),
            Fact("Provider account", thing.shown["account"]),
            Fact("The provider's references then", thing.shown["refs"] or "none"),
            Fact("Sent so often", thing.shown["sends"]),
            Fact("Digest of all this", Ref(thing.digest)),
        ]

    def approvals(self, thing: RulingRow) -> Sequence[Approval]:
        """Who asked, and the second seat."""
        asked = Approval(
            who=_who(thing.asked_by), decision=Status("asked", tone="info"), at=thing.asked_at
        )
        if thing.decided_at is None:
            return [asked] if thing.state == RulingState.LAPSED else [asked, Approval()]
        second = Approval(
            who=_who(thing.decided_by),
            decision=_STATES[thing.state],
            at=thing.decided_at,
            note=thing.decision_reason,
        )
        return [asked, second]

    def actions(self, thing: RulingRow) -> Sequence[Action]:
        """Agree, for another person; reject."""
        if thing.state != RulingState.ASKED:
            return []
        user = self.request.user
        is_own = isinstance(user, User) and user.person == thing.asked_person
        return [
            Action(
                name="approve", key="a", label=f"Agree: {LABELS[thing.verb].lower()}", look="main",
                icon="task_alt", permission=APPROVE, hidden={"digest": thing.digest},
                why_not="You asked for it: another person decides." if is_own else "",
                confirm=f"You have read the evidence. {MEANINGS[thing.verb]}",
            ),
            Action(
                name="reject", key="x", label="Reject", look="danger", icon="close",
                permission=OPERATE if is_own else APPROVE, asks="Why not",
            ),
        ]  # fmt: skip

    def do_approve(self, thing: RulingRow, form: QueryDict) -> str:
        """Carried out."""
        self._decide(thing, form, is_approved=True)
        return "The ruling is carried out."

    def do_reject(self, thing: RulingRow, form: QueryDict) -> str:
        """Nothing happens."""
        self._decide(thing, form, is_approved=False)
        return "The ruling is rejected; the outcome is still unknown."

    def _decide(self, thing: RulingRow, form: QueryDict, *, is_approved: bool) -> None:
        decide_ruling(
            ruling_id=thing.id,
            is_approved=is_approved,
            digest=form.get("digest", ""),
            reason=form.get("text", ""),
            actor=self.actor,
        )


class RulingEvidencePage(Page):
    """The kept file itself, never run by the browser."""

    permission: ClassVar[str] = PERMISSION

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As it was handed in."""
        try:
            name, content = ruling_evidence(parse_public_id("rul", self.kwargs["key"]))
        except ValueError as error:
            raise Http404 from error
        response = HttpResponse(content, content_type=TYPES[name.rpartition(".")[2]])
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response


def _queued(one: RulingRow) -> QueueRow:
    return QueueRow(
        key=public_id("rul", one.id),
        url=reverse(RULING, args=[public_id("rul", one.id)]),
        cells=[
            Note(Ref(one.shown["key"]), f"{one.shown['amount']}, {one.shown['account']}"),
            LABELS[one.verb],
            Note(one.evidence, one.reference),
            _who(one.asked_by),
            one.asked_at,
        ],
    )


def _who(actor: str) -> str:
    return actor.partition(":")[2]


def _waiting(_request: HttpRequest) -> int | None:
    return waiting_ruling_count() or None


register_view("payments/attempts/<str:key>", AttemptPage, name="payments_attempt")
register_view("payments/attempts/<str:key>/ruling/<str:verb>", AskPage, name="payments_ruling_new")
register_view("payments/rulings", RulingQueue, name="payments_rulings")
register_view("payments/rulings/<str:key>", RulingPage, name="payments_ruling")
register_view(
    "payments/rulings/<str:key>/evidence", RulingEvidencePage, name="payments_ruling_evidence"
)
register_page("Money in", "Rulings", "gavel", QUEUE, PERMISSION,
              badge=_waiting, order=21)  # fmt: skip
