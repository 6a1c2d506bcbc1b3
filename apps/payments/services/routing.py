"""Routing: proposing rules, a second person's word on them, and the way of one payment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from apps.payments.domain.routing import RoutingState, rules_of
from apps.payments.errors.routing import InvalidRouting, RoutingDecided, RoutingUndecided
from apps.payments.models import ProviderAccount
from apps.payments.models.routing import RoutingVersion
from apps.payments.services.persons import person_behind, second_person
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.cards import refuse_card_numbers
from apps.platform.use_cases import use_case


@use_case("payments.propose_routing")
def propose_routing(*, rules: Sequence[dict[str, Any]], note: str, actor: Actor) -> int:
    """Write the next version of the rules, and return its number. Nothing changes yet.

    The same rules proposed again while they wait return the same number; others meanwhile are
    ``RoutingUndecided``. ``InvalidRouting`` says what cannot be read or names no account.
    """
    told = list(rules)
    refuse_card_numbers({"rules": told, "note": note})
    read, problem = rules_of(told)
    named = {target.account for rule in read for target in rule.targets}
    unknown = named - set(ProviderAccount.objects.values_list("label", flat=True))
    if problem or unknown or not note.strip():
        accounts = ", ".join(sorted(unknown))
        raise InvalidRouting(
            problem=problem
            or (f"no provider account {accounts}" if unknown else "a note says what changes")
        )
    waiting = RoutingVersion.objects.filter(state=RoutingState.PROPOSED).first()
    if waiting is not None:
        if (waiting.rules, waiting.note) != (told, note.strip()):
            raise RoutingUndecided(version=waiting.version)
        audit.nothing_happened()
        return waiting.version
    return _write(told, note.strip(), actor)


def _write(rules: list[dict[str, Any]], note: str, actor: Actor) -> int:
    last = RoutingVersion.objects.order_by("-version").first()
    version = last.version + 1 if last else 1
    try:
        with transaction.atomic():
            RoutingVersion.objects.create(
                version=version,
                rules=rules,
                note=note[:300],
                proposed_person=person_behind(actor),
                proposed_by=str(actor),
                proposed_at=clock.now(),
            )
    except IntegrityError:  # somebody else proposed at the same moment
        raise RoutingUndecided(version=version) from None
    audit.note(f"routing {version}", rules=len(rules))
    return version


@use_case("payments.decide_routing")
def decide_routing(*, version: int, is_approved: bool, said: str, actor: Actor) -> None:
    """Make a proposed version the active one, or reject it.

    The next payment goes by it; attempts that exist keep their way. Whoever proposed it may
    withdraw it and never approves it (``SecondPersonNeeded``); the database refuses that too.
    """
    found = RoutingVersion.objects.select_for_update().filter(version=version).first()
    if found is None or found.state != RoutingState.PROPOSED:
        raise RoutingDecided(version=version)
    found.decided_person = person_behind(actor)
    if is_approved:
        name = f"routing {version}"
        found.decided_person = second_person(actor, found.proposed_person, name)
        for former in RoutingVersion.objects.select_for_update().filter(state=RoutingState.ACTIVE):
            former.state = RoutingState.RETIRED
            former.save(update_fields=["state"])
    found.state = RoutingState.ACTIVE if is_approved else RoutingState.REJECTED
    found.decided_by, found.decided_at, found.said = str(actor), clock.now(), said.strip()[:300]
    found.save()
    audit.note(f"routing {version}", state=found.state)
