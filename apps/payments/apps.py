"""Wiring of payments."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The payments app."""

    name = "apps.payments"
    label = "payments"

    def ready(self) -> None:
        """What waits, and what is not proved, are figures."""
        from apps.payments.selectors import readings

        readings.register()
