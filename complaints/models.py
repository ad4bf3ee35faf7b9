"""Cases of the service centre: what citizens ask, complain of and object to, and the answers (13, 29)."""

from __future__ import annotations

from datetime import date
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import Person, User
from billing.models import Bill
from hospitals.models import Hospital
from lenders.models import Lender


class CaseQuerySet(models.QuerySet["Case"]):
    def of(self, person: Person) -> Self:
        return self.filter(person=person)

    def waiting(self) -> Self:
        return self.filter(state=Case.State.OPEN)


class Case(models.Model):
    """Something that a citizen asks, complains of or objects to, answered in five working days (13, 29).

    A case is *open* from the moment it is received. The citizen may add to it; nothing that was said is
    taken back, and nothing stops its clock. The operator's written answer makes it *answered*, which is
    final: whoever is not content opens another. A dispute about an unpaid bill is no case but
    `billing.Objection`, which stops that bill's clock.
    """

    class Kind(models.TextChoices):
        INQUIRY = "inquiry", _("Question")
        COMPLAINT = "complaint", _("Complaint")
        OBJECTION = "objection", _("Objection")

    class Cause(models.TextChoices):
        AMOUNT = "amount", _("The amount or the items are wrong")
        INSURANCE = "insurance", _("My medical insurance was not settled")
        REFUND = "refund", _("A refund is slow or missing")
        PREPAYMENT = "prepayment", _("I was asked to pay first, though I have credit")
        SERVICE = "service", _("How I was treated by staff")
        REMINDERS = "reminders", _("Reminders and collection")
        LENDER = "lender", _("A lender")
        MARKETING = "marketing", _("Unwanted offers, or a card forced on me")
        PRIVACY = "privacy", _("My data")
        SCORE = "score", _("My score")
        LIMIT = "limit", _("My limit")
        STANDING = "standing", _("A suspension, a default or a repair")
        USE = "use", _("How to use it")
        REPAYMENT = "repayment", _("Bills and repayment")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("waiting for an answer")
        ANSWERED = "answered", _("answered")

    CAUSES = {
        Kind.INQUIRY: (Cause.USE, Cause.REPAYMENT, Cause.LIMIT, Cause.LENDER, Cause.PRIVACY, Cause.OTHER),
        Kind.COMPLAINT: (
            Cause.AMOUNT,
            Cause.INSURANCE,
            Cause.REFUND,
            Cause.PREPAYMENT,
            Cause.SERVICE,
            Cause.REMINDERS,
            Cause.LENDER,
            Cause.MARKETING,
            Cause.PRIVACY,
            Cause.OTHER,
        ),
        Kind.OBJECTION: (Cause.SCORE, Cause.LIMIT, Cause.STANDING, Cause.OTHER),
    }

    number = models.CharField(_("number"), max_length=24, unique=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="cases", verbose_name=_("citizen"))
    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    bill = models.ForeignKey(
        Bill, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("bill")
    )
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("hospital")
    )
    lender = models.ForeignKey(
        Lender, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("lender")
    )
    statement = models.CharField(_("statement"), max_length=1000, blank=True)
    opened_at = models.DateTimeField(_("opened at"))
    answer_by_on = models.DateField(_("answer by"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    answer = models.CharField(_("answer"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-opened_at", "-pk"]
        indexes = [models.Index(fields=["person", "-opened_at"], name="case_of_person")]
        constraints = [
            models.CheckConstraint(
                name="case_cause_fits_its_kind",
                condition=Q(
                    kind="inquiry", cause__in=["use", "repayment", "limit", "lender", "privacy", "other"]
                )
                | Q(
                    kind="complaint",
                    cause__in=[
                        "amount",
                        "insurance",
                        "refund",
                        "prepayment",
                        "service",
                        "reminders",
                        "lender",
                        "marketing",
                        "privacy",
                        "other",
                    ],
                )
                | Q(kind="objection", cause__in=["score", "limit", "standing", "other"]),
            ),
            models.CheckConstraint(
                name="case_objection_names_no_bill", condition=~Q(kind="objection") | Q(bill=None)
            ),
            # One tap from a bill is enough: the bill and the cause say what it is about.
            models.CheckConstraint(
                name="case_says_what_it_is_about",
                condition=~Q(statement="") | (Q(kind="complaint", bill__isnull=False) & ~Q(cause="other")),
            ),
            models.CheckConstraint(
                name="case_answered_in_writing",
                condition=Q(state="open", answer="", answered_at=None, answered_by=None)
                | (
                    Q(state="answered", answered_at__gte=F("opened_at"), answered_by__isnull=False)
                    & ~Q(answer="")
                ),
            ),
        ]
        triggers = [
            pgtrigger.FSM(name="case_state_moves_legally", field="state", transitions=[("open", "answered")]),
            pgtrigger.Trigger(
                name="case_begins_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NEW.state <> 'open' THEN
                        RAISE EXCEPTION 'a case begins without an answer' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.bill_id IS NOT NULL AND NOT EXISTS (
                        SELECT FROM billing_bill
                         WHERE id = NEW.bill_id AND hospital_id = NEW.hospital_id
                           AND lender_id = NEW.lender_id AND NEW.person_id IN (payer_id, patient_id)) THEN
                        RAISE EXCEPTION 'the bill is of others' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
            pgtrigger.ReadOnly(
                name="case_keeps_what_was_said",
                fields=[
                    "number", "person", "kind", "cause", "bill", "hospital", "lender", "statement",
                    "opened_at", "answer_by_on",
                ],
            ),
            pgtrigger.Protect(
                name="case_answer_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="answered", new__state="answered"),
            ),
            pgtrigger.Protect(name="case_is_kept", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    def days_late(self, on: date) -> int:
        """Days since the answer was due; 0 while there is time, and once it is answered."""
        return max(0, (on - self.answer_by_on).days) if self.is_open else 0


class CaseMessage(models.Model):
    """What the citizen added while the case was open."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="messages", verbose_name=_("case"))
    text = models.CharField(_("text"), max_length=1000)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("addition to a case")
        verbose_name_plural = _("additions to cases")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(name="case_message_has_words", condition=~Q(text=""))]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="case_message_while_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NOT EXISTS (SELECT FROM complaints_case WHERE id = NEW.case_id AND state = 'open') THEN
                        RAISE EXCEPTION 'nothing is added to an answered case'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.at}"
