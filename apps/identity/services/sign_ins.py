"""What signing in leaves behind, and when it is forgotten."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from apps.identity.models import PersonSession
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case

#: A failed sign-in counts for a quarter of an hour; a month later nobody looks into it any more.
FAILURES_KEPT = timedelta(days=30)
#: Who signed in when and from where: personal data, kept for a year of questions.
SIGN_INS_KEPT = timedelta(days=365)
BATCH = 1000


@use_case("identity.forget_old_sign_ins")
def forget_old_sign_ins(*, actor: Actor) -> int:
    """Delete sessions that ended and old notes of sign-ins, a bounded batch of each.

    Returns how many; repeating deletes what is left and what has become old since.
    """
    now = clock.now()
    gone = sum(
        map(
            _delete,
            (
                Session.objects.filter(expire_date__lt=now),
                AccessAttempt.objects.filter(attempt_time__lt=now - FAILURES_KEPT),
                AccessLog.objects.filter(attempt_time__lt=now - SIGN_INS_KEPT),
                PersonSession.objects.filter(seen_at__lt=now - SIGN_INS_KEPT),
            ),
        )
    )
    audit.nothing_happened()
    return gone


def _delete(old: QuerySet) -> int:
    rows = old.order_by("pk").values_list("pk", flat=True)[:BATCH]
    gone, _ = old.model.objects.filter(pk__in=list(rows)).delete()
    return gone
