"""Free text as a column can hold it."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Field, Model, TextField
from django.utils.translation import gettext_lazy as _

from common.errors import BadInput


def check_text(
    text: str, column: Field[Any, Any], *, field: str | None = None, article: int | None = None
) -> None:
    """Text that is about to be written to a column. Raises BadInput, which names the field.

    `field` is what the operation calls it, where that is not the column's name. What a form or the API has
    checked comes through; what reaches an operation by another way is refused here and not by the database.
    """
    named = field or column.name
    # Half of a pair of UTF-16 is no text either: it has no form in UTF-8.
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise BadInput(
            _("This text holds a character that cannot be kept. Type it anew."), field=named, article=article
        )
    if column.max_length is not None and len(text) > column.max_length:
        raise BadInput(
            _("At most %(most)s characters can be kept; these are %(count)s."),
            field=named,
            article=article,
            most=column.max_length,
            count=len(text),
        )


def check_texts(row: Model) -> None:
    """Every text of a row that is about to be written. Raises BadInput, which names the column."""
    for column in row._meta.concrete_fields:
        text = getattr(row, column.attname)
        if isinstance(column, CharField | TextField) and isinstance(text, str):
            check_text(text, column)
