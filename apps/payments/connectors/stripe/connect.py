"""Stripe Connect beyond payments: connected accounts, their onboarding, balances and payouts.

Charges that share money are payments (``translate.intent``) and transfers are payouts
(``translate.transfer``). What is here changes no book of ours: the accounts' balances are theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.payments.connectors.accounts import BalanceReading
from apps.payments.connectors.base import Context, ProviderError, Result
from apps.payments.connectors.stripe import amounts, client, codes, wire
from apps.payments.domain.states import Outcome
from apps.platform.money import Money

Document = dict[str, object]


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    """Somebody who is paid through us, and what Stripe still wants to know of them."""

    reference: str
    country: str
    can_charge: bool
    can_be_paid_out: bool
    can_receive: bool
    due: tuple[str, ...]
    disabled_reason: str = ""

    @property
    def is_ready(self) -> bool:
        """Money can be sent there, and from there to its bank."""
        return self.can_receive and self.can_be_paid_out


@dataclass(frozen=True, slots=True)
class OnboardingLink:
    """A page of Stripe's own, good once and for a few minutes; whoever opens it is the payee."""

    url: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """How a call about a connected account ended; one of the answers when it succeeded."""

    result: Result
    account: ConnectedAccount | None = None
    link: OnboardingLink | None = None
    balances: tuple[BalanceReading, ...] = ()


def read_account(document: Document) -> ConnectedAccount | None:
    """An account object; nothing when it is none."""
    reference = wire.id_of(document)
    if document.get("object") != "account" or not reference.startswith("acct_"):
        return None
    requirements = wire.inner(document, "requirements")
    due = requirements.get("currently_due")
    return ConnectedAccount(
        reference=reference,
        country=wire.text(document.get("country")),
        can_charge=document.get("charges_enabled") is True,
        can_be_paid_out=document.get("payouts_enabled") is True,
        can_receive=wire.inner(document, "capabilities").get("transfers") == "active",
        due=tuple(wire.text(name) for name in due) if isinstance(due, list) else (),
        disabled_reason=wire.text(requirements.get("disabled_reason")),
    )


def open_account(context: Context, *, reference: str, country: str, email: str, key: str) -> Told:
    """Open an account for a payee who is known to us as ``reference``; once per key."""
    params = {
        "type": "express",
        "country": country,
        "email": email,
        "capabilities": {"transfers": {"requested": True}},
        "metadata": {"reference": reference},
    }
    return _about_account(context, lambda v1: v1.accounts.create(params, {"idempotency_key": key}))


def account(context: Context, reference: str) -> Told:
    """The account as it stands: what it may do, and what is still due."""
    return _about_account(context, lambda v1: v1.accounts.retrieve(reference))


def _about_account(context: Context, ask: client.Ask) -> Told:
    found: list[ConnectedAccount] = []

    def reading(status: int, document: Document) -> Result:
        known = read_account(document) if status == codes.OK else None
        if known is None:
            return _not_understood(status, document)
        found.append(known)
        return Result(Outcome.SUCCEEDED, {"account": known.reference})

    result = client.submit(context, ask, reading)
    return Told(result, account=found[0] if found else None)


def onboarding_link(context: Context, reference: str, *, refresh_url: str, return_url: str) -> Told:
    """A page where the payee answers what Stripe wants to know. Never kept, never sent by mail."""
    found: list[OnboardingLink] = []
    params = {
        "account": reference,
        "type": "account_onboarding",
        "refresh_url": refresh_url,
        "return_url": return_url,
    }

    def reading(status: int, document: Document) -> Result:
        url = wire.text(document.get("url"))
        if status != codes.OK or not url.startswith("https://"):
            return _not_understood(status, document)
        found.append(OnboardingLink(url, wire.moment(document.get("expires_at"))))
        return Result(Outcome.SUCCEEDED)

    result = client.submit(context, lambda v1: v1.account_links.create(params), reading)
    return Told(_without_link(result), link=found[0] if found else None)


def _without_link(result: Result) -> Result:
    """The evidence does not hold the link: whoever has it is taken for the payee."""
    if result.exchange is not None and isinstance(result.exchange.answer, dict):
        result.exchange.answer.pop("url", None)
    return result


def reverse_transfer(
    context: Context, transfer: str, amount: Money, *, key: str, returns_fee: bool = False
) -> Result:
    """Take back a part of what was sent to a connected account, or all of it."""
    params: dict[str, Any] = {"amount": amounts.stated(amount)}
    if returns_fee:
        params["refund_application_fee"] = True
    return _moved(
        context,
        lambda v1: v1.transfers.reversals.create(transfer, params, {"idempotency_key": key}),
        "transfer_reversal",
    )


def return_fee(context: Context, fee: str, amount: Money, *, key: str) -> Result:
    """Give a part of an application fee back to the connected account it came from."""
    params = {"amount": amounts.stated(amount)}
    return _moved(
        context,
        lambda v1: v1.application_fees.refunds.create(fee, params, {"idempotency_key": key}),
        "fee_refund",
    )


def pay_out(context: Context, reference: str, amount: Money, *, key: str) -> Result:
    """Pay out a connected account's balance to its own bank; Stripe tells the end by webhook."""
    params = {"amount": amounts.stated(amount), "currency": amount.currency.lower()}
    there = {"idempotency_key": key, "stripe_account": reference}
    return _moved(context, lambda v1: v1.payouts.create(params, there), "payout")


def _moved(context: Context, ask: client.Ask, kind: str) -> Result:
    def reading(status: int, document: Document) -> Result:
        if status != codes.OK or document.get("object") != kind or not wire.id_of(document):
            return _not_understood(status, document)
        outcome = Outcome.ACCEPTED if kind == "payout" else Outcome.SUCCEEDED
        return Result(outcome, {kind: wire.id_of(document)})

    return client.submit(context, ask, reading)


def balances(context: Context, reference: str) -> Told:
    """What a connected account holds."""
    found: list[BalanceReading] = []

    def reading(status: int, document: Document) -> Result:
        if status != codes.OK or document.get("object") != "balance":
            return _not_understood(status, document)
        found.extend(read_balances(document))
        return Result(Outcome.SUCCEEDED)

    there = {"stripe_account": reference}
    result = client.submit(context, lambda v1: v1.balance.retrieve({}, there), reading)
    return Told(result, balances=tuple(found))


def read_balances(document: Mapping[str, object]) -> tuple[BalanceReading, ...]:
    """One reading for each currency: what is available, and what will be."""
    pending = {
        money.currency: money
        for row in wire.rows(document.get("pending"))
        if (money := amounts.read(row.get("amount"), row.get("currency"))) is not None
    }
    reserved = {
        money.currency: money
        for row in wire.rows(document.get("connect_reserved"))
        if (money := amounts.read(row.get("amount"), row.get("currency"))) is not None
    }
    return tuple(
        BalanceReading(
            available=money,
            pending=pending.get(money.currency),
            reserved=reserved.get(money.currency),
        )
        for row in wire.rows(document.get("available"))
        if (money := amounts.read(row.get("amount"), row.get("currency"))) is not None
    )


def _not_understood(status: int, document: Document) -> Result:
    if status == codes.OK:
        return Result(Outcome.UNKNOWN, error=codes.UNREADABLE)
    return codes.refused(status, document)


def problem(result: Result) -> ProviderError:
    """Why a call did not succeed."""
    return result.error or codes.UNREADABLE
