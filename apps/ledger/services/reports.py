"""Reports too long to wait for: written by a worker, kept for whoever asked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from uuid import UUID

from apps.ledger.errors import ReportTooLong
from apps.ledger.selectors.reports import REPORTS, Question, report_size
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.documents import Document, FileKind, Line, Section, as_file, file_name
from apps.platform.ids import public_id
from apps.platform.jobs import JobProgress, start_job
from apps.platform.use_cases import use_case

REPORT_FILE = "ledger.report_file"
#: What a worker writes within one turn, with room to spare.
LINES_MAX = 200_000
#: After how many lines the person who waits sees how far it is.
LINES_PER_STEP = 2000


@use_case("ledger.start_report")
def start_report(*, report: str, question: Question, file_kind: FileKind, actor: Actor) -> UUID:
    """Queue a report as a file for its ``actor`` and return the job's id.

    Every call starts a job of its own. ``ReportTooLong`` when it has more lines than a worker
    writes in one turn.
    """
    question.check()
    size = report_size(report, question)
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
    """Write the file of one report from its beginning: a second try replaces the first.

    Half a sheet or page cannot be kept, so the turn lasts until the file is written; each step
    renews the lease and is seen.
    """
    progress.pause_at = math.inf
    asked = progress.arguments
    document = REPORTS[asked["report"]](Question.from_json(asked["question"]))
    content = as_file(_watched(document, progress), asked["file_kind"])
    progress.keep(file_name(document, asked["file_kind"]), content)
    progress.advance(progress.total, "the file is ready")


def _watched(document: Document, progress: JobProgress) -> Document:
    """The same document, which tells how far it has been read."""
    read = count(1)

    def lines(section: Section) -> Iterator[Line]:
        for line in section.lines:
            yield line
            if (done := next(read)) % LINES_PER_STEP == 0:
                progress.advance(min(done, progress.total), "lines written")

    sections = (replace(section, lines=lines(section)) for section in document.sections)
    return replace(document, sections=sections)
