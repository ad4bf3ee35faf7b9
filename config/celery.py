"""Celery as the platform's clock and hands. Nothing it holds is needed to recover: Redis may be emptied."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from django.conf import settings

from config.timetable import TIMETABLE, Entry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

VISIBILITY_SECONDS = 120
SOFT_LIMIT_SECONDS = 100
HARD_LIMIT_SECONDS = 110


def beat_entry(entry: Entry) -> dict[str, Any]:
    """Celery's own form of a line of the timetable."""
    if isinstance(entry.when, str):
        return {"task": entry.task, "schedule": crontab.from_string(entry.when)}
    # A sweep comes again by itself, so one that nobody took in time is dropped instead of piling up.
    return {"task": entry.task, "schedule": entry.when, "options": {"expires": max(entry.when, 1.0)}}


def celery_settings() -> dict[str, Any]:
    """Read lazily: importing this module must not need the settings."""
    return {
        "broker_url": settings.REDIS_URL,
        # A hung Redis would block `.delay()` for ever without socket timeouts.
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
        },
        "broker_connection_timeout": 2,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # A wake-up may fail; the sweeper finds the work. The request must not wait for it.
        "task_publish_retry": False,
        "result_backend": None,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        # Limits stay below the visibility timeout: no task runs twice because it was slow.
        "task_soft_time_limit": SOFT_LIMIT_SECONDS,
        "task_time_limit": HARD_LIMIT_SECONDS,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_enable_remote_control": False,
        "enable_utc": True,
        "timezone": settings.TIME_ZONE,
        "beat_schedule": {entry.name: beat_entry(entry) for entry in TIMETABLE},
        "beat_schedule_filename": str(settings.VAR_DIR / "beat-schedule"),
    }


app = Celery("platform")
app.add_defaults(celery_settings)
app.autodiscover_tasks()
