"""Logs as events: one line each, JSON for machines and plain for a person at the terminal."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def frames_only(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Where an error came from and of what class; not its message, which may quote a person's data."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else sys.exc_info()[1] if info is True else info
    if isinstance(error, BaseException):
        frames = "".join(traceback.format_tb(error.__traceback__))
        event["exception"] = f"{type(error).__name__}\n{frames}"
    return event


structlog.configure(
    processors=[
        *_SHARED,
        structlog.stdlib.filter_by_level,
        frames_only,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


def logging_tree(*, as_json: bool) -> dict[str, Any]:
    """Django's LOGGING. Library noise stays at warnings; a traceback never carries local variables."""
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "event": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    frames_only,
                    renderer,
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "event"}},
        "root": {"handlers": ["console"], "level": logging.INFO},
        "loggers": {
            "django.server": {"handlers": ["console"], "propagate": False},
            "httpx": {"level": logging.WARNING},
            "axes": {"level": logging.WARNING},
            "weasyprint": {"level": logging.ERROR},
            "fontTools": {"level": logging.WARNING},
        },
    }
