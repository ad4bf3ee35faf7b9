"""Where a hospital's money goes, and how that changes: by one person's proposal and another's word."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Self

import pghistory
import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.crypto import decrypt
from hospitals.models.institutions import Hospital

# A hospital's first account may be taken over; each one after it stands in a proposal that was confirmed.
_BY_TWO_PEOPLE = """
    IF EXISTS (SELECT FROM hospitals_payoutaccount WHERE hospital_id = NEW.hospital_id)
        AND NOT EXISTS (
            SELECT FROM hospitals_payoutproposal
             WHERE id = NEW.proposal_id AND state = 'confirmed' AND hospital_id = NEW.hospital_id
               AND uid = NEW.uid AND holder = NEW.holder AND bank_name = NEW.bank_name
               AND number_sealed = NEW.number_sealed AND from_on = NEW.from_on) THEN
        RAISE EXCEPTION 'payout_account_changes_by_two: no confirmed proposal'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


@pghistory.track()
class PayoutProposal(models.Model):
    """Another account for a hospital's money, which counts only once a second person has confirmed it.

    proposed → confirmed by somebody else: from `from_on` the hospital is paid to the new account.
    proposed → rejected by somebody else, with a reason: nothing changes.
    proposed → withdrawn by whoever proposed it.
    Until then the old account is paid. The number is sealed under the uid, which the account takes over.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("waits for a second person")
        CONFIRMED = "confirmed", _("confirmed")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="payout_proposals", verbose_name=_("hospital")
    )
    holder = models.CharField(_("account holder"), max_length=100)
    bank_name = models.CharField(_("bank"), max_length=100)
    number_sealed = models.TextField(editable=False)
    from_on = models.DateField(_("in force from"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decision at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("proposed payout account")
        verbose_name_plural = _("proposed payout accounts")
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                name="one_open_payout_proposal", fields=["hospital"], condition=Q(state="proposed")
            ),
            models.CheckConstraint(
                name="payout_proposal_takes_two_people",
                condition=Q(state="proposed", decided_by=None, decided_at=None)
                | (
                    Q(state__in=["confirmed", "rejected", "withdrawn"], decided_by__isnull=False)
                    & Q(decided_at__isnull=False, decided_at__gte=F("proposed_at"))
                    & (
                        Q(state="withdrawn", decided_by=F("proposed_by"))
                        | (~Q(state="withdrawn") & ~Q(decided_by=F("proposed_by")))
                    )
                ),
            ),
            models.CheckConstraint(
                name="payout_proposal_rejected_with_a_reason", condition=~Q(state="rejected") | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="payout_proposal_number_is_sealed", condition=Q(number_sealed__regex=r"^v[0-9]+:")
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="payout_proposal_state_moves_legally",
                field="state",
                transitions=[
                    ("proposed", "confirmed"), ("proposed", "rejected"), ("proposed", "withdrawn"),
                ],
            ),
            pgtrigger.Trigger(
                name="payout_proposal_begins_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NEW.state <> 'proposed' THEN
                        RAISE EXCEPTION 'a proposal begins undecided' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
            pgtrigger.ReadOnly(
                name="payout_proposal_keeps_its_terms",
                fields=["uid", "hospital", "holder", "bank_name", "from_on", "proposed_by", "proposed_at"],
            ),
            pgtrigger.Protect(
                name="payout_proposal_decision_stands",
                operation=pgtrigger.UpdateOf("state", "decided_by_id", "decided_at", "reason"),
                condition=~pgtrigger.Q(old__state="proposed"),
            ),
            pgtrigger.Protect(name="payout_proposal_is_kept", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.bank_name} {self.masked_number}"

    def bound_to(self, field: str) -> bytes:
        return self.uid.bytes

    @property
    def masked_number(self) -> str:
        return f"**** {decrypt(self.number_sealed, self.bound_to('number'))[-4:]}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.PROPOSED


class PayoutAccountQuerySet(models.QuerySet["PayoutAccount"]):
    def at(self, hospital: Hospital) -> Self:
        return self.filter(hospital=hospital)

    def in_force(self, on: date) -> Self:
        """The one that money is paid to on that date; never more than one a hospital."""
        return self.filter(Q(to_on__isnull=True) | Q(to_on__gt=on), from_on__lte=on)


@pghistory.track()
class PayoutAccount(models.Model):
    """The bank account that a hospital is paid to, in force in [from_on, to_on).

    The first may be entered as it is taken over; every later one is a proposal that two people agreed to.

    The number is sealed with SM4-GCM, the row's uid as additional data. A change is a new row: what was paid
    stays traceable to the account it went to, so holder, bank and number never change afterwards.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="payout_accounts", verbose_name=_("hospital")
    )
    holder = models.CharField(_("account holder"), max_length=100)
    bank_name = models.CharField(_("bank"), max_length=100)
    number_sealed = models.TextField(editable=False)
    from_on = models.DateField(_("in force from"))
    to_on = models.DateField(_("in force until"), null=True, blank=True)
    proposal = models.OneToOneField(
        PayoutProposal,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="account",
        verbose_name=_("proposal"),
    )

    objects = PayoutAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("payout account")
        verbose_name_plural = _("payout accounts")
        ordering = ["hospital", "-from_on"]
        constraints = [
            # One-element ranges stand in for `hospital =`, which GiST knows only by the btree_gist extension.
            ExclusionConstraint(
                name="one_payout_account_in_force",
                expressions=[
                    (
                        Func(
                            F("hospital_id"),
                            F("hospital_id"),
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            "from_on",
                            "to_on",
                            Value("[)"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            models.CheckConstraint(
                name="payout_account_ends_after_it_starts",
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
            ),
            models.CheckConstraint(
                name="payout_account_number_is_sealed", condition=Q(number_sealed__regex=r"^v[0-9]+:")
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="payout_account_keeps_its_terms",
                fields=["uid", "hospital", "holder", "bank_name", "from_on", "proposal"],
            ),
            pgtrigger.Trigger(
                name="payout_account_changes_by_two",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=_BY_TWO_PEOPLE,
            ),
            pgtrigger.Protect(name="payout_account_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.bank_name} {self.masked_number}"

    def bound_to(self, field: str) -> bytes:
        return self.uid.bytes

    @property
    def number(self) -> str:
        return decrypt(self.number_sealed, self.bound_to("number"))

    @property
    def masked_number(self) -> str:
        """The last four digits, for screens: `**** 1234`."""
        return f"**** {self.number[-4:]}"
