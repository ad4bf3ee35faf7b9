"""A citizen's consents as their page shows them: each purpose and lender by itself (Articles 9, 25, 26)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from accounts.consent_texts import CONSENT_TEXTS, ConsentText
from accounts.models import Consent, Person
from common.articles import enforces
from lenders.models import Facility, Lender

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Purpose = Consent.Purpose

# What follows, said before it is done.
ON_GIVING: Mapping[str, Sequence[StrOrPromise]] = {
    Purpose.SCHEME: (
        _("Hospitals can charge your credit again at once, if nothing else stops it."),
        _("You can withdraw this at any time."),
    ),
    Purpose.SCORE: (
        _("Your score is fetched now and then, and your limit follows it."),
        _("Neither hospitals nor lenders see the score."),
    ),
    Purpose.LENDER: (
        _("New bills can go to this lender again, if it has granted your application."),
        _("It sees amounts and dates, never what you were treated for."),
    ),
    Purpose.MARKETING: (
        _("This lender may contact you about its own offers. No other lender may."),
        _("You need not agree: everything in the scheme works the same without it."),
    ),
}
ON_WITHDRAWING: Mapping[str, Sequence[StrOrPromise]] = {
    Purpose.SCHEME: (
        _("From this moment no hospital charges or holds any of your credit, and no lender takes you on."),
        _("A visit that is still open is not charged to your credit: you pay at the hospital."),
        _("What you owe stays owed: the same bills, the same due dates, the same reminders."),
        _("You are treated everywhere as before; only pay at the desk."),
        _("Relatives for whom you pay cannot use your credit either."),
        _("You can agree again at any time, here, in the same two steps."),
    ),
    Purpose.SCORE: (
        _("From this moment no new score is fetched."),
        _("Your limit stays as it is, and what you owe stays owed."),
        _("You can agree again at any time, here, in the same two steps."),
    ),
    Purpose.LENDER: (
        _("From this moment no new bill goes to this lender, and it is shown nothing new."),
        _("What you owe it stays owed: the same bills, the same due dates."),
        _("To go on paying later, choose another lender that has agreed."),
        _("You can agree again at any time, here, in the same two steps."),
    ),
    Purpose.MARKETING: (
        _("From this moment this lender may write to you about the scheme only."),
        _("Nothing else changes: your limit, your bills and your agreement stay as they are."),
    ),
}


@dataclass(frozen=True)
class Choice:
    """One thing to agree to or not. `consent` is the one in force; `may_give` where it can be given here."""

    purpose: str
    lender: Lender | None
    consent: Consent | None
    may_give: bool = True

    @property
    def text(self) -> ConsentText:
        return CONSENT_TEXTS[self.purpose]

    @property
    def follows(self) -> Sequence[StrOrPromise]:
        return (ON_WITHDRAWING if self.consent else ON_GIVING)[self.purpose]

    @property
    def subject(self) -> str:
        return self.lender.code if self.lender else ""


@dataclass(frozen=True)
class Choices:
    """All of a person's, and what was withdrawn, the newest first."""

    own: Sequence[Choice]
    lenders: Sequence[Choice]
    marketing: Sequence[Choice]
    past: Sequence[tuple[Consent, Lender | None]]

    @property
    def allowed_marketing(self) -> list[Choice]:
        return [choice for choice in self.marketing if choice.consent]

    def find(self, purpose: str, subject: str) -> Choice | None:
        every = [*self.own, *self.lenders, *self.marketing]
        return next((one for one in every if (one.purpose, one.subject) == (purpose, subject)), None)


@enforces(25, 26)
def choices_of(*, person: Person, on: date) -> Choices:
    """Marketing has a row for each lender of the scheme, off; showing oneself has one for each that matters.

    Lenders stand in the neutral order of the day.
    """
    consents = list(Consent.objects.filter(person=person).order_by("-given_at", "-pk"))
    standing = {(one.purpose, one.subject): one for one in consents if one.withdrawn_at is None}
    lenders = list(Lender.objects.neutral_order(on))
    named = {lender.code: lender for lender in lenders}
    live = set(Facility.objects.of(person).live().values_list("lender__code", flat=True))
    shown_to = {one.subject for one in consents if one.purpose == Purpose.LENDER} | live
    # A lender that has left can be refused, and asks for nothing any more.
    return Choices(
        own=[Choice(one, None, standing.get((one, ""))) for one in (Purpose.SCHEME, Purpose.SCORE)],
        lenders=[
            Choice(Purpose.LENDER, one, standing.get((Purpose.LENDER, one.code)), one.is_active(on))
            for one in lenders
            if one.code in shown_to
        ],
        marketing=[
            Choice(Purpose.MARKETING, one, standing.get((Purpose.MARKETING, one.code)))
            for one in lenders
            if one.is_active(on) or (Purpose.MARKETING, one.code) in standing
        ],
        past=[(one, named.get(one.subject)) for one in consents if one.withdrawn_at is not None],
    )
