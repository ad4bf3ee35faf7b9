"""Running a whole transaction again where PostgreSQL asks for it."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection, transaction

T = TypeVar("T")

ATTEMPTS = 5
# Serialization failure and deadlock: the transaction did nothing wrong and may be run again.
RETRYABLE = ("40001", "40P01")


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five characters for what went wrong; empty where there are none."""
    return getattr(error.__cause__, "pgcode", None) or ""


def whole_transaction(work: Callable[[], T]) -> T:
    """Runs the work in one transaction, at most five times, with jitter between.

    Inside an outer transaction it runs once: only the outermost may be run again.
    """
    retries = 0 if connection.in_atomic_block else ATTEMPTS - 1
    for attempt in range(retries):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if sqlstate(error) not in RETRYABLE:
                raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
    with transaction.atomic():
        return work()
