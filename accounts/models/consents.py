from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Person

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


# Where somebody was when they agreed (`?from=`); another channel is shown by its own name.
CHANNELS: dict[str, StrOrPromise] = {
    "portal": _("on these pages"),
    "wechat": _("in the WeChat account"),
    "desk": _("at a desk"),
    "": _("(where is not recorded)"),
}


class ConsentQuerySet(models.QuerySet["Consent"]):
    def in_force(self, person: Person, purpose: str, subject: str = "") -> ConsentQuerySet:
        return self.filter(person=person, purpose=purpose, subject=subject, withdrawn_at=None)

    def is_withdrawn(self, person: Person, purpose: str, subject: str = "") -> bool:
        """Given once, and not in force any more."""
        own = self.filter(person=person, purpose=purpose, subject=subject).order_by("-given_at", "-pk")
        newest = own.first()
        return newest is not None and newest.withdrawn_at is not None


class Consent(models.Model):
    """One person's agreement to one purpose, in the words of one version (Articles 9, 25, 26).

    Given and withdrawn, never edited: a withdrawal fills `withdrawn_at` once, a new agreement is a new row.
    `subject` is the lender's code where the purpose concerns a single lender, otherwise empty.
    """

    class Purpose(models.TextChoices):
        SCHEME = "scheme", _("take part in the scheme")
        SCORE = "score", _("fetch the credit score")
        LENDER = "lender", _("let a lender see the application")
        MARKETING = "marketing", _("let a lender make offers")

    ABOUT_A_LENDER: ClassVar[list[str]] = [Purpose.LENDER, Purpose.MARKETING]

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    subject = models.CharField(max_length=40, blank=True, default="")
    version = models.CharField(max_length=20)
    channel = models.CharField(max_length=40, blank=True, default="")
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "purpose", "subject"],
                condition=Q(withdrawn_at=None),
                name="consent_one_in_force",
            ),
            models.CheckConstraint(
                condition=(Q(purpose__in=["scheme", "score"]) & Q(subject=""))
                | (Q(purpose__in=["lender", "marketing"]) & ~Q(subject="")),
                name="consent_names_its_lender",
            ),
            models.CheckConstraint(condition=~Q(version=""), name="consent_has_a_version"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("given_at")),
                name="consent_withdrawn_after_given",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="consent_is_not_edited", exclude=["withdrawn_at"]),
            pgtrigger.Protect(
                name="consent_withdrawn_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__withdrawn_at__isnull=False),
            ),
            pgtrigger.Protect(name="consent_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.purpose} {self.subject}".rstrip()

    @property
    def channel_words(self) -> StrOrPromise:
        """Where they were when they agreed."""
        return CHANNELS.get(self.channel, self.channel)
