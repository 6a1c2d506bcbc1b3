"""Celery: a wake-up, never the truth. Every due row is found again by a sweep."""

from __future__ import annotations

import os

from celery import Celery

from config.env import load

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("countinghouse", broker=load().redis_url, task_cls="apps.tenancy.workers:TenantTask")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_time_limit=300,
    task_soft_time_limit=240,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 600,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "retry_on_timeout": True,
    },
    timezone="UTC",
    beat_schedule_filename="var/celerybeat-schedule",
)
app.config_from_object("config.schedule")
app.autodiscover_tasks()
