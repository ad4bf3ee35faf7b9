"""Who looked at whose data, in words (Article 32).

Each app says in its own `looks.py`, which is found when the platform starts, what its purposes mean and whom
its staff work for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessEntry, Person, User
from common.articles import enforces

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Employers = Callable[[Collection[int]], Mapping[int, str]]

SEEN: dict[str, StrOrPromise] = {}
EMPLOYERS: list[Employers] = []

REFUSED = ".refused"
# What a list of looks is narrowed down to → how such an actor's name begins.
GROUPS: dict[str, tuple[StrOrPromise, tuple[str, ...]]] = {
    "hospital": (_("Hospitals"), ("cashier:", "hospital_admin:", "hospital:")),
    "lender": (_("Lenders"), ("lender:",)),
    "platform": (_("The platform"), ("operator:", "auditor:", "regulator:")),
    "self": (_("Myself"), ("citizen:",)),
}
_SYSTEMS: dict[str, StrOrPromise] = {
    "hospital": _("System of a hospital"),
    "lender": _("System of a lender"),
}


def say_looks(words: Mapping[str, StrOrPromise]) -> None:
    """What was seen, by the purpose of the look. A purpose is said once."""
    for purpose, sentence in words.items():
        if SEEN.setdefault(purpose, sentence) is not sentence:
            raise ValueError(f"two kinds of look are called {purpose}")


def say_employers(find: Employers) -> None:
    """Whom those of these users who are one's own staff work for, by their ids."""
    EMPLOYERS.append(find)


@dataclass(frozen=True)
class Look:
    """One look as the person reads it."""

    entry: AccessEntry
    who: StrOrPromise
    institution: str
    what: StrOrPromise

    @property
    def was_refused(self) -> bool:
        return self.entry.purpose.endswith(REFUSED)


def looks_at(person: Person, group: str = "") -> QuerySet[AccessEntry]:
    """Every look at this person, the newest first, by one group of people and systems or by all."""
    entries = AccessEntry.objects.filter(subject=person).order_by("-at", "-id")
    if group not in GROUPS:
        return entries
    starts = "|".join(GROUPS[group][1])
    return entries.filter(actor__regex=f"^({starts})")


@enforces(32)
def in_words(entries: Iterable[AccessEntry]) -> list[Look]:
    """Role and institution of whoever looked, and what they saw. Nobody's user name."""
    read = list(entries)
    users = User.objects.in_bulk({one.actor_user_id for one in read if one.actor_user_id})
    employers: dict[int, str] = {}
    for find in EMPLOYERS:
        employers.update(find(list(users)))
    looks = []
    for entry in read:
        user = users.get(entry.actor_user_id or 0)
        kind, _colon, name = entry.actor.partition(":")
        if user is None:
            who, institution = _SYSTEMS.get(kind, _("The platform's own system")), name
        else:
            is_self = user.person_id == entry.subject_id
            who = _("You yourself") if is_self else user.get_role_display()
            institution = employers.get(user.pk, "")
        what = SEEN.get(entry.purpose.removesuffix(REFUSED), _("your data"))
        looks.append(Look(entry, who, institution, what))
    return looks


EXPORT = "export"
say_looks(
    {
        EXPORT: _("everything, as a file to keep"),
        "office.list": _("your row in a list of the back office"),
        "office.open": _("a page of the back office about you"),
        "office.search": _("your rows, found by your credit code"),
    }
)
