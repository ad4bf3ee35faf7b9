"""What public hospitals spent on their systems, and what the finance bureau bears of it (Article 4)."""

from __future__ import annotations

from typing import Self

import pghistory
import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.money import format_yuan
from hospitals.models.institutions import Hospital

# From → to. Nothing else is possible, in the database either.
CLAIM_MOVES = [
    ("filed", "checked"),
    ("filed", "returned"),
    ("returned", "filed"),
    ("checked", "granted"),
    ("checked", "refused"),
    ("granted", "paid"),
]

_BEGINS_FILED_BY_PUBLIC = """
    IF NEW.state <> 'filed' THEN
        RAISE EXCEPTION 'retrofit_claim_of_a_public_hospital: a claim begins as filed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (SELECT FROM hospitals_hospital WHERE id = NEW.hospital_id AND kind = 'public') THEN
        RAISE EXCEPTION 'retrofit_claim_of_a_public_hospital: not a public hospital'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class RetrofitClaimQuerySet(models.QuerySet["RetrofitClaim"]):
    def before_the_bureau(self) -> Self:
        """What an operator has checked, whatever came of it since."""
        return self.filter(state__in=["checked", "granted", "refused", "paid"])

    def waiting_first(self) -> Self:
        """For the bureau: to be decided, to be paid, then what is over; the oldest of each on top."""
        places = [models.When(state=state, then=place) for place, state in enumerate(["checked", "granted"])]
        return self.order_by(
            models.Case(*places, default=2, output_field=models.SmallIntegerField()), "filed_at", "pk"
        )


@pghistory.track()
class RetrofitClaim(models.Model):
    """A public hospital's claim for what rebuilding its system cost.

    filed: by an administrator of the hospital. → checked, or → returned with what is missing, by an operator.
    returned → filed: completed by the hospital.
    checked → granted, whole or in part, or → refused: by the finance bureau, with reasons.
    granted → paid: on a date, with the bank's reference, recorded by another person than the one who granted.
    Nobody takes two of these steps in turn: who filed, who checked, who decided and who paid differ.
    """

    class State(models.TextChoices):
        FILED = "filed", _("filed")
        RETURNED = "returned", _("returned to the hospital")
        CHECKED = "checked", _("before the finance bureau")
        GRANTED = "granted", _("granted")
        REFUSED = "refused", _("not granted")
        PAID = "paid", _("paid")

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="claims", verbose_name=_("hospital"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.FILED)
    amount_fen = models.PositiveBigIntegerField(_("amount claimed"))
    purpose = models.CharField(_("what for"), max_length=300)
    evidence = models.TextField(_("evidence"), max_length=2000)
    filed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("filed by"))
    filed_at = models.DateTimeField(_("filed at"))
    checked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("checked by")
    )
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    check_note = models.CharField(_("what the operator found"), max_length=500, blank=True, default="")
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decision at"), null=True, blank=True)
    granted_fen = models.PositiveBigIntegerField(_("amount granted"), null=True, blank=True)
    reasons = models.CharField(_("reasons"), max_length=500, blank=True, default="")
    paid_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("payment recorded by")
    )
    paid_on = models.DateField(_("paid on"), null=True, blank=True)
    payment_reference = models.CharField(_("bank reference"), max_length=64, blank=True, default="")

    objects = RetrofitClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("retrofit claim")
        verbose_name_plural = _("retrofit claims")
        ordering = ["-filed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="retrofit_claim_says_how_much_and_what_for",
                condition=Q(amount_fen__gte=1, amount_fen__lte=10**12) & ~Q(purpose="") & ~Q(evidence=""),
            ),
            models.CheckConstraint(
                name="retrofit_claim_checked_by_another",
                condition=Q(state="filed")
                | (
                    Q(checked_by__isnull=False, checked_at__isnull=False)
                    & ~Q(check_note="")
                    & ~Q(checked_by=F("filed_by"))
                ),
            ),
            models.CheckConstraint(
                name="retrofit_claim_decided_by_a_third",
                condition=Q(state__in=["filed", "returned", "checked"], decided_by=None, granted_fen=None)
                | (
                    Q(state__in=["granted", "refused", "paid"], decided_by__isnull=False)
                    & Q(decided_at__isnull=False, decided_at__gte=F("checked_at"))
                    & Q(granted_fen__isnull=False, granted_fen__lte=F("amount_fen"))
                    & ~Q(reasons="")
                    & ~Q(decided_by=F("checked_by"))
                    & ~Q(decided_by=F("filed_by"))
                ),
            ),
            models.CheckConstraint(
                name="retrofit_claim_refused_is_nothing",
                condition=~Q(state="refused") | Q(granted_fen=0),
            ),
            models.CheckConstraint(
                name="retrofit_claim_granted_is_something",
                condition=~Q(state__in=["granted", "paid"]) | Q(granted_fen__gte=1),
            ),
            models.CheckConstraint(
                name="retrofit_claim_paid_by_another",
                condition=(~Q(state="paid") & Q(paid_by=None, paid_on=None, payment_reference=""))
                | (
                    Q(state="paid", paid_by__isnull=False, paid_on__isnull=False)
                    & ~Q(payment_reference="")
                    & ~Q(paid_by=F("decided_by"))
                ),
            ),
            # One transfer of the bureau's bank pays one claim.
            models.UniqueConstraint(
                name="retrofit_claim_payment_once",
                fields=["payment_reference"],
                condition=~Q(payment_reference=""),
            ),
        ]
        triggers = [
            pgtrigger.FSM(name="retrofit_claim_state_moves_legally", field="state", transitions=CLAIM_MOVES),
            pgtrigger.Trigger(
                name="retrofit_claim_of_a_public_hospital",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=_BEGINS_FILED_BY_PUBLIC,
            ),
            pgtrigger.ReadOnly(name="retrofit_claim_keeps_its_hospital", fields=["number", "hospital"]),
            pgtrigger.Protect(
                name="retrofit_claim_words_stand_once_filed",
                operation=pgtrigger.UpdateOf("amount_fen", "purpose", "evidence", "filed_by_id", "filed_at"),
                condition=~pgtrigger.Q(old__state="returned"),
            ),
            pgtrigger.Protect(
                name="retrofit_claim_check_stands",
                operation=pgtrigger.UpdateOf("checked_by_id", "checked_at", "check_note"),
                condition=~pgtrigger.Q(old__state="filed"),
            ),
            pgtrigger.Protect(
                name="retrofit_claim_decision_stands",
                operation=pgtrigger.UpdateOf("decided_by_id", "decided_at", "granted_fen", "reasons"),
                condition=~pgtrigger.Q(old__state="checked"),
            ),
            pgtrigger.Protect(
                name="retrofit_claim_payment_stands",
                operation=pgtrigger.UpdateOf("paid_by_id", "paid_on", "payment_reference"),
                condition=~pgtrigger.Q(old__state="granted"),
            ),
            pgtrigger.Protect(name="retrofit_claim_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.number} {format_yuan(self.amount_fen)}"
