"""The buttons of the review page. Each calls one use case; a refusal is shown on the page."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.console.registry import register_view
from apps.identity.step_up import recent, verify
from apps.platform.errors import DomainError
from apps.platform.ids import parse_public_id
from apps.settlements.admin.batches import PAGE
from apps.settlements.admin.review import ReviewPage
from apps.settlements.domain import Decision
from apps.settlements.errors import NotFound
from apps.settlements.selectors import BatchRow
from apps.settlements.services import decide_batch, drop_line, release_batch, submit_batch

COMMENT_MAX = 1000


class BatchButton(ReviewPage):
    """A form of the review page. Opened by itself it leads back to the page."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Nothing is changed by looking."""
        return HttpResponseRedirect(self.page_url())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it and go back, or show the page with the refusal; what was typed is kept."""
        thing = self.find(self.kwargs["key"])
        try:
            said = self.perform(thing)
        except DomainError as error:
            typed = request.POST.get("comment", "")
            return self.not_done(error, thing=self.find(self.kwargs["key"]), typed=typed)
        return self.done(said, self.page_url())

    def perform(self, thing: BatchRow) -> str:
        """Call the use case and say what was done."""
        raise NotImplementedError

    def page_url(self) -> str:
        """The review page."""
        return reverse(PAGE, args=[self.kwargs["key"]])


class SubmitBatch(BatchButton):
    """Seal the lines and ask for approval."""

    permission: ClassVar[str] = "settlements.draft"

    def perform(self, thing: BatchRow) -> str:
        """Submit."""
        submit_batch(batch_id=thing.id, actor=self.actor)
        return f"{thing.reference} is sealed and waits for somebody else's approval."


class DecideBatch(BatchButton):
    """Approve, send back or reject what was shown."""

    permission: ClassVar[str] = "settlements.approve"

    def perform(self, thing: BatchRow) -> str:
        """Check the second factor if one was typed, then decide."""
        form = self.request.POST
        try:
            decision = Decision(form.get("decision", ""))
        except ValueError:
            raise NotFound(what="decision", reference=form.get("decision", "")[:40]) from None
        code = form.get("code", "").strip()
        is_approval = decision is Decision.APPROVE
        step_up_at = verify(self.request, code) if code and is_approval else recent(self.request)
        state = decide_batch(
            batch_id=thing.id,
            decision=decision,
            digest=form.get("digest", ""),
            comment=form.get("comment", "").strip()[:COMMENT_MAX],
            step_up_at=step_up_at,
            actor=self.actor,
        )
        return {
            Decision.APPROVE: f"You approved {thing.total}. "
            + ("It can be released." if state == "approved" else "It needs another approval."),
            Decision.SEND_BACK: f"{thing.reference} is open again for its maker.",
            Decision.REJECT: f"{thing.reference} is rejected; nothing of it will be paid.",
        }[decision]


class ReleaseBatch(BatchButton):
    """Reserve the money and send the payouts."""

    permission: ClassVar[str] = "settlements.release"

    def perform(self, thing: BatchRow) -> str:
        """Release."""
        release_batch(batch_id=thing.id, actor=self.actor)
        return f"{thing.total} is reserved; {thing.lines} payments are on their way."


class DropLine(BatchButton):
    """Take one line out of an open batch."""

    permission: ClassVar[str] = "settlements.draft"

    def perform(self, thing: BatchRow) -> str:
        """Drop it."""
        text = self.kwargs["line"]
        try:
            line_id = parse_public_id("dsb", text)
        except ValueError:
            raise NotFound(what="disbursement", reference=text[:40]) from None
        drop_line(disbursement_id=line_id, actor=self.actor)
        return "The line is out of the batch. Its amount stays owed."


_AT = "settlements/batches/<str:key>/"
register_view(f"{_AT}submit", SubmitBatch, name="settlements_batch_submit")
register_view(f"{_AT}decide", DecideBatch, name="settlements_batch_decide")
register_view(f"{_AT}release", ReleaseBatch, name="settlements_batch_release")
register_view(f"{_AT}lines/<str:line>/drop", DropLine, name="settlements_batch_drop")
