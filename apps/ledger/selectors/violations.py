"""The laws of the books, each proven by one SQL statement over all of them.

``fast`` looks at one row for each account; ``full`` reads every entry, posting and event. Names of
the laws are those of ``README.md``. A statement answers one row for each thing that breaks its law:
what it is, and how.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

from django.db import connection

from apps.ledger.selectors import (
    closing_laws,
    hold_laws,
    hot_laws,
    item_laws,
    seal_laws,
    template_laws,
)
from apps.ledger.selectors.fx import laws as fx
from apps.platform.tenant import current_tenant_id
from apps.platform.violations import Violation

#: How many violations of one law are told; one is enough to stop the line.
TOLD_MAX = 100

_FAST = {
    "ledger.currencies_sum_to_zero": """
        SELECT s.currency, format('debits %s, credits %s', sum(s.debits), sum(s.credits))
          FROM (SELECT a.currency, b.debits_minor AS debits, b.credits_minor AS credits
                  FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
                UNION ALL
                SELECT p.currency, CASE p.side WHEN 'D' THEN p.amount_minor ELSE 0 END,
                       CASE p.side WHEN 'C' THEN p.amount_minor ELSE 0 END
                  FROM ledger_posting p WHERE p.account_version IS NULL) s
         GROUP BY s.currency HAVING sum(s.debits) <> sum(s.credits)
    """,
    "ledger.limits_hold": """
        SELECT a.code, format('balance %s, pending %s out and %s in, floor %s, ceiling %s', x.held,
                              x.pending_out, x.pending_in, b.floor_minor, b.ceiling_minor)
          FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id,
               LATERAL (SELECT b.normal_sign * (b.debits_minor - b.credits_minor) AS held,
                               CASE b.normal_sign WHEN 1 THEN b.pending_credits_minor
                                                  ELSE b.pending_debits_minor END AS pending_out,
                               CASE b.normal_sign WHEN 1 THEN b.pending_debits_minor
                                                  ELSE b.pending_credits_minor END AS pending_in) x
         WHERE (b.mode = 'synchronous' AND (x.held - x.pending_out < b.floor_minor
                                            OR x.held + x.pending_in > b.ceiling_minor))
            OR least(b.debits_minor, b.credits_minor, b.pending_debits_minor,
                     b.pending_credits_minor) < 0
    """,
    "ledger.balance_is_last_posting": """
        SELECT a.code, format('balance %s at version %s, last posting %s at version %s',
                              b.normal_sign * (b.debits_minor - b.credits_minor), b.version,
                              p.balance_after_minor, p.account_version)
          FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
          LEFT JOIN LATERAL (
               SELECT balance_after_minor, account_version FROM ledger_posting
                WHERE account_id = b.account_id AND account_version IS NOT NULL
                ORDER BY account_version DESC LIMIT 1) p ON true
         WHERE b.version <> coalesce(p.account_version, 0)
            OR b.normal_sign * (b.debits_minor - b.credits_minor)
               <> coalesce(p.balance_after_minor, 0)
    """,
    "ledger.watched_balances_are_marked": """
        SELECT a.code, format('marked as watched: %s', b.is_watched)
          FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
         WHERE b.is_watched <> (
               EXISTS (SELECT 1 FROM ledger_velocity_limit r
                        WHERE r.ended_at IS NULL AND r.currency = a.currency
                          AND (r.account_id = a.id OR r.account_class = a.account_class))
               OR EXISTS (SELECT 1 FROM ledger_balance_monitor m
                           WHERE m.ended_at IS NULL AND m.account_id = a.id))
    """,
    "ledger.accounts_are_whole": """
        SELECT a.code, 'has a balance row and is a header, or neither, or the wrong sign'
          FROM ledger_account a LEFT JOIN ledger_account_balance b ON b.account_id = a.id
         WHERE a.is_header = (b.account_id IS NOT NULL)
            OR b.normal_sign <> CASE WHEN a.account_class IN ('asset', 'expense', 'memo')
                                     THEN 1 ELSE -1 END
    """,
}

_FULL = {
    "ledger.velocity_is_counted": """
        SELECT r.code, format('account %s since %s: %s counted, %s posted', u.account_id,
                              u.window_start, u.used, x.used)
          FROM ledger_velocity_usage u
          JOIN ledger_velocity_limit r ON r.id = u.limit_id AND r.ended_at IS NULL
         CROSS JOIN LATERAL (
               SELECT CASE r.measure WHEN 'amount' THEN coalesce(sum(p.amount_minor), 0)
                                     ELSE count(DISTINCT p.entry_id) END AS used
                 FROM ledger_posting p
                 JOIN ledger_journal_entry e ON e.id = p.entry_id AND e.reverses_id IS NULL
                WHERE p.account_id = u.account_id AND p.side = r.side
                  AND r.entry_kind IN ('', e.kind)
                  AND date_trunc(r.time_window, p.posted_at, r.zone) = u.window_start) x
         WHERE u.window_start >= date_trunc(r.time_window, r.started_at, r.zone)
           AND u.used <> x.used
    """,
    "ledger.entries_balance": """
        SELECT entry_id, format('%s: debits less credits are %s', currency,
                                sum(CASE side WHEN 'D' THEN amount_minor ELSE -amount_minor END))
          FROM ledger_posting GROUP BY entry_id, currency
        HAVING sum(CASE side WHEN 'D' THEN amount_minor ELSE -amount_minor END) <> 0
    """,
    "ledger.entries_have_postings": """
        SELECT coalesce(e.id, p.entry_id),
               format('%s postings, the last is leg %s, the entry %s', coalesce(p.legs, 0), p.last,
                      CASE WHEN e.id IS NULL THEN 'is missing' ELSE 'is there' END)
          FROM ledger_journal_entry e
          FULL JOIN (SELECT entry_id, count(*) AS legs, max(leg) AS last
                       FROM ledger_posting GROUP BY entry_id) p ON p.entry_id = e.id
         WHERE e.id IS NULL OR coalesce(p.legs, 0) < 2 OR p.last <> p.legs
    """,
    "ledger.entries_are_as_written": """
        SELECT e.id, 'the entry or a posting is not what was written'
          FROM ledger_journal_entry e
          LEFT JOIN (
               SELECT p.entry_id, array_agg(a.code::text ORDER BY p.leg) AS accounts,
                      array_agg(p.side::text ORDER BY p.leg) AS sides,
                      array_agg(p.amount_minor ORDER BY p.leg) AS amounts,
                      array_agg(p.currency::text ORDER BY p.leg) AS currencies,
                      array_agg(p.clearing_key::text ORDER BY p.leg) AS clearing_keys
                 FROM ledger_posting p LEFT JOIN ledger_account a ON a.id = p.account_id
                GROUP BY p.entry_id) l ON l.entry_id = e.id
          LEFT JOIN ledger_metadata_erasure x ON x.entry_id = e.id
         WHERE (e.metadata <> '{}') <> (e.metadata_salt IS NOT NULL)
            OR e.digest IS DISTINCT FROM ledger_entry_digest_v1(
               e.tenant, e.id, e.kind, e.description, e.value_date, e.effective_at, e.posted_at,
               e.idempotency_key, e.fingerprint, e.source_event, e.reverses_id, e.reason,
               e.approval_id, e.template, e.actor, e.actor_id,
               coalesce(x.digest, ledger_metadata_digest_v1(e.metadata, e.metadata_salt)),
               l.accounts, l.sides, l.amounts, l.currencies, l.clearing_keys)
    """,
    "ledger.postings_agree_with_entry_and_account": """
        SELECT p.entry_id, format('leg %s on %s: date, instant, currency or tenant differ', p.leg,
                                  coalesce(a.code, p.account_id::text))
          FROM ledger_posting p
          LEFT JOIN ledger_journal_entry e ON e.id = p.entry_id
          LEFT JOIN ledger_account a ON a.id = p.account_id
         WHERE (p.value_date, p.posted_at, p.tenant) IS DISTINCT FROM
               (e.value_date, e.posted_at, e.tenant)
            OR (p.currency, p.tenant) IS DISTINCT FROM (a.currency, a.tenant)
    """,
    "ledger.balances_are_their_postings": """
        SELECT coalesce(a.code, f.account_id::text),
               format('stored %s/%s at version %s, postings %s/%s, %s of them', b.debits_minor,
                      b.credits_minor, b.version, f.debits, f.credits, f.postings)
          FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
          FULL JOIN (
               SELECT account_id, count(*) AS postings,
                      coalesce(sum(amount_minor) FILTER (WHERE side = 'D'), 0) AS debits,
                      coalesce(sum(amount_minor) FILTER (WHERE side = 'C'), 0) AS credits
                 FROM ledger_posting WHERE account_version IS NOT NULL
                GROUP BY account_id) f ON f.account_id = b.account_id
         WHERE b.account_id IS NULL OR b.version <> coalesce(f.postings, 0)
            OR b.debits_minor <> coalesce(f.debits, 0) OR b.credits_minor <> coalesce(f.credits, 0)
    """,
    "ledger.postings_run_on": """
        SELECT a.code, format('version %s: balance after is %s, the sum so far is %s; number %s',
                              r.account_version, r.balance_after_minor, r.running, r.number)
          FROM (SELECT p.account_id, p.account_version, p.balance_after_minor,
                       row_number() OVER so_far AS number,
                       b.normal_sign * sum(CASE p.side WHEN 'D' THEN p.amount_minor
                                                       ELSE -p.amount_minor END) OVER so_far
                           AS running
                  FROM ledger_posting p
                  JOIN ledger_account_balance b ON b.account_id = p.account_id
                 WHERE p.account_version IS NOT NULL OR b.mode = 'synchronous'
                WINDOW so_far AS (PARTITION BY p.account_id ORDER BY p.account_version
                                  ROWS UNBOUNDED PRECEDING)) r
          JOIN ledger_account a ON a.id = r.account_id
         WHERE (r.number, r.running) IS DISTINCT FROM (r.account_version, r.balance_after_minor)
    """,
    "ledger.days_are_their_postings": """
        SELECT coalesce(a.code, coalesce(d.account_id, f.account_id)::text),
               format('%s, recorded %s: stored %s/%s, postings %s/%s',
                      coalesce(d.value_date, f.value_date),
                      coalesce(d.recorded_date, f.recorded_date),
                      d.debits_minor, d.credits_minor, f.debits, f.credits)
          FROM ledger_balance_day d
          FULL JOIN (
               SELECT account_id, value_date,
                      (posted_at AT TIME ZONE 'UTC')::date AS recorded_date,
                      coalesce(sum(amount_minor) FILTER (WHERE side = 'D'), 0) AS debits,
                      coalesce(sum(amount_minor) FILTER (WHERE side = 'C'), 0) AS credits
                 FROM ledger_posting WHERE account_version IS NOT NULL
                GROUP BY account_id, value_date, recorded_date) f
            ON f.account_id = d.account_id AND f.value_date = d.value_date
           AND f.recorded_date = d.recorded_date
          LEFT JOIN ledger_account a ON a.id = coalesce(d.account_id, f.account_id)
         WHERE (d.debits_minor, d.credits_minor) IS DISTINCT FROM (f.debits, f.credits)
    """,
    "ledger.entries_are_announced": """
        SELECT coalesce(e.id::text, o.entry_id),
               CASE WHEN e.id IS NULL THEN 'an event tells of an entry that is not there'
                    ELSE format('%s events tell of it', coalesce(o.events, 0)) END
          FROM ledger_journal_entry e
          FULL JOIN (
               SELECT payload ->> 'entry_id' AS entry_id, count(*) AS events
                 FROM platform_outbox_message WHERE name = 'ledger.entry_posted' GROUP BY 1) o
            ON o.entry_id = e.id::text
         WHERE e.id IS NULL OR o.events <> 1
            OR o.events IS NULL AND e.posted_at >= coalesce(  -- older events have been removed
               (SELECT events_since FROM platform_retention), '-infinity')
    """,
    "ledger.rows_have_their_tenant": """
        SELECT x.what, format('%s rows marked with another tenant', count(*))
          FROM (SELECT 'account' AS what, tenant FROM ledger_account
                UNION ALL SELECT 'account_balance', tenant FROM ledger_account_balance
                UNION ALL SELECT 'balance_day', tenant FROM ledger_balance_day
                UNION ALL SELECT 'journal_entry', tenant FROM ledger_journal_entry
                UNION ALL SELECT 'hold', tenant FROM ledger_hold
                UNION ALL SELECT 'hold_leg', tenant FROM ledger_hold_leg
                UNION ALL SELECT 'hold_movement', tenant FROM ledger_hold_movement) x
         WHERE x.tenant <> %(tenant)s GROUP BY x.what
    """,
}


#: What an audit may look at: one row for each account, or everything.
Mode = Literal["fast", "full"]


def books_laws(mode: Mode = "full") -> dict[str, str]:
    """The statement of every law by its name."""
    fast = _FAST | hold_laws.FAST | hot_laws.FAST | item_laws.FAST | seal_laws.FAST
    return (
        fast
        if mode == "fast"
        else fast
        | _FULL
        | closing_laws.FULL
        | hold_laws.FULL
        | fx.FULL
        | item_laws.FULL
        | seal_laws.FULL
        | template_laws.FULL
    )


def books_violations(mode: Mode = "full", only: Collection[str] = ()) -> list[Violation]:
    """Every law that does not hold in the present tenant's books; empty when they are sound.

    At most ``TOLD_MAX`` of each law; ``only`` names the laws to ask, when not all. Reads one
    snapshot, so postings under way do not disturb it when the caller has opened a repeatable-read
    transaction; each law alone is always consistent.
    """
    return [
        violation
        for law, query in books_laws(mode).items()
        if not only or law in only
        for violation in _broken(law, query)
    ]


def _broken(law: str, query: str) -> Iterator[Violation]:
    with connection.cursor() as cursor:
        # The laws use format('%s'): double the signs that are not parameters.
        escaped = query.replace("%", "%%").replace("%%(tenant)s", "%(tenant)s")
        told = f"SELECT * FROM ({escaped}) broken LIMIT {TOLD_MAX}"  # noqa: S608  our own text
        cursor.execute(told, {"tenant": current_tenant_id()})
        for subject, detail in cursor.fetchall():
            yield Violation(check=law, subject=str(subject), detail=detail)
