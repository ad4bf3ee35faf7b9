"""Tables as CSV that a spreadsheet opens rightly, and runs nothing of."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from common.cells import BYTE_ORDER_MARK, harmless


def csv_text(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    """UTF-8 with a byte order mark; numbers as they are, and no text starts a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_cell(word) for word in head])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return BYTE_ORDER_MARK + text.getvalue()


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | float) else harmless(str(value))
