"""Accounts that many post to at once: how they are kept, what is not folded, who waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from apps.ledger.domain import AccountStatus, BalanceMode, Keeping, Obligations, advised
from apps.ledger.errors import AccountNotFound
from apps.ledger.models import Posting
from apps.platform import clock

#: Seconds between two looks at the queues; ``config.schedule`` keeps to it.
LOOK_SECONDS = 5
#: The figures are those of so many hours, the running one included.
HOURS = 24
SHOWN_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAccount:
    """An account, how it is kept, and what speaks for another way.

    ``waiting`` is how many postings stood in the queue for it on average, in the worst of the last
    hours. ``unfolded`` postings are not in its stored balance yet; every figure that is shown
    counts them.
    """

    account: str
    name: str
    status: AccountStatus
    keeping: Keeping
    obligations: Obligations
    waiting: float
    unfolded: int
    advice: Keeping | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits to be folded in the present tenant's books, and since when."""

    postings: int
    oldest_at: datetime | None


def has_unfolded() -> bool:
    """Whether anything waits to be folded: one look into a small index."""
    return Posting.objects.filter(account_version=None).exists()


def backlog() -> Backlog:
    """How much waits to be folded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(posted_at) FROM ledger_posting WHERE account_version IS NULL"
        )
        postings, oldest_at = cursor.fetchone()
    return Backlog(postings=postings, oldest_at=oldest_at)


# The worst hour decides: a queue at noon is not mended by a quiet night.
_KEPT = """
    SELECT a.code, a.name, a.status, b.mode, b.releases_early,
           b.floor_minor IS NOT NULL OR b.ceiling_minor IS NOT NULL,
           b.pending_debits_minor > 0 OR b.pending_credits_minor > 0, b.is_watched,
           coalesce(w.waiters, 0), coalesce(u.postings, 0)
      FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
      LEFT JOIN (SELECT account_id, max(waiters) AS waiters FROM ledger_lock_wait
                  WHERE hour > %(since)s GROUP BY account_id) w ON w.account_id = b.account_id
      LEFT JOIN (SELECT account_id, count(*) AS postings FROM ledger_posting
                  WHERE account_version IS NULL GROUP BY account_id) u
        ON u.account_id = b.account_id
     WHERE CASE WHEN %(code)s = '' THEN w.waiters > 0 OR b.releases_early
                                       OR b.mode <> 'synchronous' OR u.postings > 0
                ELSE a.code = %(code)s END
     ORDER BY coalesce(w.waiters, 0) DESC, a.code LIMIT %(most)s
"""


def hot_accounts() -> list[KeptAccount]:
    """Accounts somebody waited for or that are kept in a way of their own, the worst first."""
    return _kept("")


def account_keeping(account: str) -> KeptAccount:
    """How one account is kept. ``AccountNotFound``, also for a header, which holds nothing."""
    found = _kept(account)
    if not found:
        raise AccountNotFound(account=account)
    return found[0]


def _kept(code: str) -> list[KeptAccount]:
    asked: dict[str, Any] = {
        "since": clock.now() - timedelta(hours=HOURS),
        "code": code,
        "most": SHOWN_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, asked)
        return [_account(_Row(*row)) for row in cursor.fetchall()]


class _Row(NamedTuple):
    """The columns of the statement."""

    account: str
    name: str
    status: str
    mode: str
    releases_early: bool
    has_limits: bool
    has_holds: bool
    is_watched: bool
    waiters: int
    unfolded: int


def _account(row: _Row) -> KeptAccount:
    keeping = Keeping(mode=BalanceMode(row.mode), releases_early=row.releases_early)
    obligations = Obligations(
        has_limits=row.has_limits, has_holds=row.has_holds, is_watched=row.is_watched
    )
    waiting = row.waiters * LOOK_SECONDS / 3600
    return KeptAccount(
        account=row.account,
        name=row.name,
        status=AccountStatus(row.status),
        keeping=keeping,
        obligations=obligations,
        waiting=waiting,
        unfolded=row.unfolded,
        advice=advised(keeping, obligations, waiting),
    )
