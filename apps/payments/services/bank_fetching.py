"""Fetching what a bank has put into its folder: kept first, read later, each file once."""

from __future__ import annotations

import hashlib

import structlog
from django.core.cache import cache

from apps.payments.connectors.registry import file_rails
from apps.payments.domain.bank_files import BankFileState
from apps.payments.domain.states import Direction
from apps.payments.models import BankFile, BankFileSighting, ProviderAccount
from apps.payments.selectors.folders import file_rail, folder_of
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError
from apps.platform.folders import Folder, FolderItem, is_unfinished
from apps.platform.ids import new_id, public_id
from apps.platform.locks import take_turns
from apps.platform.storage import TenantStorage
from apps.platform.use_cases import use_case

logger = structlog.get_logger("house.payments")
FILES_A_RUN = 50
FILE_BYTES_MAX = 256 * 1024 * 1024
_HEAD = 4_096


def fetch_bank_files() -> int:
    """Look into every account's inbound folder when it is due; answers how many files are new.

    A folder that cannot be reached holds up no other account.
    """
    fetched = 0
    for account in ProviderAccount.objects.filter(connector__in=file_rails(), status="active"):
        schedule = file_rail(account).schedule(account.config)
        if not cache.add(f"bank-folder:{account.id}", "1", schedule.poll_seconds):
            continue
        try:
            fetched += fetch_from(account)
        except DomainError:
            logger.exception("payments.bank_folder_failed", account=account.label)
    return fetched


def fetch_from(account: ProviderAccount) -> int:
    """Fetch what is new in one account's folder now. ``FolderUnreachable``."""
    folder = folder_of(account, "inbound")
    is_emptied = file_rail(account).drop_place(account.config).is_emptied
    new = 0
    for item in folder.items():
        if new >= FILES_A_RUN:
            break
        if is_unfinished(item.name) or _is_known(account, item):
            continue
        new += _fetch(account, folder, item)
        if is_emptied:
            folder.remove(item.name)
    return new


def _is_known(account: ProviderAccount, item: FolderItem) -> bool:
    return BankFileSighting.objects.filter(
        provider_account=account,
        name=item.name[:200],
        size_bytes=item.size,
        modified_at=item.modified_at,
    ).exists()


def _fetch(account: ProviderAccount, folder: Folder, item: FolderItem) -> bool:
    content = folder.read(item.name, FILE_BYTES_MAX)
    return keep_bank_file(account=account, item=item, content=content, actor=SYSTEM)


@use_case("payments.keep_bank_file")
def keep_bank_file(
    *, account: ProviderAccount, item: FolderItem, content: bytes, actor: Actor
) -> bool:
    """Keep a file that came in; true if its bytes are new. The same bytes only count up."""
    take_turns(f"bank-file-in:{account.id}")
    digest = hashlib.sha256(content).hexdigest()
    known = BankFile.objects.filter(
        provider_account=account, direction=Direction.IN, sha256=digest
    ).first()
    file = known or _kept(account, item, content, digest)
    if known is not None:
        known.duplicates += 1
        known.save(update_fields=["duplicates"])
    BankFileSighting.objects.create(
        provider_account=account,
        file=file,
        name=item.name[:200],
        size_bytes=item.size,
        modified_at=item.modified_at,
        seen_at=clock.now(),
    )
    audit.note(public_id("bf", file.id), duplicates=file.duplicates)
    return known is None


def _kept(account: ProviderAccount, item: FolderItem, content: bytes, digest: str) -> BankFile:
    file_id, now = new_id(), clock.now()
    stored_as = f"bank-files/{file_id}"
    TenantStorage().save_whole(stored_as, content)
    return BankFile.objects.create(
        id=file_id,
        provider_account=account,
        direction=Direction.IN,
        state=BankFileState.RECEIVED,
        file_format=file_rail(account).file_format(content[:_HEAD]),
        name=item.name[:200],
        sha256=digest,
        size_bytes=len(content),
        stored_as=stored_as,
        currency=account.currency,
        created_at=now,
        next_try_at=now,
    )
