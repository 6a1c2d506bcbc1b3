"""Rates that come in lists: from the European Central Bank, and from providers by other apps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from apps.ledger.connectors import ecb
from apps.ledger.domain.fx import RateDraft, RateSource
from apps.ledger.errors.fx import RateDiffers
from apps.ledger.models import FxRate
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.locks import take_turns
from apps.platform.use_cases import use_case

_BATCH = 1000
_FRIDAY = 4


@use_case("ledger.import_ecb_rates")
def import_ecb_rates(*, content: bytes, actor: Actor) -> int:
    """Record the rates of a file of the European Central Bank; returns how many are new.

    Importing a file again adds nothing. A file that says something else than what is recorded is
    refused whole with ``RateDiffers``, one that cannot be read with ``RatesUnreadable``.
    """
    drafts = ecb.read(content)
    return _record(drafts, RateSource.ECB, "", actor)


@use_case("ledger.record_provider_rates")
def record_provider_rates(*, provider: str, drafts: Sequence[RateDraft], actor: Actor) -> int:
    """Record what a provider quotes, such as a bank's or a wallet's rates; returns how many are
    new. Repeating it adds nothing; another rate for the same pair and instant is ``RateDiffers``.
    """
    return _record(drafts, RateSource.PROVIDER, provider, actor)


def fetch_ecb_rates(*, actor: Actor, url: str = ecb.DAILY_URL) -> int:
    """Fetch the daily file and import it; returns how many rates are new.

    The call is made before any transaction. ``NotSent`` or ``AnswerLost`` when there is no answer:
    trying again later is harmless.
    """
    return import_ecb_rates(content=ecb.fetch(url), actor=actor)


def refresh_ecb_rates(*, url: str = ecb.DAILY_URL) -> int:
    """Fetch the daily file if a new one must be out by now; for the clockwork.

    Only for tenants that have imported the bank's rates once: that is how they ask for them.
    """
    newest = (
        FxRate.objects.filter(source=RateSource.ECB)
        .order_by("-valid_from")
        .values_list("valid_from", flat=True)
        .first()
    )
    if newest is None or newest.astimezone(ecb.ZONE).date() >= _last_due(clock.now()):
        return 0
    return fetch_ecb_rates(actor=SYSTEM, url=url)


def _last_due(now: datetime) -> date:
    """The last weekday whose rates are published. On a bank holiday we ask in vain, hourly."""
    local = now.astimezone(ecb.ZONE)
    day = local.date() if local.time() >= ecb.PUBLISHED_AT else local.date() - timedelta(days=1)
    return day - timedelta(days=max(0, day.weekday() - _FRIDAY))


def _record(drafts: Sequence[RateDraft], source: RateSource, provider: str, actor: Actor) -> int:
    for draft in drafts:
        draft.check()
    if not drafts:
        audit.nothing_happened()
        return 0
    take_turns(f"fx-rates:{source}:{provider}")
    instants = [draft.valid_from for draft in drafts]
    rows = FxRate.objects.filter(
        source=source, provider=provider, valid_from__range=(min(instants), max(instants))
    )
    known = {
        (base, quote, valid_from): rate
        for base, quote, valid_from, rate in rows.values_list("base", "quote", "valid_from", "rate")
    }
    now, by = clock.now(), str(actor)
    new: dict[tuple[str, str, datetime], FxRate] = {}
    for draft in drafts:
        key = (draft.base, draft.quote, draft.valid_from)
        said = known.setdefault(key, draft.rate)
        if said != draft.rate:
            raise RateDiffers(
                base=draft.base,
                quote=draft.quote,
                valid_from=draft.valid_from.isoformat(),
                recorded=f"{said:f}",
            )
        if said is draft.rate:
            new[key] = FxRate(
                base=draft.base,
                quote=draft.quote,
                rate=draft.rate,
                valid_from=draft.valid_from,
                valid_until=draft.valid_until,
                source=source,
                provider=provider,
                recorded_at=now,
                recorded_by=by,
            )
    FxRate.objects.bulk_create(new.values(), batch_size=_BATCH)
    if not new:
        audit.nothing_happened()
    audit.note(f"rates:{source}", new=len(new), last=max(instants).isoformat())
    return len(new)
