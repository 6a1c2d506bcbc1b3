"""What Daraja does for a whole shortcode: pay-ins nobody asked for, and its balances."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from apps.payments.connectors.accounts import (
    GENUINE,
    AboutPayIn,
    BalanceAnswer,
    News,
    Registration,
    SignatureVerdict,
)
from apps.payments.connectors.base import (
    Context,
    HttpReply,
    ProviderError,
    RawCallback,
    RawExchange,
)
from apps.payments.connectors.mpesa import access, answers, c2b, transfers, translate, wire
from apps.payments.connectors.pay_ins import PayInQuestion
from apps.payments.domain.pay_ins import Answer, PayInRules
from apps.platform.http import AnswerLost, Exchange, NotSent

C2B_REGISTER = "/mpesa/c2b/v2/registerurl"
PULL_REGISTER = "/pulltransactions/v1/register"
PULL = "/pulltransactions/v1/query"
#: More pages than this in one pull is no answer any more.
PAGES_MAX = 50


class MpesaAccountSide:
    """The promises about the account. Its addresses are secret, and the only proof of origin."""

    account_kinds: ClassVar[frozenset[str]] = frozenset(
        {c2b.CONFIRMATION, c2b.VALIDATION, "pull", "balance", transfers.BALANCE_TIMEOUT}
    )
    question_kinds: ClassVar[frozenset[str]] = frozenset({c2b.VALIDATION})
    callback_headers: ClassVar[frozenset[str]] = frozenset()
    pay_in_reach: ClassVar[timedelta] = c2b.REACH

    def authenticate(self, context: Context, callback: RawCallback) -> SignatureVerdict:  # noqa: ARG002  of the interface
        """Nothing is signed: whoever knows the address is believed, and compared afterwards."""
        return GENUINE

    def identify_event(self, callback: RawCallback) -> str:
        """A confirmation by its receipt; a balance by its bytes."""
        if callback.kind == c2b.CONFIRMATION:
            return c2b.identify(callback)
        return f"{callback.kind}:{hashlib.sha256(callback.body).hexdigest()}"

    def read_event(self, context: Context, callback: RawCallback) -> Sequence[News]:
        """A pay-in or balances; a time-out says nothing."""
        news: News | None = None
        if callback.kind == c2b.CONFIRMATION:
            news = c2b.confirmed(context.account.config, callback)
        elif callback.kind == "balance":
            news = transfers.balances(callback)
        return () if news is None else (news,)

    def acknowledge_event(self, kind: str) -> HttpReply:  # noqa: ARG002  of the interface
        """Also of duplicates, and of what cannot be read."""
        return HttpReply({"ResultCode": 0, "ResultDesc": "Success"})

    def pay_in_rules(self, config: Mapping[str, object]) -> PayInRules:
        """``config["c2b"]``."""
        return c2b.rules(config)

    def read_question(self, config: Mapping[str, object], callback: RawCallback) -> PayInQuestion:
        """What a payer wants to pay."""
        return c2b.question(config, callback)

    def answer_question(self, answer: Answer) -> HttpReply:
        """In the portal's codes."""
        return c2b.answered(answer)

    def register(self, context: Context) -> Registration:
        """C2B addresses, and pull where it was agreed on. Safe to repeat."""
        config = context.account.config
        body = c2b.register_urls(
            config, context.account_url(c2b.CONFIRMATION), context.account_url(c2b.VALIDATION)
        )
        done = _registered(context, C2B_REGISTER, body, c2b.registered)
        if not done.is_registered or not c2b.pulls(config):
            return done
        body = c2b.register_pull(config, context.account_url("pull"))
        pull = _registered(context, PULL_REGISTER, body, c2b.pull_registered)
        return Registration(pull.is_registered, f"{done.said} Pull: {pull.said}"[:300])

    def pulls(self, config: Mapping[str, object]) -> bool:
        """With a nominated number."""
        return c2b.pulls(config)

    def pay_ins(self, context: Context, since: datetime, until: datetime) -> Sequence[AboutPayIn]:
        """All pages; ``ValueError`` when one of them cannot be read."""
        config = context.account.config
        found: list[AboutPayIn] = []
        for page in range(PAGES_MAX):
            body = c2b.pull(config, since, until, page * c2b.PAGE)
            try:
                exchange = access.post(context, PULL, body, verb=c2b.pull_verb(config))
            except (access.NoToken, NotSent, AnswerLost) as lost:
                raise ValueError(f"pull could not be asked: {type(lost).__name__}") from lost
            lines = c2b.pulled(exchange.status, exchange.body)
            found += lines
            if len(lines) < c2b.PAGE:
                return found
        raise ValueError(f"pull has more than {PAGES_MAX} pages")

    def balances(self, context: Context) -> BalanceAnswer:
        """Asked; the balances come to the account's ``balance`` address."""
        credential = translate.security_credential(
            context.secret("initiator_password"), context.secret("certificate").encode()
        )
        body = transfers.balance(context.account.config, credential, context.account_url)
        request = {"path": transfers.BALANCE} | wire.covered(body)
        try:
            exchange = access.post(context, transfers.BALANCE, body)
        except access.NoToken as missing:
            return BalanceAnswer(error=missing.why, exchange=RawExchange(request, None, {}))
        except (NotSent, AnswerLost):
            why = ProviderError("provider.outage", "", "No answer.", "no", "after_verify")
            return BalanceAnswer(error=why, exchange=RawExchange(request, None, {}))
        told = wire.document(exchange.body)
        kept = RawExchange(request, exchange.status, wire.covered(told))
        if exchange.status == answers.HTTP_OK and wire.text(told.get("ConversationID")):
            return BalanceAnswer(is_asked=True, exchange=kept)
        return BalanceAnswer(error=answers.refused(exchange.status, told).error, exchange=kept)


def _registered(
    context: Context, path: str, body: wire.Body, read: Callable[[int, bytes], Registration]
) -> Registration:
    try:
        exchange: Exchange = access.post(context, path, body)
    except access.NoToken as missing:
        return Registration(is_registered=False, said=missing.why.message[:300])
    except (NotSent, AnswerLost):
        return Registration(is_registered=False, said="The provider did not answer.")
    return read(exchange.status, exchange.body)
