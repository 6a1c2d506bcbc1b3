"""Wiring of webhooks."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Every event of the house, told to the addresses that a tenant registers."""

    name = "apps.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Bulk replays are jobs; what waits is a figure."""
        from apps.platform.jobs import register_job
        from apps.webhooks.selectors import readings
        from apps.webhooks.services.replaying import REPLAY, replay_all

        readings.register()
        register_job(REPLAY, replay_all)
