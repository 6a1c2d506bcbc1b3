"""The whole book as a file: for other people's programs, and for whoever verifies it.

A long export is written in parts, one for each step of its job, so a worker may die or be paused at
any point; the book it is about was fixed at the first step, by the number of its last seal.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import IO, NamedTuple
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.db import transaction

from apps.ledger.domain.exports import Beancount, Book, Hledger
from apps.ledger.errors import UnknownExportFormat
from apps.ledger.selectors.book import book_entries, held_balances, sealed_book
from apps.ledger.selectors.sealing import bundle_head, bundle_lines, bundle_tail
from apps.platform.actors import Actor
from apps.platform.jobs import JobProgress, start_job
from apps.platform.storage import TenantStorage
from apps.platform.tenant import current_tenant

BOOK_EXPORT = "ledger.export_book"
ENTRIES_PER_PART = 5000


class _Format(NamedTuple):
    """How a book is written: before the entries, some entries, after them."""

    title: str
    file_name: Callable[[str], str]
    head: Callable[[Book], Iterator[str]]
    part: Callable[[Book, int, int], Iterator[str]]
    tail: Callable[[Book], Iterator[str]]
    is_compressed: bool = False


def _of(writer: type[Beancount | Hledger], title: str) -> _Format:
    def part(book: Book, after: int, until: int) -> Iterator[str]:
        write = writer(book).entry
        return (write(entry) for entry in book_entries(after=after, until=until))

    return _Format(
        title=title,
        file_name=lambda slug: f"{slug}.{writer.suffix}",
        head=lambda book: writer(book).head(),
        part=part,
        tail=lambda book: writer(book).tail(held_balances(last=book.last)),
    )


FORMATS: dict[str, _Format] = {
    "beancount": _of(Beancount, "Beancount"),
    "hledger": _of(Hledger, "hledger"),
    "bundle": _Format(
        title="proof bundle",
        file_name=lambda slug: f"{slug}.ledger.jsonl.gz",
        head=lambda book: iter([bundle_head(book.last)]),
        part=lambda _book, after, until: bundle_lines(after=after, until=until),
        tail=lambda book: iter([bundle_tail(book.last)]),
        is_compressed=True,
    ),
}


def start_book_export(*, export_format: str, actor: Actor) -> UUID:
    """Queue the export of the book as far as it is sealed; returns the job's id.

    ``UnknownExportFormat`` for a format that is not in ``FORMATS``, ``NothingSealed`` when there is
    nothing to export.
    """
    wanted = _format(export_format)
    return start_job(
        kind=BOOK_EXPORT,
        title=f"Export of the book ({wanted.title})",
        total=sealed_book().last,
        actor=actor,
        arguments={"format": export_format},
    )


def write_book(progress: JobProgress) -> None:
    """Do the export of one job, going on after its last part.

    What stands before and after the entries is written at the end: it tells of every account.
    """
    wanted = _format(str(progress.arguments["format"]))
    book = sealed_book(**progress.checkpoint.get("book", {}))
    after = int(progress.checkpoint.get("after", 0))
    parts = list(progress.checkpoint.get("parts", []))
    while after < book.last:
        until = min(after + ENTRIES_PER_PART, book.last)
        name = f"jobs/{progress.job_id}/part-{len(parts):06d}"
        content = "".join(wanted.part(book, after, until)).encode()
        with transaction.atomic():
            parts.append(TenantStorage().save(name, ContentFile(content)))
            after = until
            fixed = {"last": book.last, "known_until": str(book.known_until)}
            checkpoint = {"book": fixed, "after": after, "parts": parts}
            progress.advance(after, "entries written", checkpoint)
    with tempfile.TemporaryFile() as file:
        _join(wanted, book, _contents(parts), file)
        progress.keep(wanted.file_name(current_tenant().slug), File(file))
    for part in parts:
        TenantStorage().delete(part)


def write_book_to(file: IO[bytes], *, export_format: str) -> Book:
    """The export of the book as far as it is sealed, straight into an open file."""
    wanted = _format(export_format)
    book = sealed_book()
    spans = range(0, book.last, ENTRIES_PER_PART)
    parts = (
        "".join(wanted.part(book, after, min(after + ENTRIES_PER_PART, book.last))).encode()
        for after in spans
    )
    _join(wanted, book, parts, file)
    return book


def _join(wanted: _Format, book: Book, parts: Iterable[bytes], file: IO[bytes]) -> None:
    whole = chain(_encoded(wanted.head(book)), parts, _encoded(wanted.tail(book)))
    if wanted.is_compressed:
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
            packed.writelines(whole)
    else:
        file.writelines(whole)


def _encoded(lines: Iterable[str]) -> Iterator[bytes]:
    return (line.encode() for line in lines)


def _contents(parts: Iterable[str]) -> Iterator[bytes]:
    for part in parts:
        with TenantStorage().open(part) as kept:
            yield from kept.chunks()


def _format(name: str) -> _Format:
    try:
        return FORMATS[name]
    except KeyError:
        raise UnknownExportFormat(export_format=name, known=sorted(FORMATS)) from None
