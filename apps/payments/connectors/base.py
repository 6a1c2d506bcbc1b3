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
from apps.payments.domain.states import Operation, Outcome
from apps.payments.domain.tariffs import Tariff
from apps.platform.http import HttpClient
from apps.platform.money import Money

MoneyMoved = Literal["no", "yes", "unknown"]
Retry = Literal["never", "same_key", "after_verify", "new_attempt"]


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
class Capabilities:
    """What a connector can do with one provider account."""

    operations: frozenset[Operation]
    amounts: Mapping[tuple[Operation, str], AmountPolicy]
    keys: Mapping[Operation, KeyPolicy]
    callback_auth: Literal["path_secret", "signature", "none"]
    secret_names: tuple[str, ...]
    has_statement: bool


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

    ``callback_url`` gives the attempt's own address of a kind; ``secret`` reads a credential at the
    last moment.
    """

    account: AccountConfig
    http: HttpClient
    cache: Cache
    secret: Callable[[str], str]
    now: Callable[[], datetime]
    timeout_seconds: float
    callback_url: Callable[[str], str] = lambda _kind: ""


@dataclass(frozen=True, slots=True)
class AttemptView:
    """The attempt a connector works for. ``reference`` and ``description`` are for people."""

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


@dataclass(frozen=True, slots=True)
class ProviderFact:
    """A fact as the provider states it. ``dedupe`` names it for ever within the account.

    ``reference`` is what the provider's books call the movement of money.
    """

    kind: EventKind
    dedupe: str
    amount: Money | None = None
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
class Result:
    """How an exchange ended and what was learned."""

    outcome: Outcome
    provider_refs: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[ProviderFact, ...] = ()
    error: ProviderError | None = None
    exchange: RawExchange | None = None
    is_unreachable: bool = False


@dataclass(frozen=True, slots=True)
class RawCallback:
    """A callback's bytes, and which of the attempt's addresses they came to."""

    kind: str
    body: bytes


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
