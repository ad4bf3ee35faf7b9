"""What people are told: the kinds of notices, and their words.

Each app declares its kinds in its own `notices.py`, which is found when the platform starts. A kind's
sentences are lazy msgids with %(name)s: `…_fen` is shown in yuan, `…_on` as a date; %(scheme)s, %(score)s and
%(city)s are always there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.models import Notice
from accounts.wording import scheme_names
from common.wording import fill

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

KINDS: dict[str, NoticeKind] = {}


@dataclass(frozen=True)
class NoticeKind:
    """One kind of notice. Declaring it registers it; a code is declared once.

    `needed`: nobody can choose to have it in the app only, because something follows if it is not seen.
    """

    code: str
    subject: StrOrPromise
    body: StrOrPromise
    needed: bool = False

    def __post_init__(self) -> None:
        if KINDS.setdefault(self.code, self) is not self:
            raise ValueError(f"two kinds of notice are called {self.code}")


@dataclass(frozen=True)
class Words:
    subject: str
    body: str


def words_of(*, kind: str, params: Mapping[str, Any], language: str) -> Words:
    """The subject and the body in that language. KeyError for an unknown kind or a missing figure."""
    declared = KINDS[kind]
    with translation.override(language):
        figures = {**scheme_names(language), **params}
        return Words(subject=fill(declared.subject, figures), body=fill(declared.body, figures))


def render(notice: Notice, language: str | None = None) -> Words:
    """What the notice says, in the person's language or in another that is asked for."""
    return words_of(kind=notice.kind, params=notice.params, language=language or notice.person.language)


PHONE_CHANGED = NoticeKind(
    "account.phone_changed",
    _("Your phone number was changed"),
    _("From now on we text this number. If it was not you who changed it, call the service centre at once."),
    needed=True,
)
