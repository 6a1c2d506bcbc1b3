"""How the parts are put together: settings, URLs, Celery, logging, telemetry.

Celery's application is made with the package, so that every process, whatever it was started for,
sends its wake-ups to the same broker.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

from config.celery import app as celery_app

__all__ = ["celery_app"]
