"""PayPal's objects into our words, whether answered, asked for or told by a webhook.

What is not proved is ``UNKNOWN``. The same object makes the same facts wherever it came from.
"""

from __future__ import annotations

from collections.abc import Mapping

from apps.payments.connectors.base import (
    AttemptView,
    PayerAction,
    ProviderError,
    ProviderFact,
    Result,
)
from apps.payments.connectors.paypal import codes, wire
from apps.payments.connectors.paypal.translate import invoice_id
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import Operation, Outcome
from apps.platform.money import Money

Told = Mapping[str, object]
_OK, _UNAUTHORISED, _NOT_FOUND, _TOO_MANY, _SERVER = range(200, 300), 401, 404, 429, 500
UNREADABLE = ProviderError(
    "provider.unreadable", "", "The answer could not be read.", "unknown", "after_verify"
)
_REFUSED_TOKEN = ProviderError("config.credentials", "401", "Token refused.", "no", "same_key")
_PAID = {"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"}
_HELD = {"CREATED", "CAPTURED", "PARTIALLY_CAPTURED"}
_WAITING = {"CREATED", "SAVED", "PAYER_ACTION_REQUIRED"}
_SENT_BACK = {"REFUNDED", "REVERSED"}


def unreadable() -> Result:
    """An answer that says nothing proves nothing."""
    return Result(Outcome.UNKNOWN, error=UNREADABLE)


def is_success(status: int) -> bool:
    """Whether the call was carried out."""
    return status in _OK


def refused(status: int, told: Told, retry_after: str = "") -> Result:
    """An error answer. Only what says that nothing was done counts as not done."""
    if status == _TOO_MANY:
        seconds = int(retry_after) if retry_after.isdigit() else 5
        why = ProviderError(
            "provider.rate_limited", "429", "Too many requests.", "no", "same_key", seconds
        )
        return Result(Outcome.NOT_SENT, error=why)
    if status == _UNAUTHORISED:
        return Result(Outcome.NOT_SENT, error=_REFUSED_TOKEN)
    if not told.get("name"):
        return unreadable()
    why = codes.of_answer(told)
    if status >= _SERVER or why.money_moved != "no":
        return Result(Outcome.UNKNOWN, error=why)
    return Result(Outcome.DECLINED, error=why)


def order(told: Told) -> Result:
    """An order: waiting for its payer, agreed to, or carried out: then its payment counts."""
    name, status = wire.text(told.get("id")), wire.text(told.get("status"))
    if not name:
        return unreadable()
    refs = {"order_id": name}
    if status in _WAITING:
        url = wire.link(told, "payer-action", "approve")
        action = PayerAction("redirect", url=url) if url else None
        fact = ProviderFact(EventKind.ACTION_REQUIRED, dedupe=f"order:{name}:waiting")
        return Result(Outcome.ACCEPTED, refs, (fact,), action=action)
    if status == "APPROVED":
        fact = ProviderFact(EventKind.APPROVED, dedupe=f"order:{name}:approved")
        return Result(Outcome.APPROVED, refs, (fact,))
    if status == "VOIDED":
        why = ProviderError("customer.cancelled", status, "Order voided.", "no", "new_attempt")
        return _declined(refs, f"order:{name}:voided", why)
    if status != "COMPLETED":
        return unreadable()
    return _carried_out(told, refs)


def payments_of(told: Told, part: str) -> list[dict[str, object]]:
    """The captures, authorizations or refunds that an order lists."""
    units = wire.rows(told.get("purchase_units"))
    return [row for unit in units for row in wire.rows(wire.inner(unit, "payments").get(part))]


def made_under(told: Told, part: str, attempt: AttemptView) -> dict[str, object] | None:
    """The payment of an order that carries the attempt's number; nothing if there is none."""
    wanted = invoice_id(attempt.operation, attempt.provider_key)
    found = [row for row in payments_of(told, part) if row.get("invoice_id") == wanted]
    return found[0] if found else None


def _carried_out(told: Told, refs: dict[str, str]) -> Result:
    """Completed says nothing about the money: the one payment made of the order does."""
    held = payments_of(told, "authorizations")
    if told.get("intent") == "AUTHORIZE" or held:
        return _with(authorization(held[0]), refs) if held else Result(Outcome.UNKNOWN, refs)
    paid = payments_of(told, "captures")
    return _with(capture(paid[0]), refs) if paid else Result(Outcome.UNKNOWN, refs)


def capture(told: Told) -> Result:
    """A capture: paid, refused, or being looked at."""
    name, status, amount = _named(told)
    if not name:
        return unreadable()
    refs = {"capture_id": name} | _related(told)
    if status in _PAID and amount is not None:
        kept = wire.money(wire.inner(told, "seller_receivable_breakdown").get("paypal_fee"))
        fact = ProviderFact(
            EventKind.SUCCEEDED,
            dedupe=f"capture:{name}",
            amount=amount,
            fee=kept if kept and kept.currency == amount.currency else None,
            reference=name,
            provider_time=wire.moment(told.get("create_time")),
        )
        return Result(Outcome.SUCCEEDED, refs, (fact,))
    return _not_done(told, f"capture:{name}", status, refs)


def authorization(told: Told) -> Result:
    """An authorization: held, let go, or refused."""
    name, status, amount = _named(told)
    if not name:
        return unreadable()
    refs = {"authorization_id": name} | _related(told)
    if status == "VOIDED" and amount is not None:
        return Result(Outcome.SUCCEEDED, refs, (_held(told), _reversed(f"authorization:{name}")))
    if status in _HELD and amount is not None:
        return Result(Outcome.SUCCEEDED, refs, (_held(told),))
    return _not_done(told, f"authorization:{name}", status, refs)


def voided(told: Told, attempt: AttemptView) -> Result:
    """What the authorization says about our wish to let it go."""
    name, status, _amount = _named(told)
    if status == "VOIDED":
        return let_go(name, attempt)
    if status == "CAPTURED":
        why = ProviderError("provider.declined", status, "Captured before.", "no", "never")
        return _declined({"authorization_id": name}, f"void:{attempt.provider_key}", why)
    return Result(Outcome.ABSENT) if status in _HELD else unreadable()


def let_go(authorization_id: str, attempt: AttemptView) -> Result:
    """The authorization holds nothing any more."""
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"void:{authorization_id}:{attempt.provider_key}",
        amount=attempt.amount,
        reference=authorization_id,
    )
    return Result(Outcome.SUCCEEDED, {"authorization_id": authorization_id}, (fact,))


def refund(told: Told) -> Result:
    """A refund: given back, on its way, or failed."""
    name, status, amount = _named(told)
    if not name:
        return unreadable()
    refs = {"refund_id": name}
    if status == "COMPLETED" and amount is not None:
        fact = ProviderFact(
            EventKind.SUCCEEDED,
            dedupe=f"refund:{name}",
            amount=amount,
            reference=name,
            provider_time=wire.moment(told.get("create_time")),
        )
        return Result(Outcome.SUCCEEDED, refs, (fact,))
    return _not_done(told, f"refund:{name}", status, refs)


def batch_taken(told: Told) -> Result:
    """The answer to a payout: taken in is not paid."""
    name = wire.text(wire.inner(told, "batch_header").get("payout_batch_id"))
    return _taken(name) if name else unreadable()


def batch_known(told: Told) -> Result | None:
    """A batch of this id exists: it is ours, since nobody else makes our keys. Its name is linked.

    Nothing when the answer is another refusal.
    """
    fields = {wire.text(row.get("field")).upper() for row in wire.rows(told.get("details"))}
    href = wire.link(told, "self")
    if told.get("name") != "USER_BUSINESS_ERROR" or "SENDER_BATCH_ID" not in fields or not href:
        return None
    return _taken(href.rstrip("/").rpartition("/")[2])


def _taken(name: str) -> Result:
    fact = ProviderFact(EventKind.PENDING, dedupe=f"batch:{name}:taken")
    return Result(Outcome.ACCEPTED, {"payout_batch_id": name}, (fact,))


def batch(told: Told, key: str) -> Result:
    """A batch: the item that carries our key counts; a batch denied as a whole paid nothing."""
    for row in wire.rows(told.get("items")):
        if wire.inner(row, "payout_item").get("sender_item_id") == key:
            return item(row)
    return batch_denied(wire.inner(told, "batch_header"))


def batch_denied(header: Told) -> Result:
    """Refused as a whole, or not gone through yet. Processed is not paid: that items say."""
    name, status = wire.text(header.get("payout_batch_id")), wire.text(header.get("batch_status"))
    refs = {"payout_batch_id": name} if name else {}
    if status in {"DENIED", "CANCELED"}:
        return _declined(refs, f"batch:{name}:{status}", codes.of_payout("", status, status))
    return Result(Outcome.ACCEPTED, refs) if status else unreadable()


def item(told: Told) -> Result:
    """One payout. Money that nobody claimed and that came back was never paid."""
    name, status = wire.text(told.get("payout_item_id")), wire.text(told.get("transaction_status"))
    amount = wire.money(wire.inner(told, "payout_item").get("amount"))
    if not name or amount is None:
        return unreadable()
    names = {"payout_item_id": name, "payout_batch_id": wire.text(told.get("payout_batch_id"))}
    refs = {part: value for part, value in names.items() if value}
    paid = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"item:{name}:paid",
        amount=amount,
        fee=wire.money(told.get("payout_item_fee")),
        reference=wire.text(told.get("transaction_id")) or name,
        provider_time=wire.moment(told.get("time_processed")),
    )
    if status == "SUCCESS":
        return Result(Outcome.SUCCEEDED, refs, (paid,))
    if status in _SENT_BACK:
        return Result(Outcome.SUCCEEDED, refs, (paid, _reversed(f"item:{name}", amount)))
    if status in {"FAILED", "BLOCKED", "RETURNED", "DENIED", "CANCELED"}:
        error = wire.inner(told, "errors")
        code = "" if status == "RETURNED" else wire.text(error.get("name"), 64)
        why = codes.of_payout(code, status, wire.text(error.get("message")) or status)
        return _declined(refs, f"item:{name}:{status}", why)
    if status in {"PENDING", "UNCLAIMED", "ONHOLD"}:
        fact = ProviderFact(EventKind.PENDING, dedupe=f"item:{name}:{status}")
        return Result(Outcome.ACCEPTED, refs, (fact,))
    return Result(Outcome.UNKNOWN, refs, error=UNREADABLE)


def part_of(operation: Operation) -> str:
    """Where an order lists what the operation makes."""
    return {Operation.REFUND: "refunds", Operation.AUTHORISE: "authorizations"}.get(
        operation, "captures"
    )


def _named(told: Told) -> tuple[str, str, Money | None]:
    return wire.text(told.get("id")), wire.text(told.get("status")), wire.money(told.get("amount"))


def _related(told: Told) -> dict[str, str]:
    related = wire.inner(told, "supplementary_data", "related_ids")
    order_id = wire.text(related.get("order_id"))
    return {"order_id": order_id} if order_id else {}


def _held(told: Told) -> ProviderFact:
    name, _status, amount = _named(told)
    return ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"authorization:{name}",
        amount=amount,
        reference=name,
        provider_time=wire.moment(told.get("create_time")),
        data={"expires_at": wire.text(told.get("expiration_time"))},
    )


def _reversed(what: str, amount: Money | None = None) -> ProviderFact:
    return ProviderFact(EventKind.REVERSED, dedupe=f"{what}:reversed", amount=amount)


def _not_done(told: Told, what: str, status: str, refs: dict[str, str]) -> Result:
    reason = wire.text(wire.inner(told, "status_details").get("reason"), 64)
    if status in {"DECLINED", "DENIED", "FAILED", "CANCELLED"}:
        standard = "customer.declined" if what.startswith(("capture", "auth")) else ""
        why = ProviderError(
            standard or "provider.declined", reason or status, status, "no", "new_attempt"
        )
        return _declined(refs, f"{what}:{status}", why)
    if status == "PENDING":
        fact = ProviderFact(EventKind.PENDING, dedupe=f"{what}:pending", data={"reason": reason})
        return Result(Outcome.ACCEPTED, refs, (fact,))
    return Result(Outcome.UNKNOWN, refs, error=UNREADABLE)


def _declined(refs: dict[str, str], dedupe: str, why: ProviderError) -> Result:
    fact = ProviderFact(EventKind.FAILED, dedupe=dedupe)
    return Result(Outcome.DECLINED, refs, (fact,), why)


def _with(result: Result, refs: Mapping[str, str]) -> Result:
    return Result(
        result.outcome, {**result.provider_refs, **refs}, result.facts, error=result.error
    )
