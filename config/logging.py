"""JSON logs that carry request, trace and tenant, and no secrets."""

from __future__ import annotations

from typing import Any

import structlog

from apps.platform.log_fields import add_context, redact
from config.env import Env

_SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    add_context,
    redact,
]


def logging_config(env: Env) -> dict[str, Any]:
    """The ``LOGGING`` of Django and Celery alike; also sets up structlog and the standard library."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if env.log_format == "json"
        else structlog.dev.ConsoleRenderer()
    )
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": env.log_level},
        "loggers": {"django.server": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
    }
    import logging.config

    logging.config.dictConfig(config)
    return config
