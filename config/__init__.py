"""How the parts are put together: settings, URLs, Celery, logging, telemetry."""
