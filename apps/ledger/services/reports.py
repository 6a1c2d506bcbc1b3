"""Reports too long to wait for: written by a worker, kept for whoever asked."""

from __future__ import annotations

from uuid import UUID

from apps.ledger.errors import ReportTooLong
from apps.ledger.selectors.reports import REPORTS, Question
from apps.ledger.selectors.reports.general_ledger import general_ledger_size
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.documents import FileKind, as_file, file_name
from apps.platform.ids import public_id
from apps.platform.jobs import JobProgress, start_job
from apps.platform.use_cases import use_case

REPORT_FILE = "ledger.report_file"
#: What a worker writes within one turn, with room to spare.
LINES_MAX = 200_000


@use_case("ledger.start_report")
def start_report(*, report: str, question: Question, file_kind: FileKind, actor: Actor) -> UUID:
    """Queue a report as a file for its ``actor`` and return the job's id.

    Every call starts a job of its own. ``ReportTooLong`` when it has more lines than a worker
    writes in one turn.
    """
    question.check()
    size = general_ledger_size(question) if report == "general-ledger" else 0
    if size > LINES_MAX:
        raise ReportTooLong(limit=LINES_MAX)
    job = start_job(
        kind=REPORT_FILE,
        title=report.replace("-", " ").capitalize(),
        actor=actor,
        total=size,
        arguments={"report": report, "file_kind": file_kind, "question": question.to_json()},
    )
    audit.note(public_id("job", job), report=report, file_kind=file_kind, **question.to_json())
    return job


def write_report(progress: JobProgress) -> None:
    """Write the file of one report from its beginning: a second try replaces the first."""
    asked = progress.arguments
    document = REPORTS[asked["report"]](Question.from_json(asked["question"]))
    content = as_file(document, asked["file_kind"])
    progress.keep(file_name(document, asked["file_kind"]), content)
    progress.advance(progress.total, "the file is ready")
