"""How accounts are kept that many post to at once."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, connection

from apps.ledger.domain import BalanceMode, Keeping
from apps.ledger.errors import AccountNotFound, ModeNotPossible
from apps.ledger.models import Account, AccountBalance
from apps.ledger.selectors.modes import account_keeping
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case

#: Postings of one fold: some tens of milliseconds.
FOLD_MAX = 5_000
#: Posting stands still while a mode is changed, and no longer than this while it waits to begin.
#: Longer than ``deadlock_timeout`` (a second): not before then does PostgreSQL send away an
#: autovacuum of the journal, which is in the way for as long as it likes otherwise.
PATIENCE_MILLISECONDS = 2_000
_PATIENCE = f"SET LOCAL lock_timeout = {PATIENCE_MILLISECONDS}"
_NO_MORE = "SET LOCAL lock_timeout = DEFAULT"


@again_when_in_the_way
@use_case("ledger.change_account_mode")
def change_account_mode(
    *,
    code: str,
    mode: BalanceMode,
    reason: str,
    actor: Actor,
    releases_early: bool = False,
) -> None:
    """Keep an account another way from now on: see ``BalanceMode``. Nothing it holds changes.

    Waits for the postings under way and holds up new ones for a moment. ``releases_early`` lets
    postings of the account give way to the next before their commit is on the disk; they are still
    answered only afterwards. Asking for what is so already does nothing. ``AccountNotFound``,
    ``ModeNotPossible``.
    """
    account = Account.objects.filter(code=code).first()
    if account is None:
        raise AccountNotFound(account=code)
    if account.is_header:
        raise ModeNotPossible(account=code, mode=mode, obstacle="header")
    wanted = Keeping(mode=mode, releases_early=releases_early)
    known = account_keeping(code)
    before = known.keeping
    if before == wanted:
        audit.nothing_happened()
        return
    if obstacle := known.obligations.obstacle(mode):
        raise ModeNotPossible(account=code, mode=mode, obstacle=obstacle)
    if before.mode != mode:
        _change(account, mode)
    AccountBalance.objects.filter(account=account).update(releases_early=releases_early)
    audit.note(code, before=str(before), after=str(wanted), reason=reason)


def hold_up_posters() -> None:
    """Wait for every posting under way, and let no other begin until our transaction ends.

    Whoever cannot have that within ``PATIENCE_MILLISECONDS`` starts again: while we wait, posters
    wait behind us.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PATIENCE)
        cursor.execute("LOCK TABLE ledger_journal_entry IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(_NO_MORE)


def cut_parts_anew(account_id: UUID, *, floor_minor: int | None, ceiling_minor: int | None) -> None:
    """Give a sharded account other limits. Waits and holds up like a change of mode.

    The caller holds no lock of the account's yet; ``IntegrityError`` when the limits do not fit.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PATIENCE)
        cursor.execute(
            "SELECT ledger_change_limits_v1(%s, %s, %s)", [account_id, floor_minor, ceiling_minor]
        )
        cursor.execute(_NO_MORE)


def _change(account: Account, mode: BalanceMode) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_PATIENCE)
            cursor.execute("SELECT ledger_change_mode_v1(%s, %s)", [account.id, mode])
            cursor.execute(_NO_MORE)
    except IntegrityError as error:  # a limit or a hold came while we waited
        raise ModeNotPossible(account=account.code, mode=mode, obstacle=_obstacle(error)) from error


def _obstacle(error: IntegrityError) -> str:
    return "limits" if "deferred_unlimited" in str(error) else "holds"


@use_case("ledger.fold_postings")
def fold_postings(*, actor: Actor, limit: int = FOLD_MAX) -> int:
    """Number the oldest postings that came without a number, and carry them into their balances.

    Returns how many; fewer than ``limit`` when no more can be folded now. Nothing while somebody
    else folds. What is lost in a crash is folded again, so nobody waits for the disk.
    """
    audit.nothing_happened()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute("SELECT ledger_fold_v1(%s)", [limit])
        return int(cursor.fetchone()[0])
