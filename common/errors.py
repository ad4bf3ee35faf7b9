"""What the domain raises when a rule says no. Each operation keeps its own subclass beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext_lazy as _

from common.wording import fill

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Refusal(Exception):
    """A rule said no. The sentence is written once and reads the same on a page, at the desk and in the API.

    `message` is a lazy gettext string; its %(name)s are filled from `figures` when it is read, in
    the language of whoever reads it: `…_fen` in yuan, `…_on` as a date. `code` and `status` belong to
    the class; `article` is the article of the regulation that refuses; `field` is the input at fault.

    `meaning` and `remedy` stand on the public page of the code, with the `articles` that its rule rests on.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    articles: ClassVar[tuple[int, ...]] = ()
    meaning: ClassVar[StrOrPromise]
    remedy: ClassVar[StrOrPromise] = _(
        "Read detail: it names the rule and the figures. Nothing was changed. Send it again once things are"
        " otherwise."
    )

    def __init__(
        self, message: StrOrPromise, *, article: int | None = None, field: str | None = None, **figures: Any
    ) -> None:
        super().__init__(message)
        self.message = message
        self.article = article
        self.field = field
        self.figures = figures

    def __str__(self) -> str:
        return fill(self.message, self.figures)


class BadInput(Refusal):
    """What was sent cannot be understood. Names the field."""

    code = "bad_input"
    status = 422
    meaning = _("What was sent cannot be understood, or cannot be so.")
    remedy = _(
        "Put right the field that is named, and each of errors where there are several. Then send it again."
    )
