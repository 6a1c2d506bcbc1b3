"""Collecting payouts into a file: one for each account and cut-off, its totals proved."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum

from apps.payments.connectors.files import FileOrder, FilePayout, FileRail, FileSchedule
from apps.payments.connectors.registry import connector
from apps.payments.domain.bank_files import BankFileState, execution_day, last_cut_off
from apps.payments.domain.payees import BankPayee
from apps.payments.domain.states import AttemptState, Direction, Operation
from apps.payments.errors.bank_files import PayeeDoesNotFit
from apps.payments.models import Attempt, BankFile, BankPayout, ProviderAccount, ProviderStop
from apps.payments.selectors.contexts import account_config
from apps.payments.selectors.folders import file_rail
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import new_id, public_id
from apps.platform.locks import take_turns
from apps.platform.money import Money
from apps.platform.storage import TenantStorage
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case

FORMAT = "pain.001"


def check_payee(account: ProviderAccount, amount: Money, payee: BankPayee | None) -> None:
    """Refuse at once what would spoil the file at the cut-off: it is written here for trial."""
    rail = connector(account.connector)
    if isinstance(rail, FileRail) != (payee is not None):
        raise PayeeDoesNotFit(account=account.label)
    if isinstance(rail, FileRail) and payee is not None:
        order = _order("TRIAL", FileSchedule(), clock.now(), 1, amount)
        one = FilePayout("TRIAL", amount, payee)
        rail.write_payouts(account_config(account), order, [one], io.BytesIO())


@use_case("payments.collect_bank_file")
def collect_bank_file(*, account: ProviderAccount, actor: Actor) -> BankFile | None:
    """Write the payouts that are due into one file, and keep it; nothing when none is due.

    Its totals are summed by the database over the very rows that are claimed, and the writer proves
    that it wrote as many and as much. The file's row, its payouts and their state commit together.
    """
    take_turns(f"bank-file:{account.id}")
    schedule = file_rail(account).schedule(account.config)
    claimed = _claimed(account, schedule)
    if not claimed:
        audit.nothing_happened()
        return None
    rows = BankPayout.objects.filter(attempt__in=claimed, file=None)
    told = rows.aggregate(count=Count("id"), total=Sum("attempt__amount_minor"))
    total = Money(told["total"], account.currency)
    file_id, now = new_id(), clock.now()
    order = _order(f"CH{file_id.hex}", schedule, now, told["count"], total)
    out = io.BytesIO()
    rail = file_rail(account)
    rail.write_payouts(account_config(account), order, _payouts(rows), out)
    content = out.getvalue()
    stored_as = f"bank-files/{file_id}.xml"
    TenantStorage().save_whole(stored_as, content)
    file = BankFile.objects.create(
        id=file_id,
        provider_account=account,
        direction=Direction.OUT,
        state=BankFileState.BUILT,
        file_format=FORMAT,
        name=rail.file_name(account_config(account), order),
        message_id=order.message,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        stored_as=stored_as,
        count=order.count,
        total_minor=total.minor,
        currency=total.currency,
        created_at=now,
        next_try_at=now,
    )
    rows.update(file=file)
    Attempt.objects.filter(id__in=claimed).update(
        state=AttemptState.SENDING, sent_at=now, next_send_at=None, held="", sends=F("sends") + 1
    )
    audit.note(public_id("bf", file_id), payouts=order.count, total=str(total))
    return file


def _claimed(account: ProviderAccount, schedule: FileSchedule) -> list[UUID]:
    """The ids of attempts that leave now, locked: those asked for before the last cut-off."""
    now = clock.now()
    zone = schedule.zone or current_tenant().zone
    stopped = ProviderStop.objects.filter(
        provider_account=account, operation=Operation.PAYOUT, ended_at=None
    )
    due = Attempt.objects.filter(
        ~Exists(stopped),
        Exists(BankPayout.objects.filter(attempt=OuterRef("id"), file=None)),
        provider_account=account,
        operation=Operation.PAYOUT,
        state=AttemptState.QUEUED,
        created_at__lte=last_cut_off(schedule.cut_offs, zone, now),
        next_send_at__lte=now,
    ).order_by("created_at", "id")
    locked = due.select_for_update(of=("self",), skip_locked=True)
    return list(locked.values_list("id", flat=True)[: schedule.payouts_per_file])


def _order(
    message: str, schedule: FileSchedule, now: datetime, count: int, total: Money
) -> FileOrder:
    today = clock.today(schedule.zone or current_tenant().zone)
    return FileOrder(
        message=message,
        created_at=now,
        execution_date=execution_day(today, schedule.execution_days),
        count=count,
        total=total,
    )


def _payouts(rows: QuerySet[BankPayout]) -> Iterator[FilePayout]:
    told = rows.select_related("attempt").order_by("attempt__created_at", "attempt_id")
    for row in told.iterator(chunk_size=1_000):
        attempt = row.attempt
        amount = Money(attempt.amount_minor, attempt.currency)
        yield FilePayout(attempt.provider_key, amount, BankPayee(**row.payee))
