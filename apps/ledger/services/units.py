"""Units of account of the tenant's own."""

from __future__ import annotations

from apps.ledger.errors import UnitCodeTaken, UnknownUnit
from apps.ledger.models import Unit
from apps.ledger.selectors.units import forget_unit
from apps.ledger.services.refusals import typed
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.currencies import CODE, CURRENCIES, EXPONENT_MAX
from apps.platform.use_cases import use_case


@use_case("ledger.declare_unit")
def declare_unit(*, code: str, name: str, exponent: int, actor: Actor) -> None:
    """Declare a unit such as ``PTS``, or change one that no account counts in yet.

    ``exponent`` is the number of decimals, 0 to 9. The name may always change; the exponent of a
    unit in use never does. Declaring it again with equal facts does nothing.
    """
    if not CODE.fullmatch(code) or code in CURRENCIES:
        raise UnitCodeTaken(unit=code)
    if not 0 <= exponent <= EXPONENT_MAX:
        raise ValueError(f"an exponent is 0 to {EXPONENT_MAX}")
    forget_unit(code)
    unit, is_new = Unit.objects.select_for_update().get_or_create(
        code=code, defaults={"name": name, "exponent": exponent, "declared_at": clock.now()}
    )
    if is_new:
        audit.note(code, name=name, exponent=exponent)
        return
    if (unit.name, unit.exponent) == (name, exponent):
        audit.nothing_happened()
        return
    with typed():
        Unit.objects.filter(code=code).update(name=name, exponent=exponent)
    audit.note(code, name=name, before=unit.exponent, exponent=exponent)


@use_case("ledger.remove_unit")
def remove_unit(*, code: str, actor: Actor) -> None:
    """Take back a unit that no account counts in."""
    forget_unit(code)
    with typed():
        gone, _ = Unit.objects.filter(code=code).delete()
    if not gone:
        raise UnknownUnit(unit=code)
    audit.note(code)
