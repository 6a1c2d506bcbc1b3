"""Everything payments refuses."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class UnknownIntent(DomainError):
    """There is no such payment intent."""

    code = "payments/unknown-intent"
    kind = Kind.NOT_FOUND

    intent: str


@dataclass(eq=False, kw_only=True)
class UnknownProviderAccount(DomainError):
    """There is no such provider account, or it is not active."""

    code = "payments/unknown-provider-account"
    kind = Kind.NOT_FOUND
    advice = "Open the provider account, or make it active again."

    account: str


@dataclass(eq=False, kw_only=True)
class UnknownConnector(DomainError):
    """No connector of that name is installed."""

    code = "payments/unknown-connector"
    kind = Kind.NOT_FOUND

    connector: str


@dataclass(eq=False, kw_only=True)
class InvalidAccountConfig(DomainError):
    """The provider account's configuration is not what its connector needs."""

    code = "payments/invalid-account-config"

    connector: str
    field: str
    problem: str


@dataclass(eq=False, kw_only=True)
class LiveProviderForTestTenant(DomainError):
    """A test tenant never reaches a live provider."""

    code = "payments/live-provider-for-test-tenant"
    kind = Kind.FORBIDDEN

    account: str


@dataclass(eq=False, kw_only=True)
class AccountFactsDiffer(DomainError):
    """A provider account of that code exists with other facts."""

    code = "payments/account-facts-differ"
    kind = Kind.CONFLICT

    account: str


@dataclass(eq=False, kw_only=True)
class ReferenceTaken(DomainError):
    """Another payment intent already carries this reference."""

    code = "payments/reference-taken"
    kind = Kind.CONFLICT

    reference: str


@dataclass(eq=False, kw_only=True)
class IdempotencyKeyReused(DomainError):
    """The idempotency key was used before for something else."""

    code = "payments/idempotency-key-reused"
    kind = Kind.INVALID

    key: str


@dataclass(eq=False, kw_only=True)
class InvalidPhone(DomainError):
    """The phone number is not a Kenyan mobile number."""

    code = "payments/invalid-phone"
    advice = "Write it as 07XX XXX XXX, 01XX XXX XXX or +2547XX XXX XXX."


@dataclass(eq=False, kw_only=True)
class UnknownPayIn(DomainError):
    """There is no such pay-in."""

    code = "payments/unknown-pay-in"
    kind = Kind.NOT_FOUND

    pay_in: str


@dataclass(eq=False, kw_only=True)
class PayInDoesNotFit(DomainError):
    """The pay-in cannot be used for that."""

    code = "payments/pay-in-does-not-fit"
    kind = Kind.CONFLICT
    advice = "Choose another payment, or move the money to the account of the party it belongs to."

    pay_in: str
    why: str


@dataclass(eq=False, kw_only=True)
class PartyAccountNeeded(DomainError):
    """A pay-in is moved to an account that says whom we owe: a liability that takes postings."""

    code = "payments/party-account-needed"
    advice = "Name the account of the customer, restaurant or other party."

    account: str


@dataclass(eq=False, kw_only=True)
class UseReasonMissing(DomainError):
    """What a person decides about money is written down with a reason."""

    code = "payments/use-reason-missing"
    advice = "Say how you know; whoever audits this reads it."


@dataclass(eq=False, kw_only=True)
class SecondPersonNeeded(DomainError):
    """Whoever asked for it or recorded it does not decide about it."""

    code = "payments/second-person-needed"
    kind = Kind.FORBIDDEN
    advice = "Ask a colleague who may approve."

    thing: str


@dataclass(eq=False, kw_only=True)
class AlreadyDecided(DomainError):
    """Somebody has decided about it."""

    code = "payments/already-decided"
    kind = Kind.CONFLICT

    thing: str
    state: str


@dataclass(eq=False, kw_only=True)
class UnknownReceipt(DomainError):
    """There is no such receipt."""

    code = "payments/unknown-receipt"
    kind = Kind.NOT_FOUND

    receipt: str


@dataclass(eq=False, kw_only=True)
class ReceiptTaken(DomainError):
    """A receipt of that number and method has been recorded for the account."""

    code = "payments/receipt-taken"
    kind = Kind.CONFLICT
    advice = "Look at the receipt of that number; cancel it first if it was recorded wrongly."

    number: str


@dataclass(eq=False, kw_only=True)
class ReceiptUnsound(DomainError):
    """The receipt cannot be recorded like this."""

    code = "payments/receipt-unsound"

    field: str
    problem: str


@dataclass(eq=False, kw_only=True)
class NotOfferedHere(DomainError):
    """The provider of this account does not offer that."""

    code = "payments/not-offered-here"

    account: str
    what: str


@dataclass(eq=False, kw_only=True)
class AllocationMismatch(DomainError):
    """The legs of an allocation must be positive, in the payment's currency, and add up to it."""

    code = "payments/allocation-mismatch"

    amount_minor: int
    allocated_minor: int


@dataclass(eq=False, kw_only=True)
class AmountNotPayable(DomainError):
    """The provider cannot move this amount."""

    code = "payments/amount-not-payable"

    amount_minor: int
    currency: str
    rule: str


@dataclass(eq=False, kw_only=True)
class IntentNotCollectable(DomainError):
    """The payment intent cannot be collected in its present state."""

    code = "payments/intent-not-collectable"
    kind = Kind.CONFLICT
    advice = "Wait for the running attempt, or make a new payment intent."

    intent: str
    status: str


@dataclass(eq=False, kw_only=True)
class NotCheckable(DomainError):
    """There is nothing to ask the provider about."""

    code = "payments/not-checkable"
    kind = Kind.CONFLICT
    advice = "Reload the page: the outcome may be known by now."

    attempt: str
    state: str


@dataclass(eq=False, kw_only=True)
class PayoutAlreadyTried(DomainError):
    """A payout may be tried again only after its last attempt is known to have failed."""

    code = "payments/payout-already-tried"
    kind = Kind.CONFLICT
    advice = "Resolve the earlier attempt first; an unknown outcome is never paid again."

    payout_ref: str
    state: str


@dataclass(eq=False, kw_only=True)
class IllegalMove(DomainError):
    """The object cannot go from its present state to that one."""

    code = "payments/illegal-move"
    kind = Kind.CONFLICT

    object_type: str
    before: str
    after: str


@dataclass(eq=False, kw_only=True)
class CallbackContradicts(DomainError):
    """A callback says something that does not fit the attempt it was sent for."""

    code = "payments/callback-contradicts"
    kind = Kind.CONFLICT
    advice = "Compare the stored body with the attempt, and ask the provider before booking."

    field: str


@dataclass(eq=False, kw_only=True)
class UnknownCallback(DomainError):
    """The callback address was never given out."""

    code = "payments/unknown-callback"
    kind = Kind.NOT_FOUND


@dataclass(eq=False, kw_only=True)
class CallbackTooLarge(DomainError):
    """The callback is larger than any that a provider sends."""

    code = "payments/callback-too-large"

    bytes_max: int


@dataclass(eq=False, kw_only=True)
class NoStatementSource(DomainError):
    """The provider account has no statement that can be read."""

    code = "payments/no-statement-source"

    account: str


@dataclass(eq=False, kw_only=True)
class ProviderUnreachable(DomainError):
    """The provider could not be asked, or its answer could not be read."""

    code = "payments/provider-unreachable"
    kind = Kind.UNAVAILABLE

    account: str
    problem: str


@dataclass(eq=False, kw_only=True)
class StopReasonMissing(DomainError):
    """Stopping a provider takes a reason."""

    code = "payments/stop-reason-missing"
    advice = "Say why nothing may leave; colleagues read it before they resume."


@dataclass(eq=False, kw_only=True)
class NotStopped(DomainError):
    """Nobody has stopped that operation of the provider account."""

    code = "payments/not-stopped"
    kind = Kind.CONFLICT

    account: str
    operation: str


@dataclass(eq=False, kw_only=True)
class OperationNotOffered(DomainError):
    """The provider account does not offer that operation."""

    code = "payments/operation-not-offered"

    account: str
    operation: str
