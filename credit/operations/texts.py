"""When and about what a citizen is texted: their own choice, inside what the law asks for (Article 27)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput
from credit.models import Policy

# Time enough for a text, and for a call where the text has failed.
FEWEST_HOURS = 3


@enforces(27)
def choose_texts(*, person: Person, hours: tuple[int, int] | None, needed_only: bool, at: datetime) -> Person:
    """Text this person in these hours of the day only, None for all; and, if they wish, only what is needed.

    Nothing is lost: what is put off goes out when the hours begin, and everything stands in the app at once.
    Reminders cannot be switched off. Raises BadInput for hours outside the policy's, or fewer than three.
    """
    policy = Policy.objects.on(business_date(at))
    if hours is not None:
        first, last = hours
        if first < policy.reminders_from_hour or last > policy.reminders_until_hour:
            raise BadInput(
                _("Choose hours between %(first)s:00 and %(last)s:00: reminders go out then."),
                article=27,
                field="hours",
                first=policy.reminders_from_hour,
                last=policy.reminders_until_hour,
            )
        if last - first < FEWEST_HOURS:
            raise BadInput(
                _("Choose at least %(hours)s hours."), article=27, field="hours", hours=FEWEST_HOURS
            )
    person.texts_from_hour, person.texts_until_hour = hours or (None, None)
    person.needed_texts_only = needed_only
    person.save(update_fields=["texts_from_hour", "texts_until_hour", "needed_texts_only"])
    return person
