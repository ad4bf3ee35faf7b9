"""The day close 日切 and T+1."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import User
from hospitals.models import Hospital
from lenders.models import Lender


class DayClose(models.Model):
    """A business date into which nothing can be posted any more."""

    on = models.DateField(_("business date"), primary_key=True)
    closed_at = models.DateTimeField(_("closed at"))
    signed_off_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("day close")
        verbose_name_plural = _("day closes")
        ordering = ["on"]
        triggers = [pgtrigger.Protect(name="day_close_is_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return str(self.on)


class SettlementQuerySet(models.QuerySet["Settlement"]):
    def at_hospital(self, hospital: Hospital) -> SettlementQuerySet:
        return self.filter(hospital=hospital)

    def funded_by(self, lender: Lender) -> SettlementQuerySet:
        return self.filter(lender=lender)


# Every lawful move; the docstring narrates them, the database refuses all others.
SETTLEMENT_TRANSITIONS = [
    ("due", "instructed"),
    ("instructed", "paid"),
    ("instructed", "returned"),
    ("paid", "returned"),
    ("returned", "instructed"),
    ("paid", "reconciled"),
]


class Settlement(models.Model):
    """What one lender pays one hospital for one business date 结算 (Articles 2, 17).

    `due` on the next bank working day; the lender tells its bank: `instructed`; the bank has paid: `paid`;
    the hospital has found the same amount: `reconciled`. A bank that sends it back makes it `returned`,
    to be instructed again. Where refunds outweigh bills nothing is paid: `carried` to the pair's next one.

    net = bills − refunds + carried in, where carried in is zero or negative.
    """

    class State(models.TextChoices):
        DUE = "due", _("due")
        INSTRUCTED = "instructed", _("instructed")
        PAID = "paid", _("paid")
        RECONCILED = "reconciled", _("reconciled")
        RETURNED = "returned", _("returned")
        CARRIED = "carried", _("carried forward")

    number = models.CharField(_("number"), max_length=24, unique=True)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="settlements")
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="settlements")
    business_on = models.DateField(_("business date"))
    pay_on = models.DateField(_("pay on"))
    bills = models.PositiveIntegerField(_("bills"))
    bills_fen = models.PositiveBigIntegerField(_("amount of bills"))
    refunds = models.PositiveIntegerField(_("refunds"))
    refunds_fen = models.PositiveBigIntegerField(_("amount of refunds"))
    carried_from = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="carried_to",
        verbose_name=_("carried from"),
    )
    carried_in_fen = models.BigIntegerField(_("carried in"), default=0)
    net_fen = models.BigIntegerField(_("net"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DUE)
    closed_at = models.DateTimeField(_("closed at"))

    objects = SettlementQuerySet.as_manager()

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        ordering = ["business_on", "hospital", "lender"]
        indexes = [models.Index(fields=["lender", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "lender", "business_on"], name="settlement_once_per_pair_and_date"
            ),
            models.CheckConstraint(
                name="settlement_net_adds_up",
                condition=Q(net_fen=F("bills_fen") - F("refunds_fen") + F("carried_in_fen")),
            ),
            models.CheckConstraint(name="settlement_carries_no_gain", condition=Q(carried_in_fen__lte=0)),
            models.CheckConstraint(
                name="settlement_carried_when_not_positive",
                condition=Q(state="carried", net_fen__lte=0) | (~Q(state="carried") & Q(net_fen__gt=0)),
            ),
            models.CheckConstraint(
                name="settlement_paid_after_its_date", condition=Q(pay_on__gt=F("business_on"))
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="settlement_state_moves_legally",
                field="state",
                transitions=SETTLEMENT_TRANSITIONS,
            ),
            pgtrigger.ReadOnly(name="settlement_sums_are_kept", exclude=["state"]),
            pgtrigger.Protect(name="settlement_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.number


class SettlementStep(models.Model):
    """What happened to a settlement and when, with the bank's words."""

    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="steps")
    state = models.CharField(_("state"), max_length=10, choices=Settlement.State)
    bank_reference = models.CharField(_("bank reference"), max_length=64, blank=True)
    value_on = models.DateField(_("value date"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("settlement step")
        verbose_name_plural = _("settlement steps")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "state", "bank_reference"],
                condition=~Q(bank_reference=""),
                name="settlement_step_once_per_bank_reference",
            )
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.settlement.number} {self.state}"
