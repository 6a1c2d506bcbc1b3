"""Money that comes in unasked: taken in, recognised, and used."""

from apps.payments.services.pay_ins.intake import take_pay_in
from apps.payments.services.pay_ins.pulling import pull_pay_ins, register_callbacks
from apps.payments.services.pay_ins.statements import take_statement_line
from apps.payments.services.pay_ins.using import apply_pay_in, move_pay_in
from apps.payments.services.pay_ins.validation import answer_question

__all__ = [
    "answer_question",
    "apply_pay_in",
    "move_pay_in",
    "pull_pay_ins",
    "register_callbacks",
    "take_pay_in",
    "take_statement_line",
]
