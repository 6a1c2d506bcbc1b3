"""PayPal: one call per method."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlencode

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
from apps.payments.connectors.paypal import (
    access,
    account,
    answers,
    calls,
    disputes,
    reporting,
    signatures,
    translate,
    verifying,
    webhooks,
    wire,
)
from apps.payments.connectors.paypal.access import Ask
from apps.payments.connectors.paypal.verifying import at
from apps.payments.domain import tariffs
from apps.payments.domain.receipts import ProviderTransaction
from apps.payments.domain.states import Operation, Outcome
from apps.payments.domain.tariffs import Tariff
from apps.platform.http import AnswerLost, NotSent

DISPUTES, WEBHOOKS = "/v1/customer/disputes", "/v1/notifications/webhooks"
REPORTING = "/v1/reporting"
#: One question of the reporting API covers at most 31 days.
SLICE, PAGE_SIZE, PAGES_MOST = timedelta(days=30), 500, 200
WEBHOOK_SECONDS, NO_WEBHOOK_SECONDS = 86_400, 60
_NO_PARENT = ProviderError(
    "request.invalid", "", "PayPal has not named what this builds on.", "no", "never"
)


class PaypalConnector:
    """Orders, payments, disputes, payouts and PayPal's own books."""

    code: ClassVar[str] = "paypal"
    inbound_name: ClassVar[str] = "paypal"
    account_kinds: ClassVar[frozenset[str]] = frozenset({"events"})
    callback_headers: ClassVar[frozenset[str]] = signatures.HEADERS

    def capabilities(self, config: Mapping[str, object]) -> Capabilities:
        """What an account with this configuration can do."""
        return account.capabilities(config)

    def problems(self, config: Mapping[str, object]) -> Mapping[str, str]:
        """What is wrong with a configuration, by field."""
        return account.problems(config)

    def tariff(self, config: Mapping[str, object]) -> Tariff | None:
        """The price list in the configuration."""
        return tariffs.read(config["tariff"]) if "tariff" in config else None

    def collect(self, context: Context, attempt: AttemptView) -> Result:
        """Make an order; the payer agrees to it at the address of the result's action."""
        return self._order(context, attempt)

    def authorise(self, context: Context, attempt: AttemptView) -> Result:
        """Make an order whose money will be held only."""
        return self._order(context, attempt)

    def _order(self, context: Context, attempt: AttemptView) -> Result:
        body = translate.order(context.account.config, attempt)
        ask = Ask(method="POST", path=verifying.ORDERS, body=body, key=attempt.provider_key)
        return calls.make(context, ask, answers.order)

    def complete(self, context: Context, attempt: AttemptView) -> Result:
        """Take or hold what the payer agreed to, under a key made of the attempt's."""
        name = attempt.provider_refs.get("order_id")
        if not name:
            return Result(Outcome.DECLINED, error=_NO_PARENT)
        verb = "authorize" if attempt.operation == Operation.AUTHORISE else "capture"
        key = f"{attempt.provider_key}:{verb}"
        ask = Ask(method="POST", path=at(verifying.ORDERS, name, verb), key=key)
        return calls.make(context, ask, answers.order)

    def capture(self, context: Context, attempt: AttemptView) -> Result:
        """Take of what is held; the last capture lets go of the rest."""
        name = _parent_ref(attempt, "authorization_id")
        if not name:
            return Result(Outcome.DECLINED, error=_NO_PARENT)
        path = at(verifying.AUTHORIZATIONS, name, "capture")
        body = translate.capture(attempt)
        ask = Ask(method="POST", path=path, body=body, key=attempt.provider_key)
        return calls.make(context, ask, answers.capture)

    def void(self, context: Context, attempt: AttemptView) -> Result:
        """Let go of what is held. Held by nobody any more is what was wanted."""
        name = _parent_ref(attempt, "authorization_id")
        if not name:
            return Result(Outcome.DECLINED, error=_NO_PARENT)

        def read(told: answers.Told) -> Result:
            return answers.voided(told, attempt) if told else answers.let_go(name, attempt)

        path = at(verifying.AUTHORIZATIONS, name, "void")
        ask = Ask(method="POST", path=path, key=attempt.provider_key)
        result = calls.make(context, ask, read)
        if result.error is not None and result.error.provider_code == "PREVIOUSLY_VOIDED":
            return answers.let_go(name, attempt)
        return result

    def refund(self, context: Context, attempt: AttemptView) -> Result:
        """Give back of what a capture brought."""
        name = _parent_ref(attempt, "capture_id")
        if not name:
            return Result(Outcome.DECLINED, error=_NO_PARENT)
        path = at(verifying.CAPTURES, name, "refund")
        body = translate.refund(attempt)
        ask = Ask(method="POST", path=path, body=body, key=attempt.provider_key)
        return calls.make(context, ask, answers.refund)

    def pay_out(self, context: Context, attempt: AttemptView) -> Result:
        """Send money; a batch id that PayPal knows is our own first request."""
        body = translate.payout(context.account.config, attempt)
        ask = Ask(method="POST", path=verifying.PAYOUTS, body=body, key=attempt.provider_key)
        return calls.make(context, ask, answers.batch_taken)

    def verify(self, context: Context, attempt: AttemptView) -> Result:
        """What became of the attempt."""
        return verifying.verify(context, attempt)

    def authenticate(self, context: Context, callback: RawCallback) -> SignatureVerdict:
        """By PayPal's certificate; a webhook that cannot be genuine costs no call."""
        plausible = signatures.plausible(context, callback.headers)
        if not plausible.is_genuine:
            return plausible
        return signatures.verdict(context, callback, _webhook_id(context))

    def identify_event(self, callback: RawCallback) -> str:
        """The event's own id."""
        return webhooks.identify(callback)

    def read_event(
        self,
        context: Context,  # noqa: ARG002  the promise's
        callback: RawCallback,
    ) -> Sequence[News]:
        """What the event says."""
        return webhooks.read(callback)

    def acknowledge_event(self, kind: str) -> HttpReply:  # noqa: ARG002  the promise's
        """Anything of the two hundreds stops the repetition."""
        return HttpReply({})

    def register(self, context: Context) -> Registration:
        """Have PayPal call the account's address; one that it calls already is left as it is."""
        context.cache.delete(_webhook_key(context))
        if known := _webhook_id(context):
            return Registration(is_registered=True, said=f"Webhook {known}")
        events = [{"name": name} for name in webhooks.EVENTS]
        body = {"url": context.account_url("events"), "event_types": events}
        try:
            exchange = access.send(context, Ask(method="POST", path=WEBHOOKS, body=body))
        except (access.NoToken, NotSent, AnswerLost) as lost:
            return Registration(is_registered=False, said=f"No answer: {type(lost).__name__}")
        context.cache.delete(_webhook_key(context))
        name = wire.text(wire.document(exchange.body).get("id"))
        if answers.is_success(exchange.status) and name:
            return Registration(is_registered=True, said=f"Webhook {name}")
        return Registration(is_registered=False, said=f"PayPal answered {exchange.status}")

    def disputes(self, context: Context, since: datetime) -> Sequence[DisputeReport]:
        """Disputes changed since then, each read in full."""
        query = urlencode({"update_time_after": wire.stamp(since), "page_size": "50"})
        path: str | None = f"{DISPUTES}?{query}"
        names: list[str] = []
        for _page in range(PAGES_MOST):
            if not path:
                break
            told = calls.look(context, path)
            names += [wire.text(row.get("dispute_id")) for row in wire.rows(told.get("items"))]
            _, _, rest = wire.link(told, "next").partition(f"{DISPUTES}?")
            path = f"{DISPUTES}?{rest}" if rest else None
        found = (self.read_dispute(context, name) for name in names if name)
        return [report for report in found if report is not None]

    def read_dispute(self, context: Context, reference: str) -> DisputeReport | None:
        """One dispute as it stands."""
        try:
            return disputes.report(calls.look(context, at(DISPUTES, reference)))
        except ValueError:
            return None

    def submit_evidence(
        self, context: Context, dispute: DisputeView, text: str, files: Sequence[EvidenceFile]
    ) -> Result:
        """Hand in our side."""
        form = translate.evidence(dispute.provider_key, text, files)
        path = at(DISPUTES, dispute.reference, "provide-evidence")
        ask = Ask(method="POST", path=path, key=dispute.provider_key, form=form)
        return calls.make(context, ask, _handed_in)

    def accept_dispute(self, context: Context, dispute: DisputeView) -> Result:
        """Give in: the payer gets the money."""
        form = translate.multipart(dispute.provider_key, b"{}", ())
        path = at(DISPUTES, dispute.reference, "accept-claim")
        ask = Ask(method="POST", path=path, key=dispute.provider_key, form=form)
        return calls.make(context, ask, _handed_in)

    def balances(self, context: Context) -> BalanceAnswer:
        """Its balances now."""
        try:
            told = calls.look(context, f"{REPORTING}/balances?currency_code=ALL")
        except ValueError as error:
            why = ProviderError("provider.outage", "", str(error), "no", "same_key")
            return BalanceAnswer(error=why)
        return BalanceAnswer(readings=reporting.balances(told))

    def transactions(
        self, context: Context, since: datetime, until: datetime
    ) -> Sequence[ProviderTransaction]:
        """PayPal's own list, in slices that it answers."""
        found: list[ProviderTransaction] = []
        start = since
        while start < until:
            end = min(start + SLICE, until)
            found += self._slice(context, start, end)
            start = end
        return found

    def _slice(
        self, context: Context, since: datetime, until: datetime
    ) -> list[ProviderTransaction]:
        found: list[ProviderTransaction] = []
        for page in range(1, PAGES_MOST + 1):
            query = urlencode(
                {
                    "start_date": wire.stamp(since),
                    "end_date": wire.stamp(until + timedelta(seconds=1)),
                    "fields": "transaction_info",
                    "page_size": str(PAGE_SIZE),
                    "page": str(page),
                }
            )
            told = calls.look(context, f"{REPORTING}/transactions?{query}")
            found += [line for line in reporting.lines(told) if since <= line.at < until]
            total = told.get("total_pages")
            if type(total) is not int or page >= total:
                return found
        raise ValueError("PayPal's list has more pages than can be read at once")


def _handed_in(told: answers.Told) -> Result:
    return Result(Outcome.SUCCEEDED) if "links" in told else answers.unreadable()


def _parent_ref(attempt: AttemptView, name: str) -> str:
    return attempt.parent.provider_refs.get(name, "") if attempt.parent else ""


def _webhook_key(context: Context) -> str:
    said = f"{access.base_url(context.account)} {context.account_url('events')}"
    return f"paypal:webhook:{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def _webhook_id(context: Context) -> str:
    """The webhook that calls this account's address: from the configuration, or PayPal's list.

    Not to know it is kept too, but briefly, so that strangers cannot make us ask all the time.
    """
    if named := str(context.account.config.get("webhook_id", "")):
        return named
    key = _webhook_key(context)
    known = context.cache.get(key)
    if known is not None:
        return known
    try:
        told = calls.look(context, WEBHOOKS)
    except ValueError:
        return ""
    url = context.account_url("events")
    rows = wire.rows(told.get("webhooks"))
    name = next((wire.text(row.get("id")) for row in rows if row.get("url") == url), "")
    context.cache.set(key, name, WEBHOOK_SECONDS if name else NO_WEBHOOK_SECONDS)
    return name
