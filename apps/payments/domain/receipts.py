"""What use cases and selectors hand out: frozen rows, never models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.payments.domain.allocations import Allocation
from apps.payments.domain.refunds import RefundStatus
from apps.payments.domain.states import (
    AttemptState,
    CallbackState,
    Direction,
    IntentStatus,
    Operation,
)
from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class IntentReceipt:
    """A payment intent as it now stands. ``is_replay``: it had been made before by this key."""

    intent_id: UUID
    reference: str
    amount: Money
    status: IntentStatus
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class AttemptReceipt:
    """An attempt as it now stands."""

    attempt_id: UUID
    direction: Direction
    amount: Money
    state: AttemptState
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class RefundReceipt:
    """A refund as it now stands."""

    refund_id: UUID
    amount: Money
    status: RefundStatus
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccountDraft:
    """What is needed to work with an account at a provider. ``label`` names it for ever.

    ``clearing_account`` is the ledger account that mirrors the provider's; ``secrets_ref`` the path
    of its credentials; ``environment`` simulator, sandbox or live.
    """

    label: str
    name: str
    connector: str
    environment: str
    currency: str
    clearing_account: str
    fee_account: str
    secrets_ref: str
    config: Mapping[str, object]
    suspense_account: str = "2800"


@dataclass(frozen=True, slots=True)
class ProviderAccountRow:
    """A provider account and the ledger accounts its money is booked in."""

    id: UUID
    label: str
    name: str
    connector: str
    environment: str
    currency: str
    status: str
    clearing_account: str
    fee_account: str
    suspense_account: str


@dataclass(frozen=True, slots=True)
class PayoutPolicy:
    """Limits of one payout on a rail, in minor units: a multiple of ``step``, min to max.

    ``parties`` are the kinds of payee it reaches.
    """

    step_minor: int
    min_minor: int
    max_minor: int
    parties: frozenset[str] = frozenset({"phone"})


@dataclass(frozen=True, slots=True)
class PayoutOutcome:
    """What became of a payout: the state of its last attempt, and how the provider names it."""

    state: AttemptState
    provider_reference: str
    code: str


@dataclass(frozen=True, slots=True)
class IntentRow:
    """One line of the list of payments."""

    id: UUID
    reference: str
    amount: Money
    authorised: Money
    captured: Money
    refunded: Money
    disputed: Money
    capture_method: str
    status: IntentStatus
    payer: str  # masked
    description: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try at a provider, as people and other apps may see it."""

    id: UUID
    direction: Direction
    operation: Operation
    number: int
    amount: Money
    phone: str  # masked
    state: AttemptState
    provider_account: str
    provider_key: str
    provider_refs: Mapping[str, str]
    code: str
    provider_code: str
    message: str
    money_moved: str
    retry: str
    created_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    finished_at: datetime | None
    unknown_since: datetime | None
    next_check_at: datetime | None
    checks: int
    unreachable_checks: int
    sends: int
    held: str
    route: Mapping[str, Any]
    intent_id: UUID | None
    payout_ref: UUID | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One fact about a payment. ``is_effective`` is false for one that came too late to count."""

    id: UUID
    kind: str
    facet: str
    source: str
    amount: Money
    booked: Money
    fee_expected: Money
    provider_reference: str
    provider_time: datetime | None
    received_at: datetime
    journal: UUID | None
    is_effective: bool
    attempt_id: UUID | None
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """A stored callback, without its body."""

    id: UUID
    kind: str
    state: CallbackState
    received_at: datetime
    processed_at: datetime | None
    duplicates: int
    tries: int
    remote_ip: str
    body_sha256: str
    last_error: str
    attempt_id: UUID | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to a provider and its answer, with secrets and numbers covered."""

    at: datetime
    purpose: str
    request: Mapping[str, object]
    status: int | None
    answer: Mapping[str, object]
    outcome: str


@dataclass(frozen=True, slots=True)
class PaymentView:
    """Everything known about one payment, for the evidence page: each list in time order.

    ``action`` is what the payer must do now, for whoever shows the payer the way; else empty.
    """

    intent: IntentRow
    action: Mapping[str, object]
    allocation: tuple[Allocation, ...]
    metadata: Mapping[str, object]
    attempts: tuple[AttemptRow, ...]
    events: tuple[EventRow, ...]
    callbacks: tuple[CallbackRow, ...]
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class ProviderTransaction:
    """One line of the provider's own statement. ``amount`` is positive when money came in."""

    reference: str
    at: datetime
    amount: Money
    balance: Money | None
    details: str
    kind: str
    account_reference: str = ""
    counterparty: str = ""  # masked
    linked_reference: str = ""
