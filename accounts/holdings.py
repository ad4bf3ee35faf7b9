"""Everything that is held about one person, for that person to take away (Articles 26, 32).

Each app says in its own `holdings.py`, which is found when the platform starts, what it holds. A row is a
plain mapping: keys in English for machines, `…_fen`, `…_on` and `…_at` as everywhere, and its labels for
people. No row ids, hashes or other people's data belong in it: relatives only as they are shown everywhere,
masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.consent_texts import CONSENT_TEXTS
from accounts.looks import in_words, looks_at
from accounts.models import Consent, Notice, Person, User
from accounts.notices import render
from common.articles import enforces

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Row = Mapping[str, Any]
Labels = Mapping[str, "StrOrPromise"]


@dataclass(frozen=True)
class Said:
    """A value with its own words: the code is for machines, the words for people."""

    code: str
    words: StrOrPromise


@dataclass(frozen=True)
class Part:
    """One kind of thing that is held. `inner` are the labels of the rows that stand inside a row."""

    code: str
    title: StrOrPromise
    labels: Labels
    rows: Callable[[Person], Iterable[Row]]
    inner: Mapping[str, Labels] = field(default_factory=dict)


PARTS: dict[str, Part] = {}


def hold(part: Part) -> None:
    """Says that such a thing is held. A code is said once."""
    if PARTS.setdefault(part.code, part) is not part:
        raise ValueError(f"two parts are called {part.code}")


@enforces(26, 32)
def held_about(person: Person) -> dict[str, list[Row]]:
    """All rows, by the code of their part."""
    return {code: list(part.rows(person)) for code, part in PARTS.items()}


def plain(value: Any) -> Any:
    """A value for JSON: codes instead of words, dates by ISO 8601, moments with Shanghai's offset."""
    if isinstance(value, Said):
        return value.code
    if isinstance(value, datetime):
        return localtime(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _identity(person: Person) -> Iterable[Row]:
    user = User.objects.filter(person=person).first()
    yield {
        "name": person.name,
        "resident_id": person.resident_id,
        "phone": person.phone,
        "credit_code": person.credit_code,
        "language": Said(person.language, _("English") if person.language == "en" else _("Chinese")),
        "texts_from_hour": person.texts_from_hour,
        "texts_until_hour": person.texts_until_hour,
        "needed_texts_only": person.needed_texts_only,
        "registered_at": person.created_at,
        "last_signed_in_at": user.last_login if user else None,
    }


def _consents(person: Person) -> Iterable[Row]:
    for consent in Consent.objects.filter(person=person).order_by("given_at", "pk"):
        text = CONSENT_TEXTS[consent.purpose]
        yield {
            "purpose": Said(consent.purpose, text.title),
            "lender": consent.subject,
            "version": consent.version,
            "words": str(text.body) if consent.version == text.version else "",
            "channel": Said(consent.channel, consent.channel_words),
            "given_at": consent.given_at,
            "withdrawn_at": consent.withdrawn_at,
        }


def _notices(person: Person) -> Iterable[Row]:
    notices = Notice.objects.filter(person=person).with_place().prefetch_related("messages")
    for notice in notices.order_by("created_at", "pk"):
        words = render(notice, get_language())
        yield {
            "number": notice.shown_number,
            "written_at": notice.created_at,
            "subject": words.subject,
            "body": words.body,
            "read_at": notice.read_at,
            "messages": [
                {
                    "channel": Said(message.channel, message.get_channel_display()),
                    "state": Said(message.state, message.get_state_display()),
                    "delivered_at": message.delivered_at,
                    "words": message.said,
                }
                for message in sorted(notice.messages.all(), key=lambda one: one.pk)
            ],
        }


def _looks(person: Person) -> Iterable[Row]:
    for look in in_words(looks_at(person)):
        yield {
            "looked_at": look.entry.at,
            "who": str(look.who),
            "institution": look.institution,
            "saw": Said(look.entry.purpose, look.what),
            "reason": look.entry.reason,
        }


hold(
    Part(
        "identity",
        _("Who I am"),
        {
            "name": _("Full name"),
            "resident_id": _("Resident ID number"),
            "phone": _("Mobile number"),
            "credit_code": _("Credit code"),
            "language": _("Language of our texts"),
            "texts_from_hour": _("Texts from hour"),
            "texts_until_hour": _("Texts until hour"),
            "needed_texts_only": _("Only what is needed"),
            "registered_at": _("Registered"),
            "last_signed_in_at": _("Last signed in"),
        },
        _identity,
    )
)
hold(
    Part(
        "consents",
        _("Consents"),
        {
            "purpose": _("Purpose"),
            "lender": _("Lender"),
            "version": _("Version"),
            "words": _("Words"),
            "channel": _("Where"),
            "given_at": _("Agreed"),
            "withdrawn_at": _("Withdrawn"),
        },
        _consents,
    )
)
hold(
    Part(
        "messages",
        _("Messages"),
        {
            "number": _("Number"),
            "written_at": _("When"),
            "subject": _("Subject"),
            "body": _("Words"),
            "read_at": _("Read"),
            "messages": _("To my phone"),
        },
        _notices,
        {
            "messages": {
                "channel": _("Channel"),
                "state": _("State"),
                "delivered_at": _("Delivered"),
                "words": _("The words that were sent"),
            }
        },
    )
)
hold(
    Part(
        "access_log",
        _("Who has seen my data"),
        {
            "looked_at": _("When"),
            "who": _("Who"),
            "institution": _("Institution"),
            "saw": _("Saw"),
            "reason": _("Reason"),
        },
        _looks,
    )
)
