"""Laws of pay-ins, asked of the tables themselves."""

from __future__ import annotations

#: Each yields the subject and the detail of every row that breaks its law.
PAY_IN_LAWS = {
    "payments.pay_in_is_booked": """
        SELECT pay_in.receipt, 'paid ' || pay_in.amount_minor || ', on the mirror '
               || coalesce(booked.minor, 0)
          FROM payments_pay_in pay_in
          JOIN payments_provider_account mirror ON mirror.id = pay_in.provider_account_id
          LEFT JOIN LATERAL (
               SELECT sum(CASE posting.side WHEN 'D' THEN 1 ELSE -1 END * posting.amount_minor)
                      AS minor
                 FROM ledger_posting posting JOIN ledger_account account
                   ON account.id = posting.account_id
                WHERE posting.entry_id = pay_in.entry_id
                  AND account.code = mirror.clearing_account) booked ON true
         WHERE pay_in.amount_minor <> coalesce(booked.minor, 0)""",
    "payments.pay_in_uses_add_up": """
        SELECT pay_in.receipt, 'used ' || (pay_in.amount_minor - pay_in.left_minor) || ', uses '
               || coalesce(sum(used.amount_minor), 0)
          FROM payments_pay_in pay_in
          LEFT JOIN payments_pay_in_use used ON used.pay_in_id = pay_in.id
         GROUP BY pay_in.id
        HAVING pay_in.amount_minor - pay_in.left_minor <> coalesce(sum(used.amount_minor), 0)""",
    "payments.receipt_is_one_movement": """
        SELECT pay_in.receipt, 'a pay-in and a payment book it'
          FROM payments_pay_in pay_in JOIN payments_payment_event event
            ON event.provider_account_id = pay_in.provider_account_id
           AND event.provider_reference = pay_in.receipt
         WHERE event.kind = 'succeeded' AND event.booked_minor > 0""",
    "payments.receipts_have_two_persons": """
        SELECT number, 'approved by whoever recorded it' FROM payments_manual_receipt
         WHERE state = 'approved' AND decided_person IN ('', recorded_person)""",
}
