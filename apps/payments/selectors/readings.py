"""What waits in payments, read when somebody asks for metrics."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from psycopg import sql

from apps.payments.domain.states import CHECKABLE, SENDABLE, AttemptState, CallbackState
from apps.platform import metrics
from apps.platform.messaging.figures import figures_of_tenants
from apps.platform.messaging.tenants import Place
from apps.platform.metrics import Reading, by_tenant

# A request that a person stopped waits for that person and is nobody's backlog.
_OLDEST_DUE = """
    SELECT {slug}, extract(epoch FROM clock_timestamp() - least(
        (SELECT min(next_send_at) FROM {attempt} a
          WHERE state = ANY ({sendable}) AND next_send_at < clock_timestamp()
            AND NOT EXISTS (SELECT FROM {stop} s
                             WHERE s.provider_account_id = a.provider_account_id
                               AND s.operation = a.operation AND s.ended_at IS NULL)),
        (SELECT min(next_check_at) FROM {attempt}
          WHERE state = ANY ({checkable}) AND next_check_at < clock_timestamp()),
        (SELECT min(next_try_at) FROM {callback}
          WHERE state = {new} AND next_try_at < clock_timestamp())))
"""
_UNKNOWN_AGE = """
    SELECT {slug}, extract(epoch FROM clock_timestamp() - min(sent_at)) FROM {attempt}
     WHERE state = ANY ({unknown})
"""
_DRIFT_AGE = """
    SELECT {slug}, extract(epoch FROM clock_timestamp() - min(opened_at)) FROM {discrepancy}
     WHERE kind = 'balance' AND state = 'open'
"""
_UNREAD_AGE = """
    SELECT {slug}, extract(epoch FROM clock_timestamp()
                           - min(coalesce(watch.read_at, account.opened_at)))
      FROM {watch} watch JOIN {account} account ON account.id = watch.provider_account_id
     WHERE account.status = 'active'
"""
_DRIFT = """
    SELECT {slug} || '/' || account.label, abs(found_minor - expected_minor)
      FROM {discrepancy} discrepancy JOIN {account} account
        ON account.id = discrepancy.provider_account_id
     WHERE kind = 'balance' AND state = 'open'
"""
_UNKNOWN = (AttemptState.UNKNOWN, AttemptState.INVESTIGATE)


def register() -> None:
    """Called when the program starts."""
    for name, about, question in (
        (
            "house_payments_oldest_due_seconds",
            "How long the oldest request, question or callback that is due has waited.",
            _OLDEST_DUE,
        ),
        (
            "house_payments_oldest_unknown_seconds",
            "Since when the oldest payment with an unproved outcome has been one.",
            _UNKNOWN_AGE,
        ),
        (
            "house_payments_balance_drift_seconds",
            "Since when a provider account has held another amount than our books explain.",
            _DRIFT_AGE,
        ),
        (
            "house_payments_balance_unread_seconds",
            "How long ago the provider account that is longest unread told its balance.",
            _UNREAD_AGE,
        ),
    ):
        metrics.measure(Reading(name, about, partial(_figures, question), label="tenant"))
    drift = "By how much a provider's balance and our books differ unexplained, in minor units."
    name = "house_payments_balance_drift_minor"
    metrics.measure(Reading(name, drift, partial(_figures, _DRIFT), label="account"))


def _figures(question: str) -> Mapping[str, float]:
    """By tenant; those where nothing waits are left out."""
    return by_tenant(figures_of_tenants(partial(_part, question)))


def _part(question: str, place: Place) -> sql.Composable:
    return sql.SQL(question).format(
        slug=sql.Literal(place.slug),
        attempt=sql.Identifier(place.schema, "payments_attempt"),
        callback=sql.Identifier(place.schema, "payments_callback"),
        discrepancy=sql.Identifier(place.schema, "payments_discrepancy"),
        watch=sql.Identifier(place.schema, "payments_balance_watch"),
        account=sql.Identifier(place.schema, "payments_provider_account"),
        stop=sql.Identifier(place.schema, "payments_provider_stop"),
        sendable=sql.Literal([state.value for state in SENDABLE]),
        checkable=sql.Literal([state.value for state in CHECKABLE]),
        unknown=sql.Literal([state.value for state in _UNKNOWN]),
        new=sql.Literal(CallbackState.NEW.value),
    )
