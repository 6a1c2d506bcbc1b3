"""C2B: payers who pay of their own accord. Daraja asks, confirms, and can be asked afterwards.

Kinds of account address: ``validation`` asks before the money is taken, ``confirmation`` tells that
it was. The words that Daraja refuses in addresses are in neither.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from apps.payments.connectors.accounts import AboutPayIn, Registration
from apps.payments.connectors.base import HttpReply, RawCallback
from apps.payments.connectors.mpesa import wire
from apps.payments.connectors.mpesa.codes import code
from apps.payments.connectors.pay_ins import PayInQuestion
from apps.payments.domain.pay_ins import Answer, PayInRules
from apps.platform.money import Money

CONFIRMATION, VALIDATION = "confirmation", "validation"
#: Portal, page "Pull Transactions": the last 48 hours.
REACH = timedelta(hours=48)
PAGE = 1000
_OK = 200
_ALREADY = "already registered"
_ANSWERS = {
    Answer.BAD_ACCOUNT: "C2B00012",
    Answer.BAD_AMOUNT: "C2B00013",
    Answer.BAD_SHORTCODE: "C2B00015",
    Answer.REFUSED: "C2B00016",
}
_PULL_FOUND, _PULL_NONE = "1000", "1001"


def rules(config: Mapping[str, object]) -> PayInRules:
    """``config["c2b"]``, which has been checked."""
    told = config.get("c2b")
    said = told if isinstance(told, dict) else {}
    most = said.get("most_minor")
    is_open = said.get("unknown_reference", "accept") == "accept"
    is_kind = said.get("when_in_doubt", "accept") == "accept"
    return PayInRules(
        least_minor=int(said.get("least_minor", 1)),
        most_minor=int(most) if most is not None else None,
        needs_reference=not is_open,
        by_default=Answer.ACCEPTED if is_kind else Answer.REFUSED,
    )


def problems(said: object) -> str:
    """What is wrong with ``config["c2b"]``; empty when it is right."""
    if not isinstance(said, dict):
        return "is an object"
    known = {"unknown_reference", "when_in_doubt", "least_minor", "most_minor"}
    if said.keys() - known:
        return f"knows {', '.join(sorted(known))}"
    for name in ("unknown_reference", "when_in_doubt"):
        if said.get(name, "accept") not in {"accept", "reject"}:
            return f"{name} is accept or reject"
    amounts = [said[name] for name in ("least_minor", "most_minor") if name in said]
    if any(type(amount) is not int or amount < 1 for amount in amounts):
        return "amounts are whole minor units"
    return "" if sorted(amounts) == amounts else "least_minor is more than most_minor"


def register_urls(config: Mapping[str, object], confirmation: str, validation: str) -> wire.Body:
    """``POST /mpesa/c2b/v2/registerurl``. What M-Pesa does when we do not answer is what we say."""
    is_kind = rules(config).by_default == Answer.ACCEPTED
    return {
        "ShortCode": str(config["shortcode"]),
        "ResponseType": "Completed" if is_kind else "Cancelled",
        "ConfirmationURL": confirmation,
        "ValidationURL": validation,
    }


def registered(status: int, body: bytes) -> Registration:
    """Registered now, or before: production takes addresses once, and does not say which."""
    told = wire.document(body)
    if status == _OK and code(told.get("ResponseCode")) == "0":
        return Registration(is_registered=True, said="Registered.")
    said = wire.text(told.get("errorMessage")) or wire.text(told.get("ResponseDescription"))
    if _ALREADY in said.lower():
        return Registration(
            is_registered=True,
            said="Addresses were registered before. If they are others, the provider's support"
            " must take them away first.",
        )
    return Registration(is_registered=False, said=(said or f"The answer was {status}.")[:300])


def register_pull(config: Mapping[str, object], callback: str) -> wire.Body:
    """``POST /pulltransactions/v1/register``."""
    return {
        "ShortCode": str(config["shortcode"]),
        "RequestType": "Pull",
        "NominatedNumber": str(_pull(config).get("nominated_number", "")),
        "CallBackURL": callback,
    }


def pull_registered(status: int, body: bytes) -> Registration:
    """1000 for now, 1001 for before."""
    told = wire.document(body)
    is_done = status == _OK and code(told.get("ResponseStatus")) in {_PULL_FOUND, _PULL_NONE}
    said = wire.text(told.get("ResponseDescription")) or wire.text(told.get("errorMessage"))
    return Registration(is_registered=is_done, said=(said or f"The answer was {status}.")[:300])


def pull(config: Mapping[str, object], since: datetime, until: datetime, offset: int) -> wire.Body:
    """``/pulltransactions/v1/query``, one page. Times are Nairobi's, both ends included."""
    return {
        "ShortCode": str(config["shortcode"]),
        "StartDate": f"{since.astimezone(wire.EAT):%Y-%m-%d %H:%M:%S}",
        "EndDate": f"{until.astimezone(wire.EAT):%Y-%m-%d %H:%M:%S}",
        "OffSetValue": str(offset),
    }


def pulls(config: Mapping[str, object]) -> bool:
    """Whether pull was agreed on with Safaricom; it takes a nominated number."""
    return bool(_pull(config).get("nominated_number"))


def pull_verb(config: Mapping[str, object]) -> str:
    """The portal says GET with a body and shows POST."""
    return str(_pull(config).get("verb", "POST"))


def pull_problems(said: object) -> str:
    """What is wrong with ``config["pull"]``."""
    if not isinstance(said, dict) or said.keys() - {"nominated_number", "verb"}:
        return "knows nominated_number and verb"
    if said.get("verb", "POST") not in {"POST", "GET"}:
        return "verb is POST or GET"
    return "" if str(said.get("nominated_number", "")).isdigit() else "nominated_number is digits"


def pulled(status: int, body: bytes) -> list[AboutPayIn]:
    """The lines of one page; ``ValueError`` for anything that is no page."""
    told = wire.document(body)
    answer = code(told.get("ResponseCode"))
    if status == _OK and answer == _PULL_NONE:
        return []
    if status != _OK or answer != _PULL_FOUND:
        raise ValueError(f"the provider answered {status} {answer or ''}".strip())
    return [_pulled(row) for row in _rows(told.get("Response"))]


def _rows(value: object) -> Iterator[Mapping[str, object]]:
    """A list of rows, or of lists of rows as the portal shows it."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            kind = wire.text(item.get("transactiontype")).lower()
            if not kind or kind.startswith("c2b"):
                yield item
        else:
            yield from _rows(item)


def _pulled(row: Mapping[str, object]) -> AboutPayIn:
    receipt, amount = wire.text(row.get("transactionId")), wire.money(row.get("amount"))
    at = _pulled_at(wire.text(row.get("trxDate")))
    if not receipt or amount is None or amount.minor <= 0 or at is None:
        raise ValueError(f"line {receipt!r} cannot be read")
    return _pay_in(receipt, amount, row.get("billreference"), row.get("msisdn"), at, {})


def _pulled_at(told: str) -> datetime | None:
    """``2026-11-22T08:00:00Z`` as the portal shows it, or Nairobi's time without a zone."""
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        return wire.moment(told)
    return (at if at.tzinfo else at.replace(tzinfo=wire.EAT)).astimezone(UTC)


def confirmed(config: Mapping[str, object], callback: RawCallback) -> AboutPayIn | None:
    """What a confirmation says; nothing when it cannot be read or is not about our shortcode."""
    told = wire.document(callback.body)
    receipt, amount = wire.text(told.get("TransID")), wire.money(told.get("TransAmount"))
    at = wire.moment(told.get("TransTime"))
    if not receipt or amount is None or amount.minor <= 0 or at is None:
        return None
    if not _is_ours(config, told):
        return None
    names = ("FirstName", "MiddleName", "LastName")
    name = " ".join(filter(None, (wire.text(told.get(part)) for part in names)))
    data = {"payer_name": name[:100]} if name else {}
    return _pay_in(receipt, amount, told.get("BillRefNumber"), told.get("MSISDN"), at, data)


def _pay_in(
    receipt: str,
    amount: Money,
    typed: object,
    payer: object,
    at: datetime,
    data: Mapping[str, object],
) -> AboutPayIn:
    return AboutPayIn(
        dedupe=f"c2b:{receipt}",
        amount=amount,
        reference=receipt[:64],
        account_reference=wire.text(typed)[:100],
        payer=_number(wire.text(payer)),
        provider_time=at,
        data=data,
    )


def _number(shown: str) -> str:
    """A number without its country is what pull shows."""
    return f"254{shown}" if shown.isdigit() and len(shown) == len("712345678") else shown


def identify(callback: RawCallback) -> str:
    """A pay-in by its receipt; anything else by its bytes."""
    receipt = wire.text(wire.document(callback.body).get("TransID"))
    name = receipt or hashlib.sha256(callback.body).hexdigest()
    return f"c2b:{name}"[:190]


def question(config: Mapping[str, object], callback: RawCallback) -> PayInQuestion:
    """What a payer who is asked about wants to pay, and under which reference."""
    told = wire.document(callback.body)
    amount = wire.money(told.get("TransAmount"))
    return PayInQuestion(
        amount=amount if amount and amount.minor > 0 else None,
        account_reference=wire.text(told.get("BillRefNumber")),
        payer=_number(wire.text(told.get("MSISDN"))),
        is_ours=_is_ours(config, told),
    )


def answered(answer: Answer) -> HttpReply:
    """The portal's codes; only the code 0 lets the payer pay."""
    if answer == Answer.ACCEPTED:
        return HttpReply({"ResultCode": "0", "ResultDesc": "Accepted"})
    return HttpReply({"ResultCode": _ANSWERS[answer], "ResultDesc": "Rejected"})


def _is_ours(config: Mapping[str, object], told: Mapping[str, object]) -> bool:
    ours = {str(config.get("shortcode")), str(config.get("till", ""))} - {""}
    return wire.text(told.get("BusinessShortCode")) in ours


def _pull(config: Mapping[str, object]) -> Mapping[str, object]:
    told = config.get("pull")
    return told if isinstance(told, dict) else {}
