"""Reading what banks sent: the whole file, its proof, then each payout it speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import BinaryIO, cast
from uuid import UUID

import structlog
from django.db import transaction

from apps.payments.connectors.files import PayoutNews
from apps.payments.domain.bank_files import BankFileState
from apps.payments.domain.bank_statements import Footer, Header, Proof
from apps.payments.domain.states import Direction
from apps.payments.errors import CallbackContradicts
from apps.payments.errors.bank_files import (
    BankFileContradicts,
    BankFileNotAside,
    BankFileOfAnotherAccount,
    ReasonMissing,
    UnknownBankFile,
    UnprovedBankFile,
)
from apps.payments.events import BankFileQuarantined, BankStatementReceived
from apps.payments.models import Attempt, BankFile, BankPayout
from apps.payments.selectors.contexts import account_config
from apps.payments.selectors.folders import file_rail
from apps.payments.services.bank_answers import hear, note_return
from apps.payments.services.bank_delivering import settle
from apps.payments.services.bank_fetching import FILE_BYTES_MAX
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError, Kind
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.storage import TenantStorage
from apps.platform.use_cases import use_case

logger = structlog.get_logger("house.payments")
FILES_A_RUN = 20
_WAITS = timedelta(minutes=1)


@dataclass(slots=True)
class _Content:
    """A whole file as it was read."""

    news: list[PayoutNews] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    footers: list[Footer] = field(default_factory=list)


def read_bank_files(*, limit: int = FILES_A_RUN) -> int:
    """Read files that were kept, at most ``limit``; answers how many were looked at.

    Safe to repeat and to kill: what a file says is named by the payouts' own keys. What cannot be
    read, proved or believed is put aside with the reason.
    """
    due = BankFile.objects.filter(
        direction=Direction.IN, state=BankFileState.RECEIVED, next_try_at__lte=clock.now()
    ).order_by("next_try_at", "id")
    files = list(due.select_related("provider_account")[:limit])
    for file in files:
        _try(file)
    return len(files)


def _try(file: BankFile) -> None:
    try:
        content = _read(file)
        _apply(file, content)
        _finish(file_id=file.id, content=content, actor=SYSTEM)
    except DomainError as refusal:
        if refusal.kind is Kind.UNAVAILABLE:
            _put_off(file, str(refusal))
        else:
            _put_aside(file_id=file.id, refusal=refusal, actor=SYSTEM)
    except Exception:
        logger.exception("payments.bank_file_failed", file=public_id("bf", file.id))
        _put_off(file, "It could not be read for a reason of ours.")


def _put_off(file: BankFile, why: str) -> None:
    with transaction.atomic():
        BankFile.objects.filter(id=file.id, state=BankFileState.RECEIVED).update(
            next_try_at=clock.now() + _WAITS, problem=why[:300]
        )


def _read(file: BankFile) -> _Content:
    """All of it, before anything of it counts."""
    found = _Content()
    account = file.provider_account
    rail = file_rail(account)
    with TenantStorage().open(file.stored_as) as stored:
        content = cast("BinaryIO", stored)
        for part in rail.read_file(account_config(account), content, bytes_max=FILE_BYTES_MAX):
            if isinstance(part, PayoutNews):
                found.news.append(part)
            elif isinstance(part, Header):
                found.headers.append(part)
            else:
                found.footers.append(part)
    own = {str(account.config.get(name, "")) for name in ("iban", "account")}
    if any(header.account not in own for header in found.headers):
        raise BankFileOfAnotherAccount
    for footer in found.footers:
        if footer.proof is Proof.DIFFERS:
            raise UnprovedBankFile(difference_minor=footer.difference_minor or 0)
    return found


def _apply(file: BankFile, content: _Content) -> None:
    """Each payout in a transaction of its own; the last contradiction is told when all are done."""
    contradiction: DomainError | None = None
    for attempt_id, news in _about(file, content.news):
        try:
            if news.returned:
                note_return(attempt_id=attempt_id, news=news, file=file, actor=SYSTEM)
            else:
                hear(attempt_id=attempt_id, result=news.result, file=file, actor=SYSTEM)
        except CallbackContradicts as refused:
            name = public_id("att", attempt_id)
            contradiction = BankFileContradicts(payout=name, field=refused.field)
    if contradiction is not None:
        raise contradiction


def _about(file: BankFile, news: Iterable[PayoutNews]) -> list[tuple[UUID, PayoutNews]]:
    """Which attempts it speaks of. Of a status for all of a file, those told of singly are left
    out; what names none of our payouts is somebody else's business: a person's card, a fee.
    """
    told = list(news)
    single = {one.reference: one for one in told if one.reference}
    known = dict(
        Attempt.objects.filter(
            provider_account=file.provider_account, provider_key__in=single
        ).values_list("provider_key", "id")
    )
    found = [(known[one.reference], one) for one in told if one.reference in known]
    for one in told:
        if one.reference:
            continue
        rows = BankPayout.objects.filter(
            file__provider_account=file.provider_account, file__message_id=one.message
        ).exclude(attempt__provider_key__in=single)
        found += [(id, one) for id in rows.values_list("attempt_id", flat=True)]
    return found


@use_case("payments.finish_bank_file")
def _finish(*, file_id: UUID, content: _Content, actor: Actor) -> None:
    """The file is read; what it answers has arrived, and its closing statement is handed on."""
    file = BankFile.objects.select_for_update(of=("self",)).get(id=file_id)
    if file.state != BankFileState.RECEIVED:
        audit.nothing_happened()
        return
    messages = {one.message for one in content.news if one.message}
    for sent in BankFile.objects.select_for_update(of=("self",)).filter(
        provider_account=file.provider_account,
        message_id__in=messages,
        direction=Direction.OUT,
        state=BankFileState.UNKNOWN,
    ):
        settle(sent, BankFileState.DELIVERED)
    file.state, file.finished_at, file.next_try_at = BankFileState.DONE, clock.now(), None
    file.message_id = min(messages, default="")[:35]
    file.problem_code = file.problem = ""
    file.count = sum(footer.count for footer in content.footers) or len(content.news)
    file.total_minor = sum(footer.moved_minor for footer in content.footers)
    file.save()
    if _is_closing(content):
        record(
            BankStatementReceived(
                file_id=public_id("bf", file.id),
                provider_account=file.provider_account.label,
                file_format=file.file_format,
                file_name=file.name,
            ),
            aggregate=public_id("bf", file.id),
        )
    audit.note(public_id("bf", file_id), entries=file.count)


def _is_closing(content: _Content) -> bool:
    """One statement between two balances, which reconciliation can take."""
    is_day = all(not header.is_intraday for header in content.headers)
    return is_day and [footer.proof for footer in content.footers] == [Proof.PROVED]


@use_case("payments.quarantine_bank_file")
def _put_aside(*, file_id: UUID, refusal: DomainError, actor: Actor) -> None:
    file = BankFile.objects.select_for_update(of=("self",)).get(id=file_id)
    file.state, file.next_try_at = BankFileState.QUARANTINED, None
    file.problem_code, file.problem = refusal.code[:80], str(refusal)[:300]
    file.save()
    record(
        BankFileQuarantined(
            file_id=public_id("bf", file.id),
            provider_account=file.provider_account.label,
            file_name=file.name,
            code=file.problem_code,
            problem=file.problem,
        ),
        aggregate=public_id("bf", file.id),
    )
    audit.note(public_id("bf", file_id), code=refusal.code)


@use_case("payments.retry_bank_file")
def retry_bank_file(*, file_id: UUID, actor: Actor) -> None:
    """Have a file that was put aside read again by the present code. Nothing is booked twice."""
    file = _aside(file_id)
    file.state, file.next_try_at = BankFileState.RECEIVED, clock.now()
    file.save()
    audit.note(public_id("bf", file_id))


@use_case("payments.discard_bank_file")
def discard_bank_file(*, file_id: UUID, reason: str, actor: Actor) -> None:
    """Decide that a file that was put aside means nothing. Its bytes and the reason are kept."""
    if not reason.strip():
        raise ReasonMissing
    file = _aside(file_id)
    file.state, file.finished_at = BankFileState.DISCARDED, clock.now()
    file.save()
    audit.note(public_id("bf", file_id), reason=reason.strip())


def _aside(file_id: UUID) -> BankFile:
    file = BankFile.objects.select_for_update().filter(id=file_id).first()
    if file is None:
        raise UnknownBankFile
    if file.state != BankFileState.QUARANTINED:
        raise BankFileNotAside(state=file.state)
    return file
