"""Our payments against the provider's own books."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from apps.payments.connectors.registry import connector
from apps.payments.domain.receipts import ProviderTransaction
from apps.payments.domain.states import AttemptState, Operation
from apps.payments.models import Attempt, PaymentEvent, ProviderAccount
from apps.payments.selectors.accounts import account_model
from apps.payments.selectors.statements import provider_transactions
from apps.platform import clock
from apps.platform.violations import Violation

_FAILED = (AttemptState.DECLINED, AttemptState.FAILED)
_KINDS = {"pay_in": Operation.PURCHASE, "payout": Operation.PAYOUT}


@dataclass(frozen=True, slots=True)
class _Ours:
    """One attempt as our books have it: what it moved, under which references."""

    key: str
    operation: str
    state: str
    booked_minor: int
    references: frozenset[str]


def provider_disagreements(*, label: str) -> list[Violation]:
    """Where the provider's statement says something else than our events.

    A customer who paid without being asked is no disagreement; the statement's import shows it.
    What is still under way on our side is not compared. An account without a statement has nothing
    to disagree with. ``ProviderUnreachable`` when the statement cannot be read now.
    """
    account = account_model(label)
    if not connector(account.connector).capabilities(account.config).has_statement:
        return []
    ours = _ours(account)
    day = timedelta(days=1)
    lines = provider_transactions(label, since=account.opened_at - day, until=clock.now() + day)
    theirs: dict[str, list[ProviderTransaction]] = defaultdict(list)
    for line in lines:
        if line.kind in _KINDS and line.account_reference:
            theirs[line.account_reference].append(line)
    receipts = {line.reference: line for line in lines}
    return [
        *_repeated_references(lines),
        *_strange_payouts(theirs, ours),
        *(v for one in ours.values() for v in _compare(one, _lines_of(one, theirs, receipts))),
    ]


def _lines_of(
    ours: _Ours,
    theirs: Mapping[str, list[ProviderTransaction]],
    receipts: Mapping[str, ProviderTransaction],
) -> list[ProviderTransaction]:
    """Their lines under our key; of what went under no key of ours, those of its receipts."""
    named = [line for line in theirs.get(ours.key, []) if _KINDS[line.kind] == ours.operation]
    booked = (receipts.get(reference) for reference in sorted(ours.references))
    return named or [line for line in booked if line is not None]


def _ours(account: ProviderAccount) -> dict[str, _Ours]:
    references: dict[object, set[str]] = defaultdict(set)
    booked: Counter[object] = Counter()
    rows = PaymentEvent.objects.filter(provider_account=account).exclude(booked_minor=0)
    for attempt_id, reference, minor in rows.values_list(
        "attempt_id", "provider_reference", "booked_minor"
    ):
        references[attempt_id].add(reference)
        booked[attempt_id] += minor
    attempts = Attempt.objects.filter(provider_account=account)
    return {
        key: _Ours(key, operation, state, booked[id], frozenset(references[id]))
        for id, key, operation, state in attempts.values_list(
            "id", "provider_key", "operation", "state"
        )
    }


def _repeated_references(lines: Sequence[ProviderTransaction]) -> Iterable[Violation]:
    counts = Counter(line.reference for line in lines)
    for reference, count in sorted(counts.items()):
        if count > 1:
            yield _violation("receipt_unique_at_provider", reference, f"{count} lines")


def _strange_payouts(
    theirs: dict[str, list[ProviderTransaction]], ours: dict[str, _Ours]
) -> Iterable[Violation]:
    for key, lines in sorted(theirs.items()):
        if key not in ours and any(line.kind == "payout" for line in lines):
            said = ", ".join(f"{line.reference} {line.amount}" for line in lines)
            yield _violation("payout_is_ours", key, said)


def _compare(ours: _Ours, lines: Sequence[ProviderTransaction]) -> Iterable[Violation]:
    if len(lines) > 1:
        said = ", ".join(f"{line.reference} {line.amount}" for line in lines)
        check = "payout_paid_once" if ours.operation == Operation.PAYOUT else "payment_made_once"
        yield _violation(f"{check}_at_provider", ours.key, said)
        return
    moved = abs(lines[0].amount.minor) if lines else 0
    if ours.state == AttemptState.SUCCEEDED and moved != ours.booked_minor:
        said = f"we booked {ours.booked_minor}, the provider moved {moved}"
        yield _violation("amount_agrees", ours.key, said)
    if ours.state in _FAILED and moved:
        said = f"we say {ours.state}, the provider moved {moved} as {lines[0].reference}"
        yield _violation("failure_agrees", ours.key, said)


def _violation(check: str, subject: str, detail: str) -> Violation:
    return Violation(check=f"payments.{check}", subject=subject, detail=detail)
