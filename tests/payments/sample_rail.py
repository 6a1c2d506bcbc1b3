"""A rail that lives outside ``apps/``: it keeps every promise, and says what a test tells it to.

Its account calls back at one address, signed with HMAC-SHA256 of the body.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from apps.payments.connectors.accounts import (
    AboutAttempt,
    DisputeReport,
    DisputeView,
    EvidenceFile,
    News,
    SignatureVerdict,
)
from apps.payments.connectors.base import (
    AmountPolicy,
    AttemptView,
    Capabilities,
    CapturePolicy,
    Context,
    HttpReply,
    KeyPolicy,
    PayerAction,
    ProviderError,
    ProviderFact,
    RawCallback,
    RefundPolicy,
    Result,
)
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Operation, Outcome
from apps.payments.domain.tariffs import Tariff
from apps.platform.money import Money

SECRET = "sample-signing-secret"
EVERYBODY: Any = frozenset({"none", "phone", "token", "email"})


def done(attempt: AttemptView, amount: Money | None = None, fee: Money | None = None) -> Result:
    """It happened, for this amount."""
    reference = f"{attempt.operation[:3]}_{attempt.provider_key}"
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"done:{reference}",
        amount=amount or attempt.amount,
        fee=fee,
        reference=reference,
    )
    return Result(Outcome.SUCCEEDED, {"object": reference}, (fact,))


def refused(_attempt: AttemptView) -> Result:
    why = ProviderError("risk.declined", "no", "The bank said no.", "no", "new_attempt")
    return Result(Outcome.DECLINED, error=why)


def wait_for_payer(attempt: AttemptView) -> Result:
    action = PayerAction("redirect", url=f"https://pay.example/{attempt.provider_key}")
    return Result(Outcome.ACCEPTED, {"order": f"o_{attempt.provider_key}"}, action=action)


class SampleRail:
    """Scripted by operation; unscripted, everything succeeds at once."""

    code: ClassVar[str] = "sample"
    inbound_name: ClassVar[str] = "sample"
    account_kinds: ClassVar[frozenset[str]] = frozenset({"events"})
    callback_headers: ClassVar[frozenset[str]] = frozenset({"x-sample-signature"})

    def __init__(self) -> None:
        self.script: dict[str, Any] = {}
        self.calls: list[str] = []
        self.reports: list[DisputeReport] = []
        self.evidence: list[str] = []

    def capabilities(self, config: Mapping[str, object]) -> Capabilities:
        operations = frozenset(Operation) - {Operation.PAYOUT}
        return Capabilities(
            operations=operations,
            amounts={(operation, "KES"): AmountPolicy(1, 10**12) for operation in operations},
            keys={operation: KeyPolicy(is_honoured=True, longest=60) for operation in operations},
            callback_auth="hmac",
            secret_names=(),
            has_statement=False,
            captures=CapturePolicy(is_partial=True, is_multiple=True),
            refunds=RefundPolicy(is_partial=True),
            parties=dict.fromkeys(operations, EVERYBODY),
        )

    def problems(self, config: Mapping[str, object]) -> Mapping[str, str]:
        return {}

    def tariff(self, config: Mapping[str, object]) -> Tariff | None:
        return None

    def _say(self, what: str, attempt: AttemptView) -> Result:
        self.calls.append(what)
        result: Result = self.script.get(what, done)(attempt)
        return result

    def collect(self, context: Context, attempt: AttemptView) -> Result:
        return self._say("purchase", attempt)

    def authorise(self, context: Context, attempt: AttemptView) -> Result:
        return self._say("authorise", attempt)

    def complete(self, context: Context, attempt: AttemptView) -> Result:
        return self._say("complete", attempt)

    def capture(self, context: Context, attempt: AttemptView) -> Result:
        assert attempt.parent is not None
        assert attempt.parent.provider_refs
        return self._say("capture", attempt)

    def void(self, context: Context, attempt: AttemptView) -> Result:
        assert attempt.parent is not None
        return self._say("void", attempt)

    def refund(self, context: Context, attempt: AttemptView) -> Result:
        assert attempt.parent is not None
        return self._say("refund", attempt)

    def verify(self, context: Context, attempt: AttemptView) -> Result:
        return self._say("verify", attempt)

    def authenticate(self, context: Context, callback: RawCallback) -> SignatureVerdict:
        given = callback.headers.get("x-sample-signature", "")
        is_genuine = hmac.compare_digest(given.encode(), signature(callback.body).encode())
        return SignatureVerdict(is_genuine, "" if is_genuine else "The signature is wrong.")

    def identify_event(self, callback: RawCallback) -> str:
        return f"event:{json.loads(callback.body)['id']}"

    def read_event(self, context: Context, callback: RawCallback) -> Sequence[News]:
        said = json.loads(callback.body)
        fact = ProviderFact(
            EventKind(said["kind"]),
            dedupe=f"fact:{said['id']}",
            amount=Money(said["amount_minor"], "KES"),
            reference=said["id"],
        )
        outcome = Outcome.SUCCEEDED if said["kind"] == "succeeded" else Outcome.DECLINED
        attempt_id = UUID(said["attempt"]) if "attempt" in said else None
        refs = said.get("refs", {})
        return [AboutAttempt(result=Result(outcome, {}, (fact,)), attempt_id=attempt_id, refs=refs)]

    def acknowledge_event(self, kind: str) -> HttpReply:
        return HttpReply({})

    def disputes(self, context: Context, since: datetime) -> Sequence[DisputeReport]:
        return self.reports

    def read_dispute(self, context: Context, reference: str) -> DisputeReport | None:
        return next((report for report in self.reports if report.reference == reference), None)

    def submit_evidence(
        self, context: Context, dispute: DisputeView, text: str, files: Sequence[EvidenceFile]
    ) -> Result:
        self.evidence += [text, *(file.name for file in files)]
        return Result(Outcome.SUCCEEDED)

    def accept_dispute(self, context: Context, dispute: DisputeView) -> Result:
        return Result(Outcome.SUCCEEDED)


def signature(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
