"""Who may draw on whose account, and whose debt it is then (Article 24(5))."""

from __future__ import annotations

from datetime import date

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User
from accounts.models.people import new_credit_code


class FamilyLinkQuerySet(models.QuerySet["FamilyLink"]):
    def in_force(self, on: date) -> FamilyLinkQuerySet:
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=on), state=FamilyLink.State.ACTIVE)

    def of(self, person: Person) -> FamilyLinkQuerySet:
        """Links on either side of which the person stands."""
        return self.filter(Q(payer=person) | Q(dependant=person))

    def shown_to(self, person: Person, on: date) -> FamilyLinkQuerySet:
        """What a person may look at on a date: their own links, a guardian's only until the child is 18."""
        grown_up = Q(payer=person, kind=FamilyLink.Kind.MINOR_CHILD, ends_on__lte=on)
        return self.of(person).exclude(grown_up).select_related("payer", "dependant")


def new_reference() -> str:
    """A link's public name: it tells nothing of the two people, and can be read out over a telephone."""
    return f"F{new_credit_code()}"


# Every lawful move; the docstring narrates them, the database refuses all others.
FAMILY_TRANSITIONS = [
    ("offered", "active"),
    ("offered", "ended"),
    ("active", "ended"),
]


class FamilyLink(models.Model):
    """One relative who answers for another's care.

    A parent adds a minor child: `active` at once, and over by itself on the 18th birthday (`ends_on`).
    An adult child offers to pay for a parent: `offered` until the parent agrees, then `active`.
    Either side may end it: `ended`. What was charged before stays the payer's.

    `limit_fen`, where the payer has set one, is the most that the dependant may have outstanding at a time
    of what this payer answers for. `agreed_by` is whoever recorded an agreement that was given on paper.
    """

    class Kind(models.TextChoices):
        MINOR_CHILD = "minor_child", _("child under 18")
        PARENT = "parent", _("parent")

    class State(models.TextChoices):
        OFFERED = "offered", _("offered")
        ACTIVE = "active", _("active")
        ENDED = "ended", _("ended")

    reference = models.CharField(
        _("reference"), max_length=16, unique=True, default=new_reference, editable=False
    )
    payer = models.ForeignKey(Person, models.PROTECT, related_name="paying_for")
    dependant = models.ForeignKey(Person, models.PROTECT, related_name="paid_by")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    state = models.CharField(_("state"), max_length=8, choices=State)
    limit_fen = models.PositiveBigIntegerField(_("limit of the relative"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    offered_at = models.DateTimeField(_("offered at"))
    agreed_at = models.DateTimeField(_("agreed at"), null=True, blank=True)
    agreed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agreement recorded by")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = FamilyLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("family link")
        verbose_name_plural = _("family links")
        constraints = [
            models.UniqueConstraint(
                fields=["dependant"], condition=Q(state="active"), name="family_one_payer_per_dependant"
            ),
            models.UniqueConstraint(
                fields=["payer", "dependant"],
                condition=~Q(state="ended"),
                name="family_one_live_link_per_pair",
            ),
            models.CheckConstraint(name="family_of_two_people", condition=~Q(payer=F("dependant"))),
            models.CheckConstraint(
                name="family_limit_positive", condition=Q(limit_fen=None) | Q(limit_fen__gt=0)
            ),
            models.CheckConstraint(
                name="family_recorded_agreement_has_its_time",
                condition=Q(agreed_by=None) | Q(agreed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="family_minor_has_an_end", condition=~Q(kind="minor_child") | Q(ends_on__isnull=False)
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="family_state_moves_legally",
                field="state",
                transitions=FAMILY_TRANSITIONS,
            )
        ]

    def __str__(self) -> str:
        return f"{self.payer.credit_code} → {self.dependant.credit_code}"
