"""The insurer's statement of a day, over HTTP: what it paid of which bill (Article 17)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from tempfile import SpooledTemporaryFile

import httpx
from django.conf import settings

from accounts.gateways import client
from billing.operations.statements import Row
from billing.statement_files import json_lines

MOST_BYTES = 200_000_000
IN_MEMORY_BYTES = 1_000_000


class InsurerUnavailable(Exception):
    """No answer, or not one that can be used. Nothing was taken; ask again later."""


@contextmanager
def insurers_rows(*, hospital: str, on: date) -> Iterator[Iterator[Row] | None]:
    """The lines of one hospital's day; None where the insurer does not state that day.

    All of it is here before the first line is read: nothing waits for the other side in a transaction.
    Raises InsurerUnavailable.
    """
    with SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
        try:
            query = {"hospital": hospital, "on": on.isoformat()}
            with client().stream("GET", f"{settings.INSURER_URL}/statements", params=query) as answer:
                if answer.status_code == httpx.codes.NOT_FOUND:
                    yield None
                    return
                answer.raise_for_status()
                size = 0
                for chunk in answer.iter_bytes():
                    size += len(chunk)
                    if size > MOST_BYTES:
                        raise InsurerUnavailable("larger than any day")
                    file.write(chunk)
        except httpx.HTTPError as error:
            raise InsurerUnavailable(type(error).__name__) from None
        file.seek(0)
        yield json_lines(file)  # type: ignore[arg-type]
