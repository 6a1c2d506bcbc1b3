"""What the ledger refuses about currencies: rates, quotes, conversions, revaluations."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class RateMissing(DomainError):
    """There is no exchange rate between these currencies, and none is ever assumed."""

    code = "ledger/fx-rate-missing"
    kind = Kind.CONFLICT
    advice = "Record a rate of the pair, or of both currencies against a common one."

    base: str
    quote: str
    at: str


@dataclass(eq=False, kw_only=True)
class RateStale(DomainError):
    """The last exchange rate between these currencies is no longer valid."""

    code = "ledger/fx-rate-stale"
    kind = Kind.CONFLICT
    advice = "Import or record a fresh rate, then ask again."

    base: str
    quote: str
    at: str
    valid_until: str


@dataclass(eq=False, kw_only=True)
class RatesMissing(DomainError):
    """A revaluation needs a valid rate for every currency and day; some are missing."""

    code = "ledger/fx-rates-missing"
    kind = Kind.CONFLICT
    advice = "Record the rates that are named, each valid on its day, and run again."

    missing: list[str]


@dataclass(eq=False, kw_only=True)
class RateUnsound(DomainError):
    """A rate is positive, has at most 18 decimals, joins two currencies and ends once begun."""

    code = "ledger/fx-rate-unsound"
    kind = Kind.INVALID
    advice = "Correct the rate, its currencies or its validity."

    base: str
    quote: str
    rate: str


@dataclass(eq=False, kw_only=True)
class RateDiffers(DomainError):
    """Another rate of this source is recorded for the same pair and instant."""

    code = "ledger/fx-rate-differs"
    kind = Kind.CONFLICT
    advice = "Rates are never changed: record a manual rate that begins later."

    base: str
    quote: str
    valid_from: str
    recorded: str


@dataclass(eq=False, kw_only=True)
class RatesUnreadable(DomainError):
    """The file or the answer is not a list of the European Central Bank's reference rates."""

    code = "ledger/fx-rates-unreadable"
    kind = Kind.INVALID
    advice = "Take eurofxref-daily.xml, eurofxref.csv or eurofxref.zip as the bank publishes them."

    reason: str


@dataclass(eq=False, kw_only=True)
class ProposalNotFound(DomainError):
    """There is no proposed rate with this id."""

    code = "ledger/fx-proposal-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the id."

    proposal: str


@dataclass(eq=False, kw_only=True)
class AlreadyDecided(DomainError):
    """Somebody has decided on this rate."""

    code = "ledger/fx-already-decided"
    kind = Kind.CONFLICT
    advice = "Nothing to do: look at what was decided."

    proposal: str
    state: str


@dataclass(eq=False, kw_only=True)
class SelfApproval(DomainError):
    """Whoever made it does not approve it."""

    code = "ledger/fx-self-approval"
    kind = Kind.FORBIDDEN
    advice = "Ask a second person to look at it."

    what: str


@dataclass(eq=False, kw_only=True)
class SameCurrency(DomainError):
    """A conversion is between two currencies."""

    code = "ledger/fx-same-currency"
    kind = Kind.INVALID
    advice = "Choose another currency to buy, or post an ordinary entry."

    currency: str


@dataclass(eq=False, kw_only=True)
class ConversionOutOfRange(DomainError):
    """Each side of a conversion is at least one minor unit and fits into 64 bits."""

    code = "ledger/fx-out-of-range"
    kind = Kind.INVALID
    advice = "Convert a larger or a smaller amount."

    sell_currency: str
    buy_currency: str


@dataclass(eq=False, kw_only=True)
class QuoteNotFound(DomainError):
    """There is no quote with this id."""

    code = "ledger/fx-quote-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the id."

    quote: str


@dataclass(eq=False, kw_only=True)
class QuoteExpired(DomainError):
    """The quote is no longer valid."""

    code = "ledger/fx-quote-expired"
    kind = Kind.CONFLICT
    advice = "Ask for a new quote and accept it in time."

    quote: str
    expired_at: str


@dataclass(eq=False, kw_only=True)
class QuoteUsed(DomainError):
    """A quote is used once."""

    code = "ledger/fx-quote-used"
    kind = Kind.CONFLICT
    advice = "Ask for a new quote, or look at the conversion that used this one."

    quote: str
    conversion: str


@dataclass(eq=False, kw_only=True)
class QuoteKeyReused(DomainError):
    """The idempotency key belongs to another quote."""

    code = "ledger/fx-quote-key-reused"
    kind = Kind.INVALID
    advice = "Use a new key for a new quote."

    quote: str


@dataclass(eq=False, kw_only=True)
class OppositeAccounts(DomainError):
    """Both accounts of a conversion grow on the same side: two of ours or two of a customer's."""

    code = "ledger/fx-opposite-accounts"
    kind = Kind.INVALID
    advice = "Choose two accounts of the same nature, such as two wallets or two banks."

    sell_account: str
    buy_account: str


@dataclass(eq=False, kw_only=True)
class ConversionNotFound(DomainError):
    """There is no conversion with this id."""

    code = "ledger/fx-conversion-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the id."

    conversion: str


@dataclass(eq=False, kw_only=True)
class ConversionNotReversible(DomainError):
    """A conversion is undone by converting back, so that positions and results stay right."""

    code = "ledger/fx-conversion-not-reversible"
    kind = Kind.CONFLICT
    advice = "Ask for a quote in the other direction and use it."

    entry_id: str


@dataclass(eq=False, kw_only=True)
class RevaluationNotFound(DomainError):
    """There is no revaluation with this id."""

    code = "ledger/fx-revaluation-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the id."

    revaluation: str


@dataclass(eq=False, kw_only=True)
class RevaluationNotReady(DomainError):
    """A revaluation goes from draft to approved to posted."""

    code = "ledger/fx-revaluation-not-ready"
    kind = Kind.CONFLICT
    advice = "Look at its state; run it again if it was superseded."

    revaluation: str
    state: str


@dataclass(eq=False, kw_only=True)
class RevaluationChanged(DomainError):
    """Balances or rates have changed since the dry run, so its figures no longer hold."""

    code = "ledger/fx-revaluation-changed"
    kind = Kind.CONFLICT
    advice = "Run the revaluation again and have the new figures approved."

    revaluation: str


@dataclass(eq=False, kw_only=True)
class RevaluationTooEarly(DomainError):
    """A day is revalued when it has come."""

    code = "ledger/fx-revaluation-too-early"
    kind = Kind.INVALID
    advice = "Choose today or an earlier day."

    as_of: str
