"""A payer asks before paying: answered at once by looking, never by writing."""

from __future__ import annotations

import structlog
from django.db import DatabaseError, connection, transaction

from apps.payments.connectors.base import HttpReply, RawCallback
from apps.payments.connectors.pay_ins import PayInQuestion, PayInQuestioner
from apps.payments.domain.pay_ins import Answer, PayInRules, answer_to, is_in_range
from apps.payments.models import ProviderAccount
from apps.payments.selectors.payables import payables_named

logger = structlog.get_logger("house.payments")
#: Daraja waits for about eight seconds; the payer stands at a till.
LOOK_MILLISECONDS = 1000


def answer_question(
    rail: PayInQuestioner, account: ProviderAccount, callback: RawCallback
) -> HttpReply:
    """Whether the payer may pay, by the account's rules: one indexed look-up of at most a second.

    When the books cannot be asked in time the account's default counts: money that nobody knows is
    safe in suspense, a payer turned away is gone.
    """
    rules = rail.pay_in_rules(account.config)
    question = rail.read_question(account.config, callback)
    answer = _by_form(rules, question)
    if answer == Answer.ACCEPTED and rules.needs_reference:
        answer = _by_reference(rules, question, account.currency)
    if answer != Answer.ACCEPTED:
        logger.info("payments.pay_in_refused", account=account.label, answer=answer)
    return rail.answer_question(answer)


def _by_form(rules: PayInRules, question: PayInQuestion) -> Answer:
    if not question.is_ours:
        return Answer.BAD_SHORTCODE
    if question.amount is None or not is_in_range(rules, question.amount):
        return Answer.BAD_AMOUNT
    return Answer.ACCEPTED


def _by_reference(rules: PayInRules, question: PayInQuestion, currency: str) -> Answer:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {LOOK_MILLISECONDS}")
            known = payables_named(question.account_reference, currency)
            cursor.execute("SET LOCAL statement_timeout = 0")
    except DatabaseError:
        logger.warning("payments.pay_in_answered_by_default", answer=rules.by_default)
        return rules.by_default
    return answer_to(question.account_reference, known)
