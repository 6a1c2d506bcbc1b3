"""What the provider and our books do not say alike: opened by comparing, closed by agreement or
by a person who explains it.
"""

from __future__ import annotations

from uuid import UUID

from apps.payments.connectors.base import ProviderFact
from apps.payments.domain.balances import DiscrepancyKind, DiscrepancyState
from apps.payments.errors import AlreadyDecided, UseReasonMissing
from apps.payments.errors.operators import UnknownDiscrepancy
from apps.payments.events.operators import DiscrepancyClosed, DiscrepancyOpened
from apps.payments.models import Attempt, Discrepancy, ProviderAccount, ProviderBalance
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case


@use_case("payments.take_discrepancy")
def take_discrepancy(*, discrepancy_id: UUID, actor: Actor) -> None:
    """The person looks into it from now on."""
    row = _open(discrepancy_id)
    row.owner_id, row.owner_name = actor.id, actor.name
    row.save(update_fields=["owner_id", "owner_name"])
    audit.note(public_id("dcy", row.id))


@use_case("payments.explain_discrepancy")
def explain_discrepancy(*, discrepancy_id: UUID, explanation: str, actor: Actor) -> None:
    """Close it with what explains it. No money moves here; another difference opens another."""
    row = _open(discrepancy_id)
    if not explanation.strip():
        raise UseReasonMissing
    row.explanation, row.explained_by = explanation.strip()[:1000], str(actor)
    _close(row, DiscrepancyState.EXPLAINED)
    audit.note(public_id("dcy", row.id))


def compare_fee(event_id: UUID, attempt: Attempt, fact: ProviderFact, tariff: Money | None) -> None:
    """Within ``learn``: the fee that the provider says it kept, against its tariff."""
    kept = fact.fee
    if kept is None or tariff is None or kept == tariff or kept.currency != tariff.currency:
        return
    said = f"{fact.reference}: the provider kept {kept}, its tariff says {tariff}."
    _write(attempt.provider_account, DiscrepancyKind.FEE, tariff, kept, said, event_id=event_id)


def compare_balance(account: ProviderAccount, reading: ProviderBalance) -> None:
    """With the account locked: open, keep or close its discrepancy by a new reading.

    What a person explained stays explained as long as it is the same amount.
    """
    found = Money(reading.held_minor, reading.currency)
    expected = Money(reading.held_minor - reading.unexplained_minor, reading.currency)
    rows = Discrepancy.objects.filter(provider_account=account, kind=DiscrepancyKind.BALANCE)
    row = rows.select_for_update().filter(state=DiscrepancyState.OPEN).first()
    said = f"The provider holds {found}; by our books it should be {expected}."
    if not reading.unexplained_minor:
        if row is not None:
            _close(row, DiscrepancyState.VANISHED)
    elif row is not None:
        row.expected_minor, row.found_minor = expected.minor, found.minor
        row.said, row.seen_at = said, reading.at
        row.save(update_fields=["expected_minor", "found_minor", "said", "seen_at"])
    elif not _is_explained(account, reading.unexplained_minor):
        _write(account, DiscrepancyKind.BALANCE, expected, found, said)


def _is_explained(account: ProviderAccount, unexplained_minor: int) -> bool:
    last = (
        Discrepancy.objects.filter(provider_account=account, kind=DiscrepancyKind.BALANCE)
        .order_by("-opened_at", "-id")
        .first()
    )
    if last is None or last.state != DiscrepancyState.EXPLAINED:
        return False
    return last.found_minor - last.expected_minor == unexplained_minor


def _write(
    account: ProviderAccount,
    kind: DiscrepancyKind,
    expected: Money,
    found: Money,
    said: str,
    *,
    event_id: UUID | None = None,
) -> None:
    now = clock.now()
    row = Discrepancy.objects.create(
        provider_account=account,
        kind=kind,
        event_id=event_id,
        expected_minor=expected.minor,
        found_minor=found.minor,
        currency=found.currency,
        said=said[:300],
        opened_at=now,
        seen_at=now,
    )
    name = public_id("dcy", row.id)
    record(DiscrepancyOpened(name, kind, account.label, expected, found), aggregate=name)


def _close(row: Discrepancy, state: DiscrepancyState) -> None:
    row.state, row.closed_at = state, clock.now()
    row.save(update_fields=["state", "closed_at", "explanation", "explained_by"])
    name = public_id("dcy", row.id)
    label = row.provider_account.label
    record(DiscrepancyClosed(name, row.kind, label, row.explanation), aggregate=name)


def _open(discrepancy_id: UUID) -> Discrepancy:
    row = (
        Discrepancy.objects.select_for_update(of=("self",))
        .select_related("provider_account")
        .filter(id=discrepancy_id)
        .first()
    )
    name = public_id("dcy", discrepancy_id)
    if row is None:
        raise UnknownDiscrepancy(discrepancy=name)
    if row.state != DiscrepancyState.OPEN:
        raise AlreadyDecided(thing=name, state=row.state)
    return row
