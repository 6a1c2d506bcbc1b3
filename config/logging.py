"""JSON logs that carry request, actor, trace and tenant, and no secrets."""

from __future__ import annotations

import logging.config
from typing import Any

import structlog

from apps.platform.log_fields import add_context, redact
from config.env import Env

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    add_context,
]


def logging_config(env: Env) -> dict[str, Any]:
    """The ``LOGGING`` of Django and Celery alike; also sets up structlog and the standard library.

    Everything ends in one formatter, whose last step before rendering is the redactor: what a
    library logs, and what stands in a traceback, passes through it too.
    """
    renderer: Any = (
        structlog.processors.JSONRenderer(default=str)
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
                    structlog.processors.StackInfoRenderer(),
                    structlog.processors.format_exc_info,
                    redact,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": env.log_level},
        "loggers": {
            "django.server": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "nats": {"level": "CRITICAL"},  # its callbacks tell us, and we tell
        },
    }
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return config
