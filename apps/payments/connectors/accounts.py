"""What a provider says and can be asked about a whole account, not about one attempt.

Some providers send everything to one signed address of the account. What comes there is stored like
any callback, and what it says about attempts, disputes, pay-ins, payouts to our bank and balances
is found by our own ids, or by the provider's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol, runtime_checkable
from uuid import UUID

from apps.payments.connectors.base import (
    Context,
    HttpReply,
    ProviderError,
    RawCallback,
    RawExchange,
    Result,
)
from apps.payments.domain.disputes import DisputeStage, DisputeStatus
from apps.payments.domain.states import Operation
from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """Whether a callback is the provider's own. ``why`` says what is wrong, without the secret."""

    is_genuine: bool
    why: str = ""


GENUINE = SignatureVerdict(is_genuine=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutAttempt:
    """News of one attempt of this account.

    Found by our id, else by our key, else as the one attempt of ``operation`` that knows all of
    ``refs``. A result of ``UNKNOWN`` without facts is a hint: the provider is asked soon.
    """

    result: Result
    attempt_id: UUID | None = None
    provider_key: str = ""
    refs: Mapping[str, str] = field(default_factory=dict)
    operation: Operation | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeMovement:
    """Money that moved because of a dispute; ``dedupe`` names it for ever within the account."""

    kind: Literal["withdrawn", "reinstated", "fee", "fee_returned"]
    amount: Money
    dedupe: str
    provider_time: datetime | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeReport:
    """A dispute as the provider tells it now, and the movements it tells of.

    The disputed payment is found like an attempt: a purchase or capture, by our id or its refs.
    Money is booked by movements, never by a status.
    """

    reference: str
    amount: Money
    stage: DisputeStage
    status: DisputeStatus
    reason: str
    updated_at: datetime
    opened_at: datetime | None = None
    due_by: datetime | None = None
    attempt_id: UUID | None = None
    attempt_refs: Mapping[str, str] = field(default_factory=dict)
    movements: tuple[DisputeMovement, ...] = ()
    refs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutDispute:
    """News of a dispute. Without a ``report`` it is a hint: the provider is asked about it soon."""

    reference: str
    report: DisputeReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPayIn:
    """Money that somebody paid unasked. ``account_reference`` is what the payer typed."""

    dedupe: str
    amount: Money
    reference: str
    account_reference: str
    payer: str
    provider_time: datetime
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutBankPayout:
    """The provider pays our balance out to our bank; a failed one may have been paid before."""

    dedupe: str
    reference: str
    amount: Money
    status: Literal["pending", "in_transit", "paid", "failed", "canceled"]
    arrival_at: datetime | None = None
    provider_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceReading:
    """The provider's own balance in one currency; ``name`` tells its sub-accounts apart."""

    available: Money
    pending: Money | None = None
    reserved: Money | None = None
    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutBalance:
    """The provider tells its balances, asked or not."""

    readings: tuple[BalanceReading, ...]
    dedupe: str = ""


News = AboutAttempt | AboutDispute | AboutPayIn | AboutBankPayout | AboutBalance


@runtime_checkable
class AccountWebhookReader(Protocol):
    """Is called back at addresses of the account: ``/in/<inbound_name>/<token>[/<kind>]``.

    The address without a kind is ``events``. ``callback_headers`` are the headers to keep, in lower
    case. None of the methods raises for what came in.
    """

    account_kinds: ClassVar[frozenset[str]]
    callback_headers: ClassVar[frozenset[str]]

    def authenticate(self, context: Context, callback: RawCallback) -> SignatureVerdict:
        """Is it genuine? Called before it is stored as news; may use the cache and ``http``.

        What is not genuine is answered like the genuine, kept in quarantine and never read.
        """

    def identify_event(self, callback: RawCallback) -> str:
        """The provider's name of this event, the same for each delivery of it."""

    def read_event(self, context: Context, callback: RawCallback) -> Sequence[News]:
        """What it says; nothing when it is of no interest. Makes no call: a hint is followed."""

    def acknowledge_event(self, kind: str) -> HttpReply:
        """What to answer once it is stored."""


@dataclass(frozen=True, slots=True)
class BalanceAnswer:
    """What the provider answered about its balances. ``is_asked``: they come by callback."""

    readings: tuple[BalanceReading, ...] = ()
    is_asked: bool = False
    error: ProviderError | None = None
    exchange: RawExchange | None = None


@runtime_checkable
class BalanceSource(Protocol):
    """Tells how much it holds for us."""

    def balances(self, context: Context) -> BalanceAnswer:
        """Its balances now, one reading per currency and sub-account. Never raises."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One document that speaks for us. ``kind`` is the provider's slot for it, if known."""

    name: str
    content_type: str
    body: bytes
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeView:
    """The dispute a connector works for."""

    id: UUID
    reference: str
    amount: Money
    refs: Mapping[str, str]
    provider_key: str


@runtime_checkable
class DisputeHandler(Protocol):
    """Lets disputes be read and answered."""

    def disputes(self, context: Context, since: datetime) -> Sequence[DisputeReport]:
        """Disputes changed since then; ``ValueError`` when they cannot be read."""

    def read_dispute(self, context: Context, reference: str) -> DisputeReport | None:
        """One dispute as it stands; nothing when it cannot be read now."""

    def submit_evidence(
        self, context: Context, dispute: DisputeView, text: str, files: Sequence[EvidenceFile]
    ) -> Result:
        """Hand in our side, once and for all; ``dispute.provider_key`` is its idempotency key."""

    def accept_dispute(self, context: Context, dispute: DisputeView) -> Result:
        """Give in."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Whether the provider now calls the account's addresses; ``said`` is for people."""

    is_registered: bool
    said: str = ""


@runtime_checkable
class CallbackRegistrar(Protocol):
    """Can be told where to call back."""

    def register(self, context: Context) -> Registration:
        """Have it call ``context.account_url``; doing it again changes nothing."""
