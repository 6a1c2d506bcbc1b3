"""Figures about the seal, the breaker, hot accounts and clearing, read at each scrape."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from psycopg import sql

from apps.platform import metrics
from apps.platform.messaging.figures import figures_of_tenants
from apps.platform.messaging.tenants import Place
from apps.platform.metrics import Reading, by_tenant

#: Rows are counted up to here; beyond it the figure only says "very many".
COUNT_MAX = 10_000
_UNSEALED = """
    SELECT count(*) FROM (
        SELECT FROM {entry} e
         WHERE e.txid >= coalesce(
               (SELECT horizon FROM {seal_batch} ORDER BY number DESC LIMIT 1), '0')
           AND NOT EXISTS (SELECT FROM {seal} s WHERE s.entry_id = e.id)
         LIMIT {most}) waiting
"""
_AGE = """
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(e.posted_at)), 0) FROM {entry} e
     WHERE e.txid >= coalesce(
           (SELECT horizon FROM {seal_batch} ORDER BY number DESC LIMIT 1), '0')
       AND NOT EXISTS (SELECT FROM {seal} s WHERE s.entry_id = e.id)
"""
_UNANCHORED = "SELECT count(*) FROM {seal_batch} WHERE anchored_at IS NULL"
_UNFOLDED = """
    SELECT count(*) FROM (
        SELECT FROM {posting} WHERE account_version IS NULL LIMIT {most}) waiting
"""
_UNFOLDED_AGE = """
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(posted_at)), 0)
      FROM {posting} WHERE account_version IS NULL
"""
# Sampled every LOOK_SECONDS; the running hour is shorter, so it is told too low rather than high.
_WAITING = """
    SELECT coalesce(max(waiters), 0) * 5.0 / 3600 FROM {lock_wait}
     WHERE hour >= date_trunc('hour', now()) - interval '1 hour'
"""
_CLEARING_AGE = """
    SELECT coalesce(extract(epoch FROM now() - min(k.first_date)), 0) FROM {clearing_key} k
     WHERE k.debits_minor <> k.credits_minor
"""
_CLEARING_LATE = """
    SELECT count(*) FROM {clearing_key} k JOIN {item_rule} r ON r.account_id = k.account_id
     WHERE k.debits_minor <> k.credits_minor
       AND current_date - k.first_date > r.clears_within_days
"""
_STOPPED = "SELECT count(*) FROM {breaker} WHERE closed_at IS NULL"


def register() -> None:
    """Called when the program starts."""
    told = {
        "house_ledger_unsealed_entries": ("Entries that have no seal yet.", _UNSEALED),
        "house_ledger_unsealed_age_seconds": ("Age of the oldest entry without a seal.", _AGE),
        "house_ledger_unfolded_postings": (
            f"Postings that no balance holds yet, counted up to {COUNT_MAX}.",
            _UNFOLDED,
        ),
        "house_ledger_unfolded_age_seconds": (
            "Age of the oldest posting that no balance holds yet.",
            _UNFOLDED_AGE,
        ),
        "house_ledger_account_waiters": (
            "Postings waiting for the hottest account on average, in this hour or the last.",
            _WAITING,
        ),
        "house_ledger_unanchored_heads": ("Heads not yet kept outside.", _UNANCHORED),
        "house_ledger_oldest_open_key_age_seconds": (
            "Since the first value date of the oldest clearing key that is not at zero.",
            _CLEARING_AGE,
        ),
        "house_ledger_late_open_keys": (
            "Clearing keys not at zero within the days their account expects.",
            _CLEARING_LATE,
        ),
        "house_ledger_posting_stopped": ("1 while posting is stopped.", _STOPPED),
    }
    for name, (about, query) in told.items():
        metrics.measure(
            Reading(name, about, lambda query=query: by_tenant(figures(query)), label="tenant")  # type: ignore[misc]  # the query is bound
        )


def figures(query: str) -> Mapping[str, float]:
    """The figure of each ready tenant that is not zero, by slug."""
    return figures_of_tenants(partial(_part, query))


def _part(query: str, place: Place) -> sql.Composable:
    tables = {
        name: sql.Identifier(place.schema, f"ledger_{table}")
        for name, table in {
            "entry": "journal_entry",
            "seal": "seal",
            "seal_batch": "seal_batch",
            "breaker": "posting_breaker",
            "posting": "posting",
            "lock_wait": "lock_wait",
            "clearing_key": "clearing_key",
            "item_rule": "item_rule",
        }.items()
    }
    figure = sql.SQL(query).format(most=sql.Literal(COUNT_MAX), **tables)
    return sql.SQL("SELECT {slug}, ({figure})").format(slug=sql.Literal(place.slug), figure=figure)
