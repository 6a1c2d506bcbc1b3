"""Money that comes in unasked: taken in, recognised, and used."""

from apps.payments.services.pay_ins.intake import take_pay_in
from apps.payments.services.pay_ins.using import apply_pay_in, move_pay_in

__all__ = ["apply_pay_in", "move_pay_in", "take_pay_in"]
