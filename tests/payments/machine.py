"""Workers, their deaths, the provider and time, in any order; then both books are compared."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from apps.payments import selectors, services
from apps.payments.domain.states import AttemptState
from apps.payments.errors import IntentNotCollectable, PayoutAlreadyTried
from apps.payments.models import Attempt
from apps.payments.services import sending
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from tests.payments.conftest import House
from tests.payments.world import PAYOUTS, balance, kes, new_intent

#: So slow that whatever a rule does comes before, between or after what the provider does.
PACE = {"callback_delay_ms": 5_000, "late_delay_ms": 40_000, "callback_gap_ms": 4_000}
#: The provider's magic inputs, see ``tests/worlds/README.md``.
ENDINGS = [f"{number:02}" for number in range(1, 15)]
PATHS = {
    "in": "/mpesa/stkpush/v1/processrequest",
    "out": "/mpesa/b2c/v3/paymentrequest",
    "asked": "/mpesa/stkpushquery/v1/query",
    "status": "/mpesa/transactionstatus/v1/query",
}
FAULTS = ["lost_ack", "garbled_ack", "drop", "internal", "unavailable", "too_many", "malformed"]
WORK: dict[str, Callable[[], object]] = {
    "send": services.send_due_attempts,
    "process": services.process_callbacks,
    "verify": services.verify_due_attempts,
    "expire": services.expire_intents,
}
ENDED = {AttemptState.SUCCEEDED, AttemptState.DECLINED, AttemptState.FAILED}
#: How time goes on until nothing is open: the provider's pace first, then the verifier's steps.
TO_THE_END = [6, 6, 41, 61, 61, 121, 301, 601, 3_601, 3_601, 3_601, 6 * 3_601, *[24 * 3_601] * 6]
endings = st.sampled_from(ENDINGS)
shillings = st.integers(10, 9_000)


class Killed(BaseException):
    """The worker is gone: nobody catches it and nothing after it runs."""


class Payments(RuleBasedStateMachine):
    """One house and one provider for all examples; each looks at the money it moved itself.

    Time only moves on, for the house and its provider alike.
    """

    house: House
    ahead = timedelta()
    provider: httpx.Client
    steps: Counter[str] = Counter()
    intents = Bundle("intents")
    payouts = Bundle("payouts")

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[UUID] = []
        self.paid_out: list[UUID] = []
        self.seen = {code: self.moved(code) for code in self.accounts()}
        self.held = {account: balance(account) for account in ("1100", "1110")}

    @classmethod
    def now(cls) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC) + cls.ahead

    @rule(target=intents, ending=endings, amount=shillings)
    def ask_a_payer(self, ending: str, amount: int) -> UUID:
        intent_id = new_intent(f"2547080001{ending}", kes(amount))
        services.start_collection(intent_id=intent_id, actor=SYSTEM)
        self.asked.append(intent_id)
        return intent_id

    @rule(intent_id=intents)
    def ask_the_payer_again(self, intent_id: UUID) -> None:
        try:
            services.start_collection(intent_id=intent_id, actor=SYSTEM)
        except IntentNotCollectable:
            self.steps["not asked again"] += 1

    @rule(target=payouts, ending=endings, amount=shillings)
    def order_a_payout(self, ending: str, amount: int) -> UUID:
        payout_ref = new_id()
        self.pay(payout_ref, ending, amount)
        self.paid_out.append(payout_ref)
        return payout_ref

    @rule(payout_ref=payouts, ending=endings)
    def order_the_payout_again(self, payout_ref: UUID, ending: str) -> None:
        """Settlements would try again after a failure; while it may have been paid, it may not."""
        first = Attempt.objects.filter(payout_ref=payout_ref).earliest("number")
        try:
            self.pay(payout_ref, ending, first.amount_minor // 100)
        except PayoutAlreadyTried:
            self.steps["not paid again"] += 1

    @rule(what=st.sampled_from(sorted(WORK)))
    def a_worker_works(self, what: str) -> None:
        WORK[what]()

    @rule(what=st.sampled_from(sorted(WORK)), after=st.integers(1, 4))
    def a_worker_dies_before_it_commits(self, what: str, after: int) -> None:
        with dying(after):
            WORK[what]()

    @rule(is_sent=st.booleans())
    def a_worker_dies_around_the_call(self, is_sent: bool) -> None:
        """Claimed; and then the request had left, or had not."""
        attempt = sending._claim()
        if attempt is not None and is_sent:
            sending._submit(attempt)
            self.steps["answers lost"] += 1

    @rule(path=st.sampled_from(sorted(PATHS)), kind=st.sampled_from(FAULTS))
    def the_provider_spoils_an_answer(self, path: str, kind: str) -> None:
        self.tell("faults", path=PATHS[path], kind=kind)

    @rule(seconds=st.sampled_from([2, 6, 11, 31, 61, 121, 601, 3_601]))
    def time_passes(self, seconds: int) -> None:
        type(self).ahead += timedelta(seconds=seconds)
        self.tell("clock", offset_seconds=int(self.ahead.total_seconds()))
        deadline = time.monotonic() + 20
        while self.ask("due")["due"]:
            assert time.monotonic() < deadline, "the provider does not come to rest"
            time.sleep(0.004)

    @rule(number=st.integers(0, 50))
    def a_callback_comes_once_more(self, number: int) -> None:
        sent = [
            one
            for code in self.accounts()
            for one in self.ask("callbacks", shortcode=code)["callbacks"][-8:]
            if one["tries"]
        ]
        if sent:
            again = sent[number % len(sent)]
            answer = self.provider.post(again["url"], content=again["body"])
            assert answer.status_code == 200
            self.steps["duplicates"] += 1

    def teardown(self) -> None:
        """The provider is well again, time goes on until all is said; then books are compared."""
        try:
            self.tell("faults", clear=True)
            self.everything_ends()
            self.the_books_agree()
        finally:
            self.steps["examples"] += 1
            self.steps["payments"] += len(self.asked)
            self.steps["payouts"] += len(self.paid_out)

    def everything_ends(self) -> None:
        for seconds in TO_THE_END:
            for name in ("send", "process", "verify", "process"):
                WORK[name]()
            if not self.open() and not self.waiting():
                return
            self.time_passes(seconds)

    def open(self) -> list[Attempt]:
        mine = Attempt.objects.filter(intent_id__in=self.asked) | Attempt.objects.filter(
            payout_ref__in=self.paid_out
        )
        return [one for one in mine if one.state not in ENDED]

    def waiting(self) -> bool:
        """Whether the provider still has something to do or to say, be it much later."""
        return bool(self.ask("due", ahead_seconds="600")["due"])

    def the_books_agree(self) -> None:
        left = [(one.operation, one.state, one.code) for one in self.open()]
        assert left == []
        moved = {code: self.moved(code)[len(self.seen[code]) :] for code in self.accounts()}
        pay_ins, paid = moved[self.house.paybill], moved[self.house.payer]
        assert balance("1100") - self.held["1100"] == sum(row["amount_minor"] for row in pay_ins)
        assert self.held["1110"] - balance("1110") == sum(row["amount_minor"] for row in paid)
        keys = {
            str(key): payout_ref
            for key, payout_ref in Attempt.objects.filter(payout_ref__in=self.paid_out).values_list(
                "provider_key", "payout_ref"
            )
        }
        times = Counter(keys[row["originator_conversation_id"]] for row in paid)
        assert [ref for ref, count in times.items() if count > 1] == []
        succeeded = Attempt.objects.filter(payout_ref__in=self.paid_out, state="succeeded")
        assert set(times) == set(succeeded.values_list("payout_ref", flat=True))
        assert selectors.payments_violations() == []
        self.steps["moved in"] += len(pay_ins)
        self.steps["moved out"] += len(paid)

    def pay(self, payout_ref: UUID, ending: str, amount: int) -> None:
        services.create_payout_attempt(
            payout_ref=payout_ref,
            amount=kes(amount),
            phone=f"2547080002{ending}",
            debit_account="2900",
            provider_account=PAYOUTS,
            idempotency_key=f"machine:{new_id()}",
            actor=SYSTEM,
        )

    def accounts(self) -> tuple[str, str]:
        return self.house.paybill, self.house.payer

    def moved(self, shortcode: str) -> list[dict[str, Any]]:
        """The provider's transfers for others; opening money is none."""
        rows = self.ask("transactions", shortcode=shortcode)["transactions"]
        return [row for row in rows if row["kind"] in {"pay_in", "payout"}]

    def tell(self, path_: str, /, **body: Any) -> None:
        url = f"{self.house.provider.url}/_control/{path_}"
        assert self.provider.post(url, json=body).status_code < 300

    def ask(self, path: str, **params: str) -> dict[str, Any]:
        url = f"{self.house.provider.url}/_control/{path}"
        return dict(self.provider.get(url, params=params).json())


@contextmanager
def dying(after: int) -> Iterator[None]:
    """The ``after``-th use case within dies when all is written and nothing is committed."""
    left, note = after, audit.note

    def last_words(subject: str = "", **facts: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        note(subject, **facts)

    with patch.object(audit, "note", last_words):
        try:
            yield
        except Killed:
            Payments.steps["deaths"] += 1


@contextmanager
def slowly(house: House) -> Iterator[type[Payments]]:
    """The machine over a house whose provider takes its time; afterwards it is quick again."""
    before = house.provider.ask("settings")
    house.provider.tell("settings", **PACE)
    with httpx.Client(trust_env=False, timeout=30) as client:
        Payments.house, Payments.provider, Payments.ahead = house, client, timedelta()
        try:
            with clock.reading(Payments.now):
                yield Payments
        finally:
            house.provider.tell("clock", offset_seconds=0)
            house.provider.tell("settings", **{name: before[name] for name in PACE})
