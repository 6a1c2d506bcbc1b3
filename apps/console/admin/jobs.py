"""Long work: how far it has come, its result, and stopping it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any, ClassVar

from django.contrib import admin
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse

from apps.console.cards import Alert, Card
from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Action, Header, Moment, ObjectPage, Page
from apps.console.pages.objects import found_or_404
from apps.console.registry import register_card, register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Link, Progress, Ref, Status, Value
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.jobs import RESUMABLE, cancel_job, is_resumable, resume_job
from apps.platform.models import Job, JobState
from apps.platform.storage import TenantStorage

PERMISSION = "platform.view_jobs"
RESUME = "platform.resume_jobs"
LIST = "console:platform_job_changelist"
RECENT = timedelta(days=1)
CANCELLED = Status(JobState.CANCELLED.value, tone="calm")


class JobAdmin(ReadOnlyAdmin):
    """Every job, newest first."""

    permission = PERMISSION
    title = "Jobs"
    object_url_name = "console:job"
    search_fields: ClassVar[Any] = ["^title", "=owner_name"]
    search_help = "Title or owner"
    empty_title = "Nothing takes long"
    empty_advice = "Long exports and other long work are listed here while they run and after."
    list_display: ClassVar[Any] = ["title", "state_pill", "progress", "owner_name", "created"]
    list_filter: ClassVar[Any] = ["state", ("created_at", PeriodFilter)]
    ordering: ClassVar[Any] = ["-created_at", "-id"]

    @admin.display(description="State", ordering="state")
    def state_pill(self, job: Job) -> Value:
        """How it goes."""
        return job_status(job)

    @admin.display(description="Progress")
    def progress(self, job: Job) -> Value:
        """How far it has come."""
        return Progress(job.done, job.total, job.title)

    @admin.display(description="Started", ordering="created_at")
    def created(self, job: Job) -> Value:
        """When it was asked for."""
        return job.created_at


class JobPage(ObjectPage):
    """One job, for its owner and for whoever may see all jobs.

    Its progress is fetched every two seconds while it runs.
    """

    nav = LIST
    template_name = "console/job.html"

    def find(self, key: str) -> Job:
        """By its id; somebody else's does not exist."""
        job: Job = found_or_404(Job.objects.all(), pk=key)
        if job.owner_id != self.request.user.pk and not self.may(PERMISSION):
            raise Http404
        return job

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or only its progress."""
        if request.GET.get("part") != "progress":
            return super().get(request, *args, **kwargs)
        job = self.find(self.kwargs["key"])
        part = render_to_string("console/parts/progress.html", self._progress(job), request)
        response = HttpResponse(part)
        if job.finished_at is not None:
            response["HX-Refresh"] = "true"  # actions and results have changed too
        return response

    def show(self, status: int = 200, **more: Any) -> HttpResponse:
        """With the progress."""
        return super().show(status, **self._progress(more["thing"]), **more)

    def crumbs(self) -> Sequence[Link]:
        """Back to the list, for whoever may see it."""
        return (Link("Jobs", reverse(LIST)),) if self.may(PERMISSION) else ()

    def subject(self, thing: Job) -> str:
        """The public id."""
        return public_id("job", thing.pk)

    def header(self, thing: Job) -> Header:
        """What is being done."""
        reference = public_id("job", thing.pk)
        return Header(kind=thing.title, reference=reference, status=job_status(thing))

    def facts(self, thing: Job) -> Sequence[Fact]:
        """Whose it is, and what became of it."""
        facts = [
            Fact("Owner", thing.owner_name),
            Fact("Kind", Ref(thing.kind)),
            Fact("Asked for", thing.created_at),
            Fact("Ended", thing.finished_at),
        ]
        if thing.error:
            facts.append(Fact("What went wrong", thing.error))
        return facts

    def actions(self, thing: Job) -> Sequence[Action]:
        """Stop it, or take it up again."""
        is_own = thing.owner_id == self.request.user.pk
        if thing.finished_at is not None:
            return self._resuming(thing, is_own=is_own)
        why = "" if is_own else "Only its owner can stop it."
        return [Action(name="cancel", label="Stop this job", look="danger", why_not=why)]

    def _resuming(self, thing: Job, *, is_own: bool) -> Sequence[Action]:
        if thing.state not in RESUMABLE or not is_resumable(thing.kind):
            return ()
        has_failed = thing.state == JobState.FAILED
        rest = f" after {thing.done:,} of {thing.total:,}" if thing.total else " where it was"
        return [
            Action(
                name="resume",
                label="Try this job again" if has_failed else "Go on with this job",
                look="main",
                icon="replay",
                permission="" if is_own else RESUME,
                confirm=f"Go on with “{thing.title}” for {thing.owner_name}? It continues{rest}"
                " and does nothing twice.",
            )
        ]

    def timeline(self, thing: Job) -> Sequence[Moment]:
        """Asked for, ended."""
        who = thing.owner_name
        moments = [Moment(at=thing.created_at, who=who, what="asked for it", icon="schedule")]
        if thing.finished_at is not None:
            status = job_status(thing)
            moments.append(
                Moment(at=thing.finished_at, what=status.text.lower(), tone=status.feels)
            )
        return moments

    def do_cancel(self, thing: Job, form: QueryDict) -> str:
        """One use case."""
        cancel_job(job_id=thing.pk, actor=self.actor)
        return "The job is stopped. What it had not finished is undone."

    def do_resume(self, thing: Job, form: QueryDict) -> str:
        """One use case."""
        resume_job(job_id=thing.pk, actor=self.actor)
        return "The job goes on in a moment."

    def _progress(self, job: Job) -> dict[str, Any]:
        is_own = job.owner_id == self.request.user.pk
        has_file = bool(job.result_file) and is_own
        return {
            "job": job,
            "progress": Progress(job.done, job.total, job.title),
            "is_over": job.finished_at is not None,
            "file_url": reverse("console:job_result", args=[job.pk]) if has_file else "",
        }


class JobResult(Page):
    """The file a job made, for its owner alone: others may not be allowed to see what is in it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Hand it out."""
        job: Job = found_or_404(Job.objects.all(), pk=self.kwargs["key"], owner_id=request.user.pk)
        if not job.result_file:
            raise Http404
        name = PurePosixPath(job.result_file).name
        return FileResponse(
            TenantStorage().open(job.result_file), as_attachment=True, filename=name
        )


def job_status(job: Job) -> Status:
    """Its state as a pill."""
    return CANCELLED if job.state == JobState.CANCELLED else Status(job.state)


def failed_card(request: HttpRequest) -> Card | None:
    """Jobs that failed within the last day."""
    failed = Job.objects.filter(state=JobState.FAILED, finished_at__gte=clock.now() - RECENT)
    latest = failed.order_by("-finished_at").first()
    if latest is None:
        return None
    count = failed.count()
    return Alert(
        title=f"{count:,} job{'s' if count > 1 else ''} failed today.",
        note=f"The latest: {latest.title}.",
        icon="report",
        tone="bad",
        url=f"{reverse(LIST)}?state__exact={JobState.FAILED.value}",
    )


console_site.register(Job, JobAdmin)
register_view("jobs/<uuid:key>", JobPage, name="job")
register_view("jobs/<uuid:key>/result", JobResult, name="job_result")
register_page("Operations", "Jobs", "pending_actions", LIST, PERMISSION)
register_card(failed_card, permission=PERMISSION, order=82)
