"""What a payment provider can be asked, one small promise at a time.

A connector implements the promises its provider keeps and no others. It is stateless: for each
call the core hands it a ``Context`` with everything it may use. It never raises for what a provider
does; whatever it does not recognise is ``UNKNOWN``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Literal, Protocol, runtime_checkable
from uuid import UUID

from apps.payments.domain.merging import EventKind
from apps.payments.domain.receipts import ProviderTransaction
from apps.payments.domain.states import Operation, Outcome, Step
from apps.payments.domain.tariffs import Tariff
from apps.platform.http import HttpClient
from apps.platform.money import Money

MoneyMoved = Literal["no", "yes", "unknown"]
Retry = Literal["never", "same_key", "after_verify", "new_attempt"]
CallbackAuth = Literal["path_secret", "hmac", "certificate", "none"]
PartyKind = Literal[
    "none", "phone", "email", "token", "bank_account", "shortcode", "receipt"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class AmountPolicy:
    """What amounts the provider moves, in minor units: from, to, and in steps of."""

    least: int
    most: int
    step: int = 1


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """Whether the provider knows our key again. ``window`` is how long; nothing means for ever.

    With ``is_honoured`` false the operation is never sent twice: a lost answer can only be asked
    about.
    """

    is_honoured: bool
    longest: int
    window: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CapturePolicy:
    """How authorised money may be taken. ``valid_for`` is how long an authorisation stands."""

    is_partial: bool = False
    is_multiple: bool = False
    valid_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """How captured money may be given back. ``window`` is for how long; nothing means for ever."""

    is_partial: bool = False
    window: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connector can do with one provider account.

    The capability matrix that people see is made of this and of the promises the connector keeps.
    ``parties`` says what kinds of payer or payee an operation takes; a phone where it is silent.
    """

    operations: frozenset[Operation]
    amounts: Mapping[tuple[Operation, str], AmountPolicy]
    keys: Mapping[Operation, KeyPolicy]
    callback_auth: CallbackAuth
    secret_names: tuple[str, ...]
    has_statement: bool
    captures: CapturePolicy = CapturePolicy()
    refunds: RefundPolicy = RefundPolicy()
    parties: Mapping[Operation, frozenset[PartyKind]] = field(default_factory=dict)

    @property
    def currencies(self) -> tuple[str, ...]:
        """Every currency in which something can be done."""
        return tuple(sorted({currency for _operation, currency in self.amounts}))


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """A provider account, as its connector sees it."""

    label: str
    environment: str
    base_url: str
    currency: str
    config: Mapping[str, object]


class Cache(Protocol):
    """Shared by all workers; keys already carry the tenant. Times are in seconds."""

    def get(self, key: str) -> str | None:
        """The value, or nothing."""

    def set(self, key: str, value: str, timeout: int) -> None:
        """Keep a value."""

    def add(self, key: str, value: str, timeout: int) -> bool:
        """Keep a value unless there is one; true if this call did it."""

    def delete(self, key: str) -> bool:
        """Forget a value."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a connector may use for one call.

    ``callback_url`` gives the attempt's own address of a kind, ``account_url`` the account's;
    ``secret`` reads a credential at the last moment.
    """

    account: AccountConfig
    http: HttpClient
    cache: Cache
    secret: Callable[[str], str]
    now: Callable[[], datetime]
    timeout_seconds: float
    callback_url: Callable[[str], str] = lambda _kind: ""
    account_url: Callable[[str], str] = lambda _kind: ""


@dataclass(frozen=True, slots=True)
class Party:
    """Who pays or is paid, as the provider must be told.

    ``value`` is the phone number, the address or the provider's own token of a payment method or a
    payee; never a card number. ``details`` holds what a bank account needs besides.
    """

    kind: PartyKind = "none"
    value: str = ""
    name: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParentView:
    """The attempt that another builds on: the authorisation of a capture or void, the purchase or
    capture of a refund.
    """

    id: UUID
    operation: Operation
    amount: Money
    provider_key: str
    provider_refs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AttemptView:
    """The attempt a connector works for. ``reference`` and ``description`` are for people.

    ``is_last_capture`` says that what is left of the authorisation is to be released. A payer who
    was sent to the provider's own page comes back to ``return_url``.
    """

    id: UUID
    operation: Operation
    amount: Money
    phone: str
    reference: str
    description: str
    provider_key: str
    provider_refs: Mapping[str, str]
    created_at: datetime
    sent_at: datetime | None = None
    party: Party = Party()
    parent: ParentView | None = None
    is_last_capture: bool = True
    reason: str = ""
    return_url: str = ""
    step: Step = Step.SUBMIT
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderFact:
    """A fact as the provider states it. ``dedupe`` names it for ever within the account.

    ``SUCCEEDED`` says that what the attempt asks for has happened, of an authorisation that the
    money is held; ``REVERSED`` that it had happened and was undone later: a payout or refund that
    came back, an authorisation that lapsed. ``reference`` is what the provider's books call the
    movement of money; ``fee`` what it kept of it, where it says so.
    """

    kind: EventKind
    dedupe: str
    amount: Money | None = None
    fee: Money | None = None
    reference: str = ""
    provider_time: datetime | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderError:
    """Why it did not simply succeed, in our words and in the provider's."""

    standard: str
    provider_code: str
    message: str
    money_moved: MoneyMoved
    retry: Retry
    retry_after_seconds: int = 0


@dataclass(frozen=True, slots=True)
class RawExchange:
    """A request and its answer with secrets and phone numbers covered."""

    request: Mapping[str, object]
    status: int | None
    answer: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PayerAction:
    """What the payer must do next: go to ``url``, or confirm in a form that needs the secret.

    Handed to whoever asked for the payment; the evidence holds neither.
    """

    kind: Literal["redirect", "client_secret", "phone"]
    url: str = ""
    client_secret: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How an exchange ended and what was learned.

    ``ACCEPTED`` with an ``action`` waits for the payer. ``APPROVED`` says that the payer has done
    it and that the provider now waits for our ``complete``.
    """

    outcome: Outcome
    provider_refs: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[ProviderFact, ...] = ()
    error: ProviderError | None = None
    exchange: RawExchange | None = None
    is_unreachable: bool = False
    action: PayerAction | None = None


@dataclass(frozen=True, slots=True)
class RawCallback:
    """A callback's bytes, and which of the addresses they came to.

    ``headers`` are those the reader asked to be kept, their names in lower case.
    """

    kind: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What a callback says. ``payer`` is the phone number in whatever disguise it was shown."""

    result: Result
    payer: str = ""
    shortcode: str = ""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What the provider wants to hear."""

    body: Mapping[str, object]
    status: int = 200


@runtime_checkable
class Connector(Protocol):
    """Every connector: its name, what it can do, and what configuration it needs."""

    code: ClassVar[str]
    inbound_name: ClassVar[str]  # the part of callback addresses that names the connector

    def capabilities(self, config: Mapping[str, object]) -> Capabilities:
        """What an account with this configuration can do."""

    def problems(self, config: Mapping[str, object]) -> Mapping[str, str]:
        """What is wrong with a configuration, by field; empty when it is right."""

    def tariff(self, config: Mapping[str, object]) -> Tariff | None:
        """The price list the account was promised, if it is known."""


@runtime_checkable
class Collector(Protocol):
    """Asks a payer to pay."""

    def collect(self, context: Context, attempt: AttemptView) -> Result:
        """Ask the payer once."""


@runtime_checkable
class Completer(Protocol):
    """Needs a second call of ours once the payer has approved (PayPal's orders do)."""

    def complete(self, context: Context, attempt: AttemptView) -> Result:
        """Take or hold the approved money once, under a key made of the attempt's."""


@runtime_checkable
class Authoriser(Protocol):
    """Holds a payer's money without taking it."""

    def authorise(self, context: Context, attempt: AttemptView) -> Result:
        """Ask the payer once; ``SUCCEEDED`` says how much is held."""


@runtime_checkable
class Capturer(Protocol):
    """Takes money that is held."""

    def capture(self, context: Context, attempt: AttemptView) -> Result:
        """Take the attempt's amount of what ``attempt.parent`` holds."""


@runtime_checkable
class Voider(Protocol):
    """Lets go of money that is held."""

    def void(self, context: Context, attempt: AttemptView) -> Result:
        """Release what ``attempt.parent`` still holds."""


@runtime_checkable
class Refunder(Protocol):
    """Gives captured money back."""

    def refund(self, context: Context, attempt: AttemptView) -> Result:
        """Give back the attempt's amount of what ``attempt.parent`` brought."""


@runtime_checkable
class Disburser(Protocol):
    """Sends money out."""

    def pay_out(self, context: Context, attempt: AttemptView) -> Result:
        """Send the money once, under the attempt's key."""


@runtime_checkable
class Verifier(Protocol):
    """Can be asked what became of an attempt. Needed for every operation that is not idempotent."""

    def verify(self, context: Context, attempt: AttemptView) -> Result:
        """Ask. ``ACCEPTED`` means still open, ``ASKED`` that the answer comes to a callback."""


@runtime_checkable
class WebhookReader(Protocol):
    """Calls us back."""

    callback_kinds: ClassVar[frozenset[str]]

    def identify(self, callback: RawCallback) -> str:
        """The provider's name of this message, for counting duplicates. Never raises."""

    def interpret(self, callback: RawCallback, attempt: AttemptView) -> Interpretation:
        """What it says about the attempt. Never raises: the unreadable says nothing."""

    def acknowledge(self) -> HttpReply:
        """What to answer once the callback is stored."""


@runtime_checkable
class StatementSource(Protocol):
    """Has books of its own that can be read."""

    def transactions(
        self, context: Context, since: datetime, until: datetime
    ) -> Sequence[ProviderTransaction]:
        """Its lines from ``since`` up to but not at ``until``; ``ValueError`` when unreadable."""
