"""Wiring of console."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The console app."""

    name = "apps.console"
    label = "console"

    def ready(self) -> None:
        """Workers write the exports that nobody should wait for."""
        from apps.console.lists.exports import LIST_EXPORT, write_export
        from apps.platform.jobs import register_job

        register_job(LIST_EXPORT, write_export)
