"""Wiring of ledger."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The ledger app."""

    name = "apps.ledger"
    label = "ledger"

    def ready(self) -> None:
        """Amounts may be in units that only this tenant's books know."""
        from apps.ledger.selectors.units import unit
        from apps.platform.currencies import further_units_come_from

        further_units_come_from(unit)
