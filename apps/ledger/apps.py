"""Wiring of the ledger."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The books: accounts, journal entries, balances, and the seal over them."""

    name = "apps.ledger"
    label = "ledger"

    def ready(self) -> None:
        """Amounts may be in a tenant's own units; workers write what nobody waits for."""
        from apps.ledger.selectors import readings
        from apps.ledger.selectors.units import unit
        from apps.ledger.services.exporting import BOOK_EXPORT, write_book
        from apps.ledger.services.reports import REPORT_FILE, write_report
        from apps.platform.currencies import further_units_come_from
        from apps.platform.jobs import register_job

        further_units_come_from(unit)
        readings.register()
        register_job(BOOK_EXPORT, write_book)
        register_job(REPORT_FILE, write_report)
