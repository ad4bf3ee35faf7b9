"""The top floor: settings, addresses, the timetable and how the processes start."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
