"""Wiring of ledger."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The ledger app."""

    name = "apps.ledger"
    label = "ledger"

    def ready(self) -> None:
        """Amounts may be in a tenant's own units; workers write the reports nobody waits for."""
        from apps.ledger.selectors.units import unit
        from apps.ledger.services.reports import REPORT_FILE, write_report
        from apps.platform.currencies import further_units_come_from
        from apps.platform.jobs import register_job

        further_units_come_from(unit)
        register_job(REPORT_FILE, write_report)
