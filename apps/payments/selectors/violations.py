"""Laws of payments, asked of the tables themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from django.db import connection
from django.db.models import Case, F, Q, Sum, When

from apps.payments.domain.merging import FEE, WITHDRAWN, EventKind, Fact, projection
from apps.payments.domain.states import Direction
from apps.payments.models import PaymentEvent, PaymentIntent
from apps.payments.selectors.pay_in_laws import PAY_IN_LAWS
from apps.platform.ids import public_id
from apps.platform.violations import Violation

CHUNK = 500

#: Each yields the subject and the detail of every row that breaks its law.
_LAWS = {
    "payments.receipt_credited_once": """
        SELECT provider_reference, count(*) || ' events book it'
          FROM payments_payment_event
         WHERE kind = 'succeeded' AND booked_minor > 0
         GROUP BY provider_account_id, provider_reference HAVING count(*) > 1""",
    "payments.payout_paid_once": """
        SELECT payout_ref::text, count(*) || ' attempts succeeded'
          FROM payments_attempt WHERE operation = 'payout' AND state = 'succeeded'
         GROUP BY payout_ref HAVING count(*) > 1""",
    "payments.success_is_booked": """
        SELECT attempt.provider_key, attempt.state || ', booked ' || coalesce(sum(booked_minor), 0)
          FROM payments_attempt attempt
          LEFT JOIN payments_payment_event event ON event.attempt_id = attempt.id
         WHERE attempt.operation NOT IN ('authorise', 'void') AND NOT EXISTS (
               SELECT FROM payments_payment_event undone
                WHERE undone.attempt_id = attempt.id AND undone.kind = 'reversed')
         GROUP BY attempt.id
        HAVING (attempt.state = 'succeeded') <> (coalesce(sum(booked_minor), 0) > 0)""",
    "payments.payout_books_its_amount": """
        SELECT attempt.provider_key, 'amount ' || amount.asked || ', booked ' || amount.booked
          FROM payments_attempt attempt, LATERAL (
               SELECT attempt.amount_minor AS asked, sum(booked_minor) AS booked
                 FROM payments_payment_event WHERE attempt_id = attempt.id) amount
         WHERE attempt.operation = 'payout' AND attempt.state = 'succeeded'
           AND amount.booked > 0 AND amount.asked <> amount.booked""",
    "payments.payouts_are_announced": """
        SELECT payout_ref::text, count(message.id) || ' announcements'
          FROM payments_attempt LEFT JOIN platform_outbox_message message
            ON message.name = 'payments.payout_paid'
           AND message.payload ->> 'payout_ref' = payout_ref::text
         WHERE operation = 'payout' AND state = 'succeeded'
           AND coalesce(party ->> 'kind', '') <> 'receipt'
         GROUP BY payout_ref
        HAVING count(message.id) > 1
            OR count(message.id) = 0 AND coalesce(max(finished_at), 'infinity') >= coalesce(
               (SELECT events_since FROM platform_retention), '-infinity')""",
    "payments.payments_are_announced": """
        SELECT intent.reference, count(message.id) || ' announcements'
          FROM payments_payment_intent intent LEFT JOIN platform_outbox_message message
            ON message.name = 'payments.payment_captured'
           AND message.payload ->> 'reference' = intent.reference
         WHERE intent.status = 'succeeded' AND NOT EXISTS (
               SELECT FROM payments_stray stray WHERE stray.intent_id = intent.id
                  AND stray.kind IN ('late', 'short') AND NOT EXISTS (
                      SELECT FROM payments_stray_use WHERE stray_id = stray.id
                         AND use = 'accepted'))
         GROUP BY intent.id
        HAVING count(message.id) > 1
            OR count(message.id) = 0 AND intent.created_at >= coalesce(
               (SELECT events_since FROM platform_retention), '-infinity')""",
}


def payments_violations() -> list[Violation]:
    """Every breach of a law of payments in the present tenant; empty when all is well."""
    found = []
    with connection.cursor() as cursor:
        for check, sql in (_LAWS | PAY_IN_LAWS).items():
            cursor.execute(sql)
            found += [
                Violation(check=check, subject=subject, detail=detail)
                for subject, detail in cursor.fetchall()
            ]
    return [*found, *_journals(), *_projections()]


def _journals() -> Iterable[Violation]:
    """The journal of each event moves exactly what the event books, on the account's mirror."""
    posting = "journal__postings"
    signed = Case(
        When(**{f"{posting}__side": "D"}, then=F(f"{posting}__amount_minor")),
        default=-F(f"{posting}__amount_minor"),
    )
    on_mirror = Q(**{f"{posting}__account__code": F("provider_account__clearing_account")})
    events = (
        PaymentEvent.objects.exclude(booked_minor=0)
        .select_related("attempt")
        .annotate(posted=Sum(signed, filter=on_mirror))
    )
    for event in events.iterator(CHUNK):
        expected = _on_mirror(event)
        if event.posted != expected:
            yield Violation(
                check="payments.event_equals_journal",
                subject=public_id("evt", event.id),
                detail=f"books {expected}, journal {event.posted or 0}",
            )


def _on_mirror(event: PaymentEvent) -> int:
    """What the event must have posted to the mirror: what came less what went and the fee."""
    about = event.facet.partition(":")[0]
    goes_out = about in (WITHDRAWN, FEE) or (
        event.attempt is not None and event.attempt.direction == Direction.OUT
    )
    return (-event.booked_minor if goes_out else event.booked_minor) - event.fee_minor


def _projections() -> Iterable[Violation]:
    """Status and amounts of each intent are what its events amount to."""
    intents = PaymentIntent.objects.prefetch_related("events").order_by("id")
    for intent in intents.iterator(CHUNK):
        facts = [
            Fact(e.facet, EventKind(e.kind), e.amount_minor, e.provider_time, e.dedupe)
            for e in intent.events.all()
        ]
        told = projection(intent.amount_minor, facts)
        names = [field.name for field in fields(told)]
        if any(getattr(told, name) != getattr(intent, name) for name in names):
            yield Violation(
                check="payments.intent_is_fold_of_events",
                subject=public_id("pi", intent.id),
                detail=f"{intent.status} {intent.captured_minor}, "
                f"events say {told.status} {told.captured_minor}",
            )
