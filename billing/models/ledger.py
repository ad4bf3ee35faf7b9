"""The ledger 记账: movements between two accounts, balanced by construction."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import Person
from hospitals.models import Hospital
from lenders.models import Lender


class LedgerAccount(models.Model):
    """Where money, or a claim to it, stands. A balance is debits less credits; none is stored."""

    class Kind(models.TextChoices):
        RECEIVABLE = "receivable", _("principal that a payer owes a lender")
        CHARGES = "charges", _("late charges that a payer owes a lender")
        CREDIT_BALANCE = "credit_balance", _("what a lender holds for a payer")
        PAYABLE = "payable", _("what a lender owes a hospital")
        CARRIED = "carried", _("what a hospital owes a lender, carried forward")
        CASH = "cash", _("a lender's cash")
        INCOME = "income", _("a lender's income from late charges")

    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="+")
    hospital = models.ForeignKey(Hospital, models.PROTECT, null=True, blank=True, related_name="+")
    payer = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    # The one side that the kind leaves open, in one column that an index can find it by.
    party = models.GeneratedField(
        expression=Coalesce("payer_id", "hospital_id", 0),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint(fields=["kind", "lender", "party"], name="ledger_account_once"),
            models.CheckConstraint(
                name="ledger_account_has_its_parties",
                condition=Q(
                    kind__in=["receivable", "charges", "credit_balance"], payer__isnull=False, hospital=None
                )
                | Q(kind__in=["payable", "carried"], hospital__isnull=False, payer=None)
                | Q(kind__in=["cash", "income"], hospital=None, payer=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def balance_fen(self) -> int:
        """Debits less credits, in fen."""
        debits = self.debits.aggregate(sum=Sum("amount_fen"))["sum"] or 0
        credits = self.credits.aggregate(sum=Sum("amount_fen"))["sum"] or 0
        return debits - credits


class Transfer(models.Model):
    """One movement: `debit` 借 receives, `credit` 贷 gives. Written once, for ever.

    `(kind, reference)` is unique, so a retry cannot post twice; the reference holds the business date of
    what it posts.
    """

    class Kind(models.TextChoices):
        CHARGE = "charge", _("charge")
        VOID = "void", _("void")
        REFUND = "refund", _("refund of what was owed")
        REFUND_CREDIT = "refund_credit", _("refund of what was repaid")
        LATE_CHARGE = "late_charge", _("late charge")
        LATE_BACK = "late_back", _("late charge taken back")
        LATE_CREDIT = "late_credit", _("paid late charge taken back")
        CARRY_OUT = "carry_out", _("carried to the next settlement")
        CARRY_IN = "carry_in", _("carried from an earlier settlement")
        PAYOUT = "payout", _("payout")
        PAYOUT_RETURN = "payout_return", _("payout returned")
        PRINCIPAL = "principal", _("repayment of principal")
        CHARGES = "charges", _("repayment of late charges")
        OVERPAYMENT = "overpayment", _("overpayment")
        APPLY_PRINCIPAL = "apply_principal", _("credit balance used for principal")
        APPLY_CHARGES = "apply_charges", _("credit balance used for late charges")
        WITHDRAWAL = "withdrawal", _("withdrawal of a credit balance")

    debit = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="debits")
    credit = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="credits")
    amount_fen = models.BigIntegerField(_("amount"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    reference = models.CharField(_("reference"), max_length=100)
    business_on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference"], name="transfer_posted_once"),
            models.CheckConstraint(name="transfer_amount_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(name="transfer_between_two_accounts", condition=~Q(debit=F("credit"))),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
