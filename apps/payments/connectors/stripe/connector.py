"""Stripe: one call per method. Every exchange is kept, covered, as evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from apps.payments.connectors.accounts import (
    BalanceAnswer,
    DisputeReport,
    DisputeView,
    EvidenceFile,
    News,
    Registration,
    SignatureVerdict,
)
from apps.payments.connectors.base import (
    AttemptView,
    Capabilities,
    Context,
    HttpReply,
    ProviderError,
    RawCallback,
    Result,
)
from apps.payments.connectors.stripe import (
    account,
    answers,
    client,
    codes,
    connect,
    enquiries,
    statement,
    translate,
    webhooks,
    wire,
)
from apps.payments.connectors.stripe import (
    disputes as disputing,
)
from apps.payments.domain import tariffs
from apps.payments.domain.receipts import ProviderTransaction
from apps.payments.domain.states import Outcome
from apps.payments.domain.tariffs import Tariff
from apps.platform.http import AnswerLost, NotSent

#: What a webhook endpoint of ours listens to.
EVENTS = (
    "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.processing",
    "payment_intent.canceled", "payment_intent.amount_capturable_updated",
    "payment_intent.requires_action", "refund.created", "refund.updated", "refund.failed",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
    "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated", "transfer.created",
    "transfer.updated", "transfer.reversed", "payout.created", "payout.updated", "payout.paid",
    "payout.failed", "payout.canceled",
)  # fmt: skip
EVIDENCE_LONGEST = 20_000
_NO_PARENT = ProviderError(
    "request.invalid", "", "The payment it builds on is not known at Stripe.", "no", "never"
)


class StripeConnector:
    """Stripe: collects, holds, captures, refunds, and sends to connected accounts."""

    code: ClassVar[str] = "stripe"
    inbound_name: ClassVar[str] = "stripe"
    account_kinds: ClassVar[frozenset[str]] = frozenset({"events"})
    callback_headers: ClassVar[frozenset[str]] = frozenset({webhooks.HEADER})

    def capabilities(self, config: Mapping[str, object]) -> Capabilities:
        """What an account with this configuration can do."""
        return account.capabilities(config)

    def problems(self, config: Mapping[str, object]) -> Mapping[str, str]:
        """What is wrong with a configuration, by field."""
        return account.problems(config)

    def tariff(self, config: Mapping[str, object]) -> Tariff | None:
        """The price list in the configuration."""
        return tariffs.read(config["tariff"]) if "tariff" in config else None

    # --- payments ------------------------------------------------------------------------------

    def collect(self, context: Context, attempt: AttemptView) -> Result:
        """Ask for the money: at once with a token, otherwise in a form on the payer's page."""
        return self._intent(context, attempt)

    def authorise(self, context: Context, attempt: AttemptView) -> Result:
        """Have it held."""
        return self._intent(context, attempt)

    def _intent(self, context: Context, attempt: AttemptView) -> Result:
        params = translate.intent(context.account.config, attempt)
        return client.submit(
            context,
            lambda v1: v1.payment_intents.create(params, _key(attempt)),
            lambda status, told: answers.intent(status, told, attempt.operation),
        )

    def capture(self, context: Context, attempt: AttemptView) -> Result:
        """Take the attempt's amount of what is held; the last one lets the rest go."""
        id, params = translate.parent_intent(attempt), translate.capture(attempt)
        if not id:
            return Result(Outcome.DECLINED, error=_NO_PARENT)
        return client.submit(
            context,
            lambda v1: v1.payment_intents.capture(id, params, _key(attempt)),
            lambda status, told: answers.capture(status, told, str(attempt.id)),
        )

    def void(self, context: Context, attempt: AttemptView) -> Result:
        """Let go of what is held."""
        id = translate.parent_intent(attempt)
        if not id:
            return Result(Outcome.DECLINED, error=_NO_PARENT)
        return client.submit(
            context, lambda v1: v1.payment_intents.cancel(id, {}, _key(attempt)), answers.void
        )

    def refund(self, context: Context, attempt: AttemptView) -> Result:
        """Give captured money back."""
        if not translate.parent_intent(attempt):
            return Result(Outcome.DECLINED, error=_NO_PARENT)
        params = translate.refund(context.account.config, attempt)
        return client.submit(
            context, lambda v1: v1.refunds.create(params, _key(attempt)), answers.refund
        )

    def pay_out(self, context: Context, attempt: AttemptView) -> Result:
        """Transfer to the balance of a connected account."""
        params = translate.transfer(attempt)
        return client.submit(
            context, lambda v1: v1.transfers.create(params, _key(attempt)), answers.transfer
        )

    def verify(self, context: Context, attempt: AttemptView) -> Result:
        """Ask what became of the attempt."""
        return enquiries.verify(context, attempt)

    # --- what Stripe says by itself ------------------------------------------------------------

    def authenticate(self, context: Context, callback: RawCallback) -> SignatureVerdict:
        """By the signature over the bytes as they came."""
        secrets = webhooks.secrets_in(context.secret("webhook_secret"))
        header = callback.headers.get(webhooks.HEADER, "")
        return webhooks.verify(header, callback.body, secrets, context.now())

    def identify_event(self, callback: RawCallback) -> str:
        """The event's id, the same for each delivery."""
        return webhooks.identify(callback)

    def read_event(self, context: Context, callback: RawCallback) -> Sequence[News]:
        """What the event says."""
        return webhooks.read(context.account, callback)

    def acknowledge_event(self, kind: str) -> HttpReply:  # noqa: ARG002  one kind, one answer
        """Any 2xx will do."""
        return HttpReply({"received": True})

    def register(self, context: Context) -> Registration:
        """Look for our webhook endpoint; one that is missing is added in Stripe's dashboard.

        Stripe shows a new endpoint's signing secret once, to whoever adds it, and secrets are not
        for us to write: so a person adds it and puts the secret where secrets are kept.
        """
        address = context.account_url("events")
        try:
            found = list(enquiries.listed(context, lambda v1: v1.webhook_endpoints, {}))
        except (NotSent, AnswerLost, ValueError):
            return Registration(is_registered=False, said="Stripe could not be asked.")
        for endpoint in found:
            if endpoint.get("url") == address:
                return _checked(endpoint)
        said = f"Add a webhook endpoint for {address} with version {client.API_VERSION}."
        return Registration(is_registered=False, said=said)

    # --- books ---------------------------------------------------------------------------------

    def transactions(
        self, context: Context, since: datetime, until: datetime
    ) -> Sequence[ProviderTransaction]:
        """Balance transactions, oldest first, fees as lines of their own."""
        bounds = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        try:
            found = list(
                enquiries.listed(context, lambda v1: v1.balance_transactions, {"created": bounds})
            )
        except (NotSent, AnswerLost) as lost:
            raise ValueError(f"Stripe could not be reached: {type(lost).__name__}") from lost
        currency = context.account.currency
        return [line for row in reversed(found) for line in statement.lines(row, currency)]

    def balances(self, context: Context) -> BalanceAnswer:
        """Available and pending, for each currency."""

        def reading(status: int, document: dict[str, object]) -> Result:
            if status != codes.OK or document.get("object") != "balance":
                return codes.refused(status, document)
            readings.extend(connect.read_balances(document))
            return Result(Outcome.SUCCEEDED)

        readings: list[Any] = []
        told = client.enquire(context, lambda v1: v1.balance.retrieve(), reading)
        return BalanceAnswer(tuple(readings), error=told.error, exchange=told.exchange)

    # --- disputes ------------------------------------------------------------------------------

    def disputes(self, context: Context, since: datetime) -> Sequence[DisputeReport]:
        """Disputes opened since then: Stripe lists by that alone."""
        bounds = {"gte": int(since.timestamp())}
        try:
            found = list(enquiries.listed(context, lambda v1: v1.disputes, {"created": bounds}))
        except (NotSent, AnswerLost) as lost:
            raise ValueError(f"Stripe could not be reached: {type(lost).__name__}") from lost
        told = (disputing.report(document, context.now()) for document in found)
        return [report for report in told if report is not None]

    def read_dispute(self, context: Context, reference: str) -> DisputeReport | None:
        """The dispute as it stands."""
        try:
            status, document, _raw = client.exchange(
                context, lambda v1: v1.disputes.retrieve(reference)
            )
        except (NotSent, AnswerLost):
            return None
        return disputing.report(document, context.now()) if status == codes.OK else None

    def submit_evidence(
        self, context: Context, dispute: DisputeView, text: str, files: Sequence[EvidenceFile]
    ) -> Result:
        """Hand in our side; documents are handed in at Stripe's dashboard."""
        if files or len(text) > EVIDENCE_LONGEST:
            said = f"Text of at most {EVIDENCE_LONGEST} letters; documents at Stripe's dashboard."
            why = ProviderError("request.unsupported", "", said, "no", "never")
            return Result(Outcome.DECLINED, error=why)
        params = {"evidence": {"uncategorized_text": text}, "submit": True}
        return client.submit(
            context,
            lambda v1: v1.disputes.update(
                dispute.reference, params, {"idempotency_key": dispute.provider_key}
            ),
            _dispute_answered,
        )

    def accept_dispute(self, context: Context, dispute: DisputeView) -> Result:
        """Give in, for good."""
        return client.submit(
            context,
            lambda v1: v1.disputes.close(
                dispute.reference, {}, {"idempotency_key": dispute.provider_key}
            ),
            _dispute_answered,
        )


def _key(attempt: AttemptView) -> dict[str, Any]:
    """The attempt's id: never used by another tenant that shares the account at Stripe."""
    return {"idempotency_key": str(attempt.id)}


def _dispute_answered(status: int, document: dict[str, object]) -> Result:
    if not answers.answered(status, document, "dispute"):
        return codes.refused(status, document)
    return Result(Outcome.SUCCEEDED, {"dispute": wire.id_of(document)})


def _checked(endpoint: dict[str, object]) -> Registration:
    events = endpoint.get("enabled_events")
    listens = isinstance(events, list) and ("*" in events or set(EVENTS) <= set(events))
    if endpoint.get("status") != "enabled" or not listens:
        return Registration(
            is_registered=False, said="The endpoint is disabled, or hears too little."
        )
    if endpoint.get("api_version") != client.API_VERSION:
        said = f"The endpoint speaks {endpoint.get('api_version')}, not {client.API_VERSION}."
        return Registration(is_registered=False, said=said)
    return Registration(is_registered=True)
