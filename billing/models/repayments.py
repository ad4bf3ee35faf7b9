"""Money from citizens: asked for, received, allotted, and given back."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import Person
from billing.models.bills import Bill
from lenders.models import Lender


class DirectDebit(models.Model):
    """A payer's standing order that a lender collect what is due, on the due date 代扣."""

    payer = models.ForeignKey(Person, models.PROTECT, related_name="direct_debits")
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("direct debit")
        verbose_name_plural = _("direct debits")
        constraints = [
            models.UniqueConstraint(
                fields=["payer", "lender"], condition=Q(ended_at=None), name="direct_debit_one_per_lender"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Collection(models.Model):
    """A lender is asked to collect from a payer: started by the citizen, or a direct debit on the due date.

    `pending` until the lender says how it ended: `succeeded` makes a repayment, `failed` has its reason.
    """

    class Kind(models.TextChoices):
        CITIZEN = "citizen", _("started by the payer")
        DIRECT_DEBIT = "direct_debit", _("direct debit")

    class State(models.TextChoices):
        PENDING = "pending", _("on its way")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")

    number = models.CharField(_("number"), max_length=24, unique=True)
    reference = models.CharField(_("reference"), max_length=100, unique=True)
    payer = models.ForeignKey(Person, models.PROTECT, related_name="collections")
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="collections")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.PENDING)
    amount_fen = models.PositiveBigIntegerField(_("amount"))
    bills: models.ManyToManyField[Bill, models.Model] = models.ManyToManyField(
        Bill, related_name="collections"
    )
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        indexes = [models.Index(fields=["lender", "state"])]
        constraints = [models.CheckConstraint(name="collection_positive", condition=Q(amount_fen__gt=0))]
        triggers = [
            pgtrigger.FSM(
                name="collection_state_moves_legally",
                field="state",
                transitions=[("pending", "succeeded"), ("pending", "failed")],
            )
        ]

    def __str__(self) -> str:
        return self.number


class Repayment(models.Model):
    """Money that a lender received from a payer 还款. The same bank reference is the same repayment."""

    class Method(models.TextChoices):
        CITIZEN = "citizen", _("paid by the citizen")
        DIRECT_DEBIT = "direct_debit", _("direct debit")
        LENDER = "lender", _("paid at the lender")
        BALANCE = "balance", _("credit balance")

    number = models.CharField(_("number"), max_length=24, unique=True)
    payer = models.ForeignKey(Person, models.PROTECT, related_name="repayments")
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="repayments")
    collection = models.OneToOneField(
        Collection,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="repayment",
        verbose_name=_("collection"),
    )
    method = models.CharField(_("method"), max_length=12, choices=Method)
    bank_reference = models.CharField(_("bank reference"), max_length=64)
    amount_fen = models.PositiveBigIntegerField(_("amount"))
    to_balance_fen = models.PositiveBigIntegerField(_("to the credit balance"), default=0)
    business_on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("repayment")
        verbose_name_plural = _("repayments")
        ordering = ["-at"]
        indexes = [models.Index(fields=["business_on"]), models.Index(fields=["payer", "business_on"])]
        constraints = [
            models.UniqueConstraint(fields=["lender", "bank_reference"], name="repayment_received_once"),
            models.CheckConstraint(name="repayment_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="repayment_balance_within_amount", condition=Q(to_balance_fen__lte=F("amount_fen"))
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return self.number


class Allocation(models.Model):
    """The part of a repayment that one bill took: principal before late charges."""

    repayment = models.ForeignKey(Repayment, models.PROTECT, related_name="allocations")
    bill = models.ForeignKey(Bill, models.PROTECT, related_name="allocations")
    principal_fen = models.PositiveBigIntegerField(_("principal"))
    charges_fen = models.PositiveBigIntegerField(_("late charges"), default=0)
    business_on = models.DateField(_("business date"))

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = [
            models.UniqueConstraint(fields=["repayment", "bill"], name="allocation_once_per_bill"),
            models.CheckConstraint(
                name="allocation_not_empty", condition=Q(principal_fen__gt=0) | Q(charges_fen__gt=0)
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.repayment_id} → {self.bill_id}"


class Withdrawal(models.Model):
    """A credit balance given back to where it came from."""

    number = models.CharField(_("number"), max_length=24, unique=True)
    payer = models.ForeignKey(Person, models.PROTECT, related_name="withdrawals")
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="withdrawals")
    amount_fen = models.PositiveBigIntegerField(_("amount"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("withdrawal")
        verbose_name_plural = _("withdrawals")
        constraints = [models.CheckConstraint(name="withdrawal_positive", condition=Q(amount_fen__gt=0))]
        triggers = append_only()

    def __str__(self) -> str:
        return self.number
