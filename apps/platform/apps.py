"""Wiring of the platform."""

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The building blocks: audit, outbox, inbox, jobs, idempotency."""

    name = "apps.platform"
    label = "platform"

    def ready(self) -> None:
        """Offer the figures that are read when somebody asks for metrics."""
        from apps.platform.messaging import readings

        readings.register()
