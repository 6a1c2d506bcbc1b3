"""pain.002 in: what became of a batch, a group within it, or a single payment.

A status holds for everything below it that has none of its own. Who knows the payments matches by
message and end-to-end reference, the most particular status first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, BinaryIO

from apps.payments.connectors.bank import xml
from apps.payments.connectors.bank.reading import DEFAULT, Limits, Place
from apps.payments.connectors.bank.xml import Begun, Ended, Node
from apps.payments.connectors.base import ProviderError
from apps.payments.domain.states import Outcome

MESSAGE = "CstmrPmtStsRpt"
BATCH = "OrgnlPmtInfAndSts"


class Level(StrEnum):
    """What a status is about."""

    MESSAGE = "message"
    BATCH = "batch"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentStatus:
    """One status. ``message`` is the identification of our pain.001; the rest as far as it goes."""

    level: Level
    message: str
    batch: str = ""
    instruction: str = ""
    end_to_end: str = ""
    status: str
    outcome: Outcome
    error: ProviderError | None = None
    bank_reference: str = ""


def read(stream: BinaryIO, limits: Limits = DEFAULT) -> Iterator[PaymentStatus]:
    """Every status that is told, in the file's order; ``UnreadableFile`` and nothing else."""
    place = Place("pain.002")
    reader = _Report(place)
    count = 0
    for piece in xml.pieces(stream, place, limits, frozenset({MESSAGE, BATCH}), frozenset()):
        if isinstance(piece, Begun):
            reader.begin(piece.name)
        elif isinstance(piece, Ended):
            yield from reader.end(piece.name)
        else:
            count += 1
            place.what = f"piece {count}, {piece.name}"
            if count > limits.entries:
                raise place.refusal(f"more than {limits.entries} statuses")
            yield from reader.take(piece)
    place.what = "file"
    if not reader.message:
        raise place.refusal("no payment status report that names the message it answers")


class _Report:
    def __init__(self, place: Place) -> None:
        self.message = ""
        self._place = place
        self._is_within = False
        self._batch = ""
        self._status: Node | None = None
        self._reasons: list[Node] = []

    def begin(self, name: str) -> None:
        if name == MESSAGE:
            self._is_within = True
        elif not self.message:
            raise self._place.refusal("statuses before the message they are about")
        self._batch, self._status, self._reasons = "", None, []

    def end(self, name: str) -> Iterator[PaymentStatus]:
        if name == BATCH:
            yield from self._own_status()
            self._batch = ""

    def take(self, node: Node) -> Iterator[PaymentStatus]:
        if node.name == "OrgnlGrpInfAndSts" and self._is_within:
            self.message = node.value("OrgnlMsgId")
            if not self.message:
                raise self._place.refusal("names no original message")
            if status := node.value("GrpSts"):
                yield _status(Level.MESSAGE, status, list(node.all("StsRsnInf")), self.message)
        elif node.name == "OrgnlPmtInfId":
            self._batch = node.text.strip()
        elif node.name == "PmtInfSts":
            self._status = node
        elif node.name == "StsRsnInf":
            self._reasons.append(node)
        elif node.name == "TxInfAndSts" and self.message:
            yield from self._own_status()
            yield self._payment(node)

    def _own_status(self) -> Iterator[PaymentStatus]:
        """The batch's status, once, before its payments."""
        if self._status is not None:
            told = self._status.text.strip()
            yield _status(Level.BATCH, told, self._reasons, self.message, batch=self._batch)
        self._status, self._reasons = None, []

    def _payment(self, node: Node) -> PaymentStatus:
        end_to_end, instruction = node.value("OrgnlEndToEndId"), node.value("OrgnlInstrId")
        if not end_to_end and not instruction:
            raise self._place.refusal("a payment without a reference")
        return _status(
            Level.PAYMENT,
            node.value("TxSts"),
            list(node.all("StsRsnInf")),
            self.message,
            batch=self._batch,
            instruction=instruction,
            end_to_end=end_to_end,
            bank_reference=node.value("AcctSvcrRef"),
        )


def _status(
    level: Level, status: str, reasons: list[Node], message: str, **which: str
) -> PaymentStatus:
    outcome, error = verdict(status, *_reason(reasons))
    return PaymentStatus(
        level=level, message=message, status=status, outcome=outcome, error=error, **which
    )


def _reason(reasons: list[Node]) -> tuple[str, str]:
    codes = [reason.value("Rsn", "Cd") or reason.value("Rsn", "Prtry") for reason in reasons]
    told = [text.text.strip() for reason in reasons for text in reason.all("AddtlInf")]
    return next((code for code in codes if code), ""), " ".join(told)


def verdict(status: str, reason: str = "", text: str = "") -> tuple[Outcome, ProviderError | None]:
    """What a status with its reason code means to us.

    A rejection for being a duplicate proves nothing: the first one may have been paid.
    """
    table = _table()
    outcome = Outcome(table["status"].get(status, Outcome.UNKNOWN))
    if outcome not in (Outcome.DECLINED, Outcome.UNKNOWN):
        return outcome, None
    is_known = outcome is Outcome.DECLINED
    default: dict[str, Any] = {
        "standard": "unknown",
        "money_moved": "no" if is_known else "unknown",
        "retry": "after_verify",
    }
    known = table["reason"].get(reason, default) if is_known else default
    error = ProviderError(
        standard=known["standard"],
        provider_code=(reason or status)[:35],
        message=text[:300],
        money_moved=known["money_moved"],
        retry=known["retry"],
    )
    return (outcome if error.money_moved == "no" else Outcome.UNKNOWN), error


@cache
def _table() -> dict[str, Any]:
    text = (resources.files(__package__ or "") / "codes.toml").read_text("utf-8")
    return tomllib.loads(text)
