"""A second real connection, for what two workers do to each other."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


class Elsewhere:
    """Runs work in a thread and on a connection of its own; `join` gives its result or raises its error."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=[work], daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            self._result = work()
        except BaseException as error:
            self._error = error
        finally:
            connection.close()

    def join(self) -> Any:
        self._thread.join(timeout=20)
        assert not self._thread.is_alive(), "the other connection hangs"
        if self._error is not None:
            raise self._error
        return self._result


@contextmanager
def held_open(before: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
    """Runs `before` elsewhere inside a transaction that stays open until the yielded function is called."""
    from_here, from_there = threading.Event(), threading.Event()

    def work() -> Any:
        with transaction.atomic():
            result = before()
            from_there.set()
            assert from_here.wait(timeout=20)
        return result

    elsewhere = Elsewhere(work)
    assert from_there.wait(timeout=20) or elsewhere.join()

    def finish() -> Any:
        from_here.set()
        return elsewhere.join()

    try:
        yield finish
    finally:
        finish()
