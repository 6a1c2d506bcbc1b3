"""What a rail promises about money that comes in unasked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, runtime_checkable

from apps.payments.connectors.accounts import AboutPayIn
from apps.payments.connectors.base import Context, HttpReply, RawCallback
from apps.payments.domain.pay_ins import Answer, PayInRules
from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class PayInQuestion:
    """A payer is about to pay: may they? An amount that cannot be read is none."""

    amount: Money | None
    account_reference: str
    payer: str = ""
    is_ours: bool = True


@runtime_checkable
class PayInQuestioner(Protocol):
    """Asks before it takes a payer's money, and waits for the answer.

    ``question_kinds`` are those of the account's addresses that ask. What comes there is answered
    at once and is no evidence of anything.
    """

    question_kinds: ClassVar[frozenset[str]]

    def pay_in_rules(self, config: Mapping[str, object]) -> PayInRules:
        """What the account's configuration says about whom to let pay."""

    def read_question(self, config: Mapping[str, object], callback: RawCallback) -> PayInQuestion:
        """What is asked. Never raises."""

    def answer_question(self, answer: Answer) -> HttpReply:
        """The answer in the provider's form."""


@runtime_checkable
class PayInSource(Protocol):
    """Can be asked which pay-ins there were, so that one whose confirmation was lost is found."""

    #: How far back it remembers.
    pay_in_reach: ClassVar[timedelta]

    def pulls(self, config: Mapping[str, object]) -> bool:
        """Whether this account was set up for it."""

    def pay_ins(self, context: Context, since: datetime, until: datetime) -> Sequence[AboutPayIn]:
        """Pay-ins of that time. ``ValueError`` when they cannot be read now."""
