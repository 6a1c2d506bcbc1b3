"""Bank files: the list, their bytes, and what other apps may read of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from uuid import UUID

from django.db.models import QuerySet

from apps.payments.connectors.bank import account as bank_accounts
from apps.payments.connectors.bank import profiles
from apps.payments.connectors.bank.formats import CSV, STATEMENTS
from apps.payments.connectors.bank.reading import Limits
from apps.payments.domain.bank_files import BankFileRow, BankFileState
from apps.payments.domain.bank_statements import BankStatement, collected
from apps.payments.domain.states import Direction
from apps.payments.errors.bank_files import UnknownBankFile, UnreadableFile
from apps.payments.models import BankFile
from apps.payments.selectors.accounts import account_model
from apps.platform.money import Money
from apps.platform.storage import TenantStorage


def bank_files(*, state: str = "", direction: str = "", account: str = "") -> QuerySet[BankFile]:
    """Files that left and came in."""
    rows = BankFile.objects.select_related("provider_account")
    wanted = {"state": state, "direction": direction, "provider_account__label": account}
    return rows.filter(**{name: value for name, value in wanted.items() if value})


def bank_file(file_id: UUID) -> BankFileRow:
    """One file, or ``UnknownBankFile``."""
    return bank_file_row(_file(file_id))


def bank_file_row(file: BankFile) -> BankFileRow:
    """As people may see it."""
    total = None if file.total_minor is None else Money(file.total_minor, file.currency)
    return BankFileRow(
        id=file.id,
        provider_account=file.provider_account.label,
        direction=Direction(file.direction),
        state=BankFileState(file.state),
        file_format=file.file_format,
        name=file.name,
        message_id=file.message_id,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        count=file.count,
        total=total,
        problem_code=file.problem_code,
        problem=file.problem,
        duplicates=file.duplicates,
        created_at=file.created_at,
        finished_at=file.finished_at,
        stored_as=file.stored_as,
    )


def bank_file_content(file_id: UUID) -> bytes:
    """The bytes as they were sent or came."""
    with TenantStorage().open(_file(file_id).stored_as) as stored:
        content: bytes = stored.read()
    return content


def bank_files_aside() -> int:
    """How many wait for a person."""
    return BankFile.objects.filter(
        state__in=[BankFileState.QUARANTINED, BankFileState.UNKNOWN]
    ).count()


def bank_statements(
    content: bytes, *, file_format: str, bytes_max: int, provider_account: str = ""
) -> Iterator[BankStatement]:
    """The statements in a file; ``UnreadableFile`` if it is not of that format.

    ``csv`` is read by the profile of the provider account, which has to be one at a bank.
    """
    limits = Limits(file_bytes=bytes_max)
    if file_format != CSV:
        return collected(STATEMENTS[file_format](io.BytesIO(content), limits))
    config = account_model(provider_account).config
    profile = bank_accounts.bank_account(config).csv if config.get("csv") else None
    if profile is None:
        raise UnreadableFile(format=CSV, place="file", reason="the account has no profile of CSV")
    return collected(profiles.read(io.BytesIO(content), profile, limits))


def _file(file_id: UUID) -> BankFile:
    file = BankFile.objects.select_related("provider_account").filter(id=file_id).first()
    if file is None:
        raise UnknownBankFile
    return file
