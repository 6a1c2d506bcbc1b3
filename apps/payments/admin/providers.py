"""How each provider does, and letting nothing leave for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.http import HttpRequest, QueryDict

from apps.console.pages import Action, QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Note, Ref, Status, Value
from apps.payments.domain.breaking import BreakerState
from apps.payments.domain.states import Operation
from apps.payments.selectors import ProviderHealth, provider_health, suspended_count
from apps.payments.services import (
    register_callbacks,
    resume_provider,
    stop_provider,
    trust_provider,
)
from apps.platform.money import Money

PERMISSION = "payments.view"
OPERATE = "payments.operate"


class ProvidersPage(QueuePage):
    """One line for each operation of each provider account."""

    permission = PERMISSION
    title = "Providers"
    nav = "payments_providers"
    columns: ClassVar[Sequence[str]] = (
        "Account", "Operation", "Requests", "Last minute", "Last 24 hours", "Waiting", "Amounts",
        "Sent twice?",
    )  # fmt: skip
    empty_title = "No provider account"
    empty_advice = "Open one, and its payments and payouts are watched here."

    def rows(self) -> Sequence[QueueRow]:
        """By label."""
        return [_row(health) for health in provider_health()]

    def do_stop(self, key: str, form: QueryDict) -> str:
        """By hand, with a reason."""
        account, operation = _named(key)
        stop_provider(
            provider_account=account,
            operation=operation,
            reason=form.get("text", ""),
            actor=self.actor,
        )
        return "Nothing leaves any more; what was sent is still asked about."

    def do_resume(self, key: str, form: QueryDict) -> str:
        """End the stop."""
        account, operation = _named(key)
        resume_provider(provider_account=account, operation=operation, actor=self.actor)
        return "Requests leave again."

    def do_trust(self, key: str, form: QueryDict) -> str:
        """Close the breaker."""
        account, operation = _named(key)
        trust_provider(provider_account=account, operation=operation, actor=self.actor)
        return "Requests leave again; troubles are counted anew."

    def do_register(self, key: str, form: QueryDict) -> str:
        """Tell the provider where to call the account back."""
        account, _operation = _named(key)
        said = register_callbacks(provider_account=account, actor=self.actor)
        return said.said or ("Registered." if said.is_registered else "The provider refused.")


def _named(key: str) -> tuple[str, Operation]:
    account, _, operation = key.rpartition(":")
    return account, Operation(operation)


def _row(health: ProviderHealth) -> QueueRow:
    rate = health.success_rate
    over = f"{health.succeeded} succeeded, {health.refused} refused, {health.unknown} unknown"
    return QueueRow(
        key=f"{health.account}:{health.operation}",
        cells=[
            Note(Ref(health.account), health.name),
            health.operation.value.capitalize(),
            _state(health),
            _last_minute(health),
            Note("" if rate is None else f"{rate} %", over),
            Note(str(health.waiting), _since(health)),
            _amounts(health),
            _twice(health),
        ],
        url="",
        actions=_actions(health),
    )


def _state(health: ProviderHealth) -> Value:
    if health.stop is not None:
        return Note(Status("stopped", tone="bad"), f"{health.stop.reason} ({health.stop.by})")
    if not health.is_active:
        return Note(Status("paused", tone="warn"), "The account is paused.")
    if health.breaker is None:
        return Note(Status("leaving", tone="warn"), "Redis is away: nothing is counted.")
    if health.breaker.state == BreakerState.CLOSED:
        return Status("leaving", tone="good")
    if health.breaker.state == BreakerState.TRYING:
        return Note(Status("trying", tone="warn"), "A few leave, to see whether it is well again.")
    return Note(Status("waiting", tone="bad"), "Too many met trouble; a few are tried soon.")


def _last_minute(health: ProviderHealth) -> Value:
    if health.breaker is None or not health.breaker.calls:
        return None
    return Note(f"{health.breaker.calls} sent", f"{health.breaker.troubles} met trouble")


def _since(health: ProviderHealth) -> str:
    if health.oldest_waiting is None:
        return ""
    return f"since {health.oldest_waiting:%d %b %H:%M} UTC"


def _amounts(health: ProviderHealth) -> Value:
    spans = [
        f"{Money(policy.least, currency)} to {Money(policy.most, currency)}"
        for currency, policy in sorted(health.amounts.items())
    ]
    pace = f"{health.sends_per_second} a second" if health.sends_per_second else ""
    return Note("; ".join(spans), pace)


def _twice(health: ProviderHealth) -> str:
    if not health.key.is_honoured:
        return "never: the provider knows no key"
    if health.key.window is None:
        return "with its key, at any time"
    return f"with its key, for {health.key.window}"


def _actions(health: ProviderHealth) -> list[Action]:
    if health.stop is not None:
        return [
            Action(
                name="resume", key="r", label="Resume", icon="play_arrow", permission=OPERATE,
                confirm="What waits leaves at once.",
            )
        ]  # fmt: skip
    found = [
        Action(
            name="stop", key="s", label="Stop", look="danger", icon="block", permission=OPERATE,
            asks="Reason",
            confirm="Nothing leaves for this operation until somebody resumes it.",
        )
    ]  # fmt: skip
    if health.can_register:
        found.append(
            Action(
                name="register", label="Register callbacks", icon="webhook", permission=OPERATE,
                confirm="The provider is told the addresses where it calls us. Again is safe.",
            )
        )  # fmt: skip
    if health.breaker is not None and health.breaker.state != BreakerState.CLOSED:
        found.insert(
            0,
            Action(
                name="trust", key="t", label="Send again now", icon="electrical_services",
                permission=OPERATE,
                confirm="What waits leaves at once, and troubles are counted anew.",
            ),
        )  # fmt: skip
    return found


def _suspended(_request: HttpRequest) -> int | None:
    return suspended_count() or None


register_view("payments/providers", ProvidersPage, name="payments_providers")
register_page(
    "Money in", "Providers", "hub", "console:payments_providers", PERMISSION,
    badge=_suspended, order=40,
)  # fmt: skip
