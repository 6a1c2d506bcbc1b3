"""Wiring of payments."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The payments app."""

    name = "apps.payments"
    label = "payments"

    def ready(self) -> None:
        """What waits, and what is not proved, are figures."""
        from apps.payments.selectors import readings
        from apps.payments.services.replaying import REPLAY, replay_callbacks
        from apps.platform.jobs import register_job

        readings.register()
        register_job(REPLAY, replay_callbacks)
