"""Handing files over, once, and telling their payouts."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from apps.payments.connectors.base import ProviderError, Result
from apps.payments.connectors.registry import file_rails
from apps.payments.domain.bank_files import BankFileState
from apps.payments.domain.states import AttemptState, Direction, Outcome
from apps.payments.events import BankFileDelivered
from apps.payments.models import Attempt, BankFile, BankPayout, ProviderAccount
from apps.payments.selectors.contexts import stale_before
from apps.payments.selectors.folders import file_rail, folder_of
from apps.payments.services.bank_collecting import collect_bank_file
from apps.payments.services.learning import Lesson, learn, locked_attempt
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError, FileNameTaken
from apps.platform.events import record
from apps.platform.folders import PART, ArrivalUnknown, FolderUnreachable
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.storage import TenantStorage
from apps.platform.use_cases import use_case

logger = structlog.get_logger("house.payments")
FILES_A_RUN, PAYOUTS_A_RUN = 20, 1_000
_OPEN = (BankFileState.BUILT, BankFileState.DELIVERING, BankFileState.UNKNOWN)
_LOST = ProviderError(
    "provider.timeout", "", "The hand-over of its file was cut off.", "unknown", "after_verify"
)
_SILENT = ProviderError(
    "provider.timeout", "", "The bank has not answered in time.", "unknown", "after_verify"
)


def send_bank_files() -> int:
    """Collect what is due, hand files over, tell their payouts; answers how much was done.

    Safe in many workers and to kill at any point: a file is committed as ``delivering`` before its
    first byte leaves, and one that stays there is looked for in the folder, not sent again.
    """
    done = 0
    for account in ProviderAccount.objects.filter(connector__in=file_rails(), status="active"):
        try:
            done += collect_bank_file(account=account, actor=SYSTEM) is not None
        except DomainError:
            logger.exception("payments.bank_file_refused", account=account.label)
    for _ in range(FILES_A_RUN):
        claim = _claim()
        if claim is None:
            break
        file, is_new = claim
        _hand_over(file, is_new=is_new)
        done += 1
    return done + _tell_payouts() + _note_silence()


def _claim() -> tuple[BankFile, bool] | None:
    """The next file, leased for the time a hand-over may take, and whether it is to be handed over.

    One that was claimed before is looked for in the folder.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        file = (
            BankFile.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("provider_account")
            .filter(direction=Direction.OUT, state__in=_OPEN, next_try_at__lte=now)
            .order_by("next_try_at", "id")
            .first()
        )
        if file is None:
            return None
        is_new = file.state == BankFileState.BUILT
        file.state = BankFileState.DELIVERING if is_new else file.state
        file.tries += 1
        file.next_try_at = now + (now - stale_before(now))
        file.save(update_fields=["state", "tries", "next_try_at"])
    return file, is_new


def _hand_over(file: BankFile, *, is_new: bool) -> None:
    """One hand-over, or one look for a file whose hand-over was cut off."""
    state, problem = BankFileState(file.state), file.problem
    try:
        if is_new:
            _put(file)
            state, problem = BankFileState.DELIVERED, ""
        else:
            state = _look_for(file)
    except ArrivalUnknown as lost:
        state, problem = BankFileState.UNKNOWN, lost.problem
    except (FolderUnreachable, FileNameTaken) as refused:
        state = BankFileState.BUILT if is_new else state
        problem = str(refused)
    _record_hand_over(file_id=file.id, state=state, problem=problem, actor=SYSTEM)


def _put(file: BankFile) -> None:
    with TenantStorage().open(file.stored_as) as stored:
        content: bytes = stored.read()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise FolderUnreachable(folder=file.name, problem="the kept bytes are not those we wrote")
    folder_of(file.provider_account, "out").put(file.name, content)


def _look_for(file: BankFile) -> BankFileState:
    """The folder proves that it is there, or that it never got its name. Else nobody knows.

    An empty folder proves nothing: the bank may have fetched the file.
    """
    found = {item.name: item.size for item in folder_of(file.provider_account, "out").items()}
    if found.get(file.name) == file.size_bytes:
        return BankFileState.DELIVERED
    return BankFileState.BUILT if file.name + PART in found else BankFileState.UNKNOWN


@use_case("payments.record_hand_over")
def _record_hand_over(*, file_id: UUID, state: BankFileState, problem: str, actor: Actor) -> None:
    file = BankFile.objects.select_for_update().get(id=file_id)
    if file.state == BankFileState.DELIVERED:
        audit.nothing_happened()
        return
    settle(file, state, problem)
    audit.note(public_id("bf", file_id), state=state)


def settle(file: BankFile, state: BankFileState, problem: str = "") -> None:
    """Within a use case, with the file locked: what became of its hand-over."""
    now = clock.now()
    file.state, file.problem = state, problem[:300]
    file.next_try_at = _again(file.tries, now) if state != BankFileState.DELIVERED else None
    if state == BankFileState.DELIVERED:
        file.finished_at = now
        record(
            BankFileDelivered(
                file_id=public_id("bf", file.id),
                provider_account=file.provider_account.label,
                message_id=file.message_id,
                payouts=file.count,
                total=Money(file.total_minor or 0, file.currency),
            ),
            aggregate=public_id("bf", file.id),
        )
    file.save()


def _again(tries: int, now: datetime) -> datetime:
    return now + timedelta(seconds=min(30 * 2 ** min(tries, 7), 3_600))


def _tell_payouts() -> int:
    """Payouts of files that were handed over are sent; of those nobody knows of, unknown."""
    told = BankPayout.objects.filter(
        Q(file__state=BankFileState.DELIVERED, is_told=False)
        | Q(file__state=BankFileState.UNKNOWN, attempt__state=AttemptState.SENDING)
    ).values_list("attempt_id", "file__state")[:PAYOUTS_A_RUN]
    for attempt_id, state in list(told):
        _tell(attempt_id=attempt_id, is_there=state == BankFileState.DELIVERED, actor=SYSTEM)
    return len(told)


@use_case("payments.tell_bank_payout")
def _tell(*, attempt_id: UUID, is_there: bool, actor: Actor) -> None:
    """The attempt learns what became of its file."""
    attempt = locked_attempt(attempt_id)
    result = Result(Outcome.ACCEPTED) if is_there else Result(Outcome.UNKNOWN, error=_LOST)
    learn(attempt, Lesson(result=result, source="answer", actor=actor))
    await_answer(attempt)
    if is_there:
        BankPayout.objects.filter(attempt=attempt).update(is_told=True)
    audit.note(public_id("att", attempt_id), state=attempt.state)


def await_answer(attempt: Attempt) -> None:
    """Banks answer in hours or days: until then nothing is overdue."""
    if attempt.next_check_at is not None:
        rail = file_rail(attempt.provider_account)
        days = rail.schedule(attempt.provider_account.config).answer_days
        attempt.next_check_at = (attempt.sent_at or clock.now()) + timedelta(days=days)
        attempt.save(update_fields=["next_check_at"])


def _note_silence() -> int:
    """Payouts whose answer is overdue are unknown: people ask the bank."""
    late = Attempt.objects.filter(
        provider_account__connector__in=file_rails(),
        state__in=(AttemptState.SENT, AttemptState.PENDING),
        next_check_at__lte=clock.now(),
    ).values_list("id", flat=True)[:PAYOUTS_A_RUN]
    for attempt_id in list(late):
        _note_silent(attempt_id=attempt_id, actor=SYSTEM)
    return len(late)


@use_case("payments.note_silent_bank")
def _note_silent(*, attempt_id: UUID, actor: Actor) -> None:
    attempt = locked_attempt(attempt_id)
    result = Result(Outcome.UNKNOWN, error=_SILENT)
    learn(attempt, Lesson(result=result, source="system", actor=actor))
    Attempt.objects.filter(id=attempt_id).update(next_check_at=None)
    audit.note(public_id("att", attempt_id), state=attempt.state)
