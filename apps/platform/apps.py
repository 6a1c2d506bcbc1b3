"""Wiring of the platform."""

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The building blocks: audit, outbox, inbox, jobs, idempotency."""

    name = "apps.platform"
    label = "platform"
