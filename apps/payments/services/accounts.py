"""Accounts at providers, and the ledger accounts they need."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.ledger.services import open_account
from apps.payments.connectors.base import Capabilities, PartyKind
from apps.payments.connectors.registry import connector
from apps.payments.domain.receipts import ProviderAccountDraft
from apps.payments.domain.routing import Wish
from apps.payments.domain.states import Operation
from apps.payments.errors import (
    AccountFactsDiffer,
    AmountNotPayable,
    InvalidAccountConfig,
    LiveProviderForTestTenant,
    UnknownProviderAccount,
)
from apps.payments.errors.bank_files import PayeeDoesNotFit
from apps.payments.errors.routing import NoRoute
from apps.payments.models import ProviderAccount
from apps.payments.selectors.routing import amount_rule, explain_route
from apps.payments.services.journals import DISPUTE_LOSSES, DISPUTED, REFUNDS, TRANSIT
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case

CLEARING, FLOAT, SUSPENSE = "1100", "1110", "2800"
COLLECTION_FEES, PAYOUT_FEES = "5000", "5010"
#: Code, name and class. None has a floor: what a provider proves it did can always be booked.
_CHART = (
    (CLEARING, "M-Pesa collections clearing", "asset"),
    (FLOAT, "M-Pesa payout float", "asset"),
    (SUSPENSE, "Unidentified receipts", "liability"),
    (REFUNDS, "Refunds on their way", "liability"),
    (DISPUTED, "Disputed receipts", "asset"),
    (DISPUTE_LOSSES, "Dispute losses", "expense"),
    (TRANSIT, "Provider payouts on their way to the bank", "asset"),
    (COLLECTION_FEES, "Collection fees", "expense"),
    (PAYOUT_FEES, "Payout fees", "expense"),
)
_PHONES = frozenset({"phone"})


@use_case("payments.prepare_books")
def prepare_books(*, currency: str, actor: Actor) -> None:
    """Open the ledger accounts that payments post to. Doing it again changes nothing."""
    for code, name, account_class in _CHART:
        open_account(
            code=code,
            name=name,
            account_class=account_class,
            currency=currency,
            actor=actor,
        )
    audit.note(currency)


@use_case("payments.open_provider_account")
def open_provider_account(*, draft: ProviderAccountDraft, actor: Actor) -> UUID:
    """Begin to work with an account at a provider, and return its id.

    Asking again with the same facts changes nothing, except that name, configuration and secrets
    path are brought up to date; with another connector, currency, environment or ledger account it
    is refused. The configuration is checked by the connector.
    """
    _check(draft)
    known = ProviderAccount.objects.select_for_update().filter(label=draft.label).first()
    known = known or _create(draft)
    fixed = ("connector", "environment", "currency", "clearing_account")
    if any(getattr(known, name) != getattr(draft, name) for name in fixed):
        raise AccountFactsDiffer(account=draft.label)
    known.name, known.config, known.secrets_ref = draft.name, dict(draft.config), draft.secrets_ref
    known.fee_account, known.suspense_account = draft.fee_account, draft.suspense_account
    known.save()
    audit.note(draft.label, connector=draft.connector, environment=draft.environment)
    return known.id


def _check(draft: ProviderAccountDraft) -> None:
    if draft.environment == "live" and current_tenant().mode == "test":
        raise LiveProviderForTestTenant(account=draft.label)
    for field, problem in sorted(connector(draft.connector).problems(draft.config).items()):
        raise InvalidAccountConfig(connector=draft.connector, field=field, problem=problem)


def _create(draft: ProviderAccountDraft) -> ProviderAccount:
    try:
        with transaction.atomic():
            return ProviderAccount.objects.create(
                label=draft.label,
                name=draft.name,
                connector=draft.connector,
                environment=draft.environment,
                currency=draft.currency,
                clearing_account=draft.clearing_account,
                fee_account=draft.fee_account,
                suspense_account=draft.suspense_account,
                secrets_ref=draft.secrets_ref,
                config=dict(draft.config),
                opened_at=clock.now(),
            )
    except IntegrityError:
        return ProviderAccount.objects.select_for_update().get(label=draft.label)


def way_for(
    wish: Wish, label: str = "", tried: Collection[str] = ()
) -> tuple[ProviderAccount, Mapping[str, object]]:
    """The account that a payment goes through and why: the one named, else the rules' choice."""
    if label:
        account = account_for(wish.operation, wish.amount, label, cast("PartyKind", wish.method))
        return account, {"account": label, "rule": "", "version": 0, "is_named": True}
    found = explain_route(wish, tried)
    if not found.account:
        if found.rule:
            raise NoRoute(rule=found.rule)
        # Nobody can: the first that comes near says why not.
        account_for(wish.operation, wish.amount, "", cast("PartyKind", wish.method))
        raise UnknownProviderAccount(account=f"any for {wish.operation}")
    return ProviderAccount.objects.get(label=found.account), found.facts()


def account_for(
    operation: Operation, amount: Money, label: str = "", party: PartyKind = "phone"
) -> ProviderAccount:
    """The active account that can do this with that party: the one named, else the first.

    ``PayeeDoesNotFit`` when the one named pays, but nobody of that kind.
    """
    candidates = ProviderAccount.objects.filter(status="active", currency=amount.currency)
    if label:
        candidates = candidates.filter(label=label)
    for account in candidates.order_by("label"):
        can = capabilities_of(account)
        if operation not in can.operations:
            continue
        if party in can.parties.get(operation, _PHONES):
            check_amount(can, operation, amount)
            return account
        if label and operation == Operation.PAYOUT:
            raise PayeeDoesNotFit(account=label)
    raise UnknownProviderAccount(account=label or f"any for {operation}")


def capabilities_of(account: ProviderAccount) -> Capabilities:
    """What the account's connector can do with it."""
    return connector(account.connector).capabilities(account.config)


def check_amount(capabilities: Capabilities, operation: Operation, amount: Money) -> None:
    """Refuse an amount that the provider cannot move, before anything is sent."""
    rule = amount_rule(capabilities, operation, amount)
    if rule:
        raise AmountNotPayable(amount_minor=amount.minor, currency=amount.currency, rule=rule)
