"""Visits, the bills that they end in, and what is taken back of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pgtrigger
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import Person, User
from common.spans import Span
from credit.models import CreditAccount, Policy
from hospitals.models import Hospital, Scene
from lenders.models import Lender, Product

if TYPE_CHECKING:
    from billing.models.invoices import Invoice


class Visit(models.Model):
    """A patient's stay or call at a hospital, which may hold credit until it is settled 就医.

    `open` holds credit and collects items; settling it makes a bill of what was used and releases the
    rest (`settled`); cancelling releases all (`cancelled`). An outpatient visit still open at the
    same-day settlement hour is settled then with what the hospital has reported (Article 17).
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        SETTLED = "settled", _("settled")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(_("number"), max_length=24)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="visits", db_index=False)
    scene = models.CharField(_("scene"), max_length=12, choices=Scene)
    hospital_visit_no = models.CharField(_("hospital's visit number"), max_length=64, blank=True)
    patient = models.ForeignKey(Person, models.PROTECT, related_name="visits")
    payer = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(CreditAccount, models.PROTECT, related_name="visits")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    hold_fen = models.PositiveBigIntegerField(_("hold"), default=0)
    insurance = models.JSONField(_("insurance as reported"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened at"))
    opened_on = models.DateField(_("opened on"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    cashier = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        indexes = [
            models.Index(fields=["hospital", "opened_on"]),
            models.Index(fields=["opened_on"], condition=Q(state="open"), name="visit_open"),
        ]
        # Not `unique=True`, which brings a second index that nobody asks.
        constraints = [models.UniqueConstraint(fields=["number"], name="visit_number_once")]
        triggers = [
            pgtrigger.FSM(
                name="visit_state_moves_legally",
                field="state",
                transitions=[("open", "settled"), ("open", "cancelled")],
                condition=pgtrigger.AnyChange("state"),
            )
        ]

    def __str__(self) -> str:
        return self.number


class Item(models.Model):
    """One line of what was done or given; a lender never sees it."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="items")
    name = models.CharField(_("name"), max_length=200)
    category = models.CharField(_("category"), max_length=40, blank=True)
    amount_fen = models.PositiveBigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        triggers = append_only()

    def __str__(self) -> str:
        return self.name


class BillQuerySet(models.QuerySet["Bill"]):
    def owed_by(self, person: Person) -> BillQuerySet:
        """Bills whose debt is this person's, whoever was treated."""
        return self.filter(payer=person)

    def owed_within(self, payers: Span) -> BillQuerySet:
        """Bills of the payers in a span of ids."""
        return self.filter(payer__gte=payers.first, payer__lte=payers.last)

    def seen_by(self, person: Person) -> BillQuerySet:
        """Bills that a person pays or was treated for (Article 28)."""
        return self.filter(Q(payer=person) | Q(patient=person))

    def at_hospital(self, hospital: Hospital) -> BillQuerySet:
        return self.filter(hospital=hospital)

    def funded_by(self, lender: Lender) -> BillQuerySet:
        return self.filter(lender=lender)

    def open(self) -> BillQuerySet:
        return self.filter(state=Bill.State.OPEN)

    def not_frozen(self) -> BillQuerySet:
        """Without those under an open objection, for which the clock stands still."""
        return self.exclude(Exists(Objection.objects.filter(bill=OuterRef("pk"), answered_on=None)))

    def no_payment_under_way(self) -> BillQuerySet:
        """Without those for which a payment has been started and not ended: its payer has done their part."""
        return self.exclude(
            Exists(
                self.model.collections.through.objects.filter(
                    bill=OuterRef("pk"), collection__state="pending"
                )
            )
        )

    def overdue(self, on: date) -> BillQuerySet:
        """Unpaid after the end of the due date and not frozen by an objection."""
        return self.open().filter(due_on__lt=on).not_frozen()

    def insurance_missing(self) -> BillQuerySet:
        """Charged without their insurance part, which can still be settled: something is left to refund."""
        back = Refund.objects.filter(bill=OuterRef("pk")).values("bill").annotate(fen=Sum("amount_fen"))
        return (
            self.filter(insurance=Bill.Insurance.MISSING)
            .exclude(state=Bill.State.VOID)
            .alias(back_fen=Coalesce(Subquery(back.values("fen")), 0))
            .filter(back_fen__lt=F("self_paid_fen"))
        )

    def without_invoice(self) -> BillQuerySet:
        """Of which an electronic invoice can be given: none counts, none waits for its red one."""
        back = Refund.objects.filter(bill=OuterRef("pk")).exclude(reason=Refund.Reason.INSURANCE)
        back_fen = Subquery(back.values("bill").annotate(fen=Sum("amount_fen")).values("fen"))
        return (
            self.exclude(state=Bill.State.VOID)
            .exclude(invoices__state__in=("issued", "red_due"))
            .alias(back_fen=Coalesce(back_fen, 0))
            .filter(total_fen__gt=F("back_fen"))
        )

    def oldest_due_first(self) -> BillQuerySet:
        return self.order_by("due_on", "pk")

    def total_owed_fen(self) -> int:
        """Principal and late charges still to pay, in fen."""
        sums = self.open().aggregate(
            owed=Sum("owed_fen"), charges=Sum(F("charges_fen") - F("charges_paid_fen"))
        )
        return (sums["owed"] or 0) + (sums["charges"] or 0)


class Bill(models.Model):
    """What one visit cost and how it is paid 账单 (Articles 2, 17, 23).

    `open` until nothing is owed, then `closed`, by repayment or refund. A bill of the same, still open
    business day on which nothing was repaid may be undone: `void`. Whether an open bill is overdue
    follows from its due date.

    total = pooled fund + personal account + other + self-paid; self-paid = financed + paid on the spot.
    `owed_fen` is the principal still owed: financed − repaid − refunded + credited back, where credited
    back is the part of a refund that had been repaid already and became a credit balance.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")
        VOID = "void", _("void")

    class Insurance(models.TextChoices):
        SETTLED = "settled", _("settled")
        MISSING = "missing", _("not settled yet")
        LATE = "late", _("settled later")

    number = models.CharField(_("number"), max_length=24)
    visit = models.OneToOneField(Visit, models.PROTECT, related_name="bill")
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="bills", db_index=False)
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="bills", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(Person, models.PROTECT, related_name="bills_as_patient")
    payer = models.ForeignKey(Person, models.PROTECT, related_name="bills", db_index=False)
    account = models.ForeignKey(CreditAccount, models.PROTECT, related_name="bills", db_index=False)
    cashier = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    scene = models.CharField(_("scene"), max_length=12, choices=Scene)
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.OPEN)
    business_on = models.DateField(_("business date"))
    posted_at = models.DateTimeField(_("posted at"))
    due_on = models.DateField(_("due on"))

    total_fen = models.PositiveBigIntegerField(_("total"))
    pooled_fund_fen = models.PositiveBigIntegerField(_("pooled fund"), default=0)
    personal_account_fen = models.PositiveBigIntegerField(_("personal account"), default=0)
    other_fen = models.PositiveBigIntegerField(_("other"), default=0)
    self_paid_fen = models.PositiveBigIntegerField(_("self-paid"))
    insurance = models.CharField(_("insurance"), max_length=8, choices=Insurance, default=Insurance.SETTLED)

    financed_fen = models.PositiveBigIntegerField(_("financed"))
    paid_on_site_fen = models.PositiveBigIntegerField(_("paid on the spot"), default=0)
    repaid_fen = models.PositiveBigIntegerField(_("repaid"), default=0)
    refunded_fen = models.PositiveBigIntegerField(_("refunded"), default=0)
    credited_back_fen = models.PositiveBigIntegerField(_("credited back"), default=0)
    owed_fen = models.GeneratedField(
        expression=F("financed_fen") - F("repaid_fen") - F("refunded_fen") + F("credited_back_fen"),
        output_field=models.BigIntegerField(_("principal owed")),
        db_persist=True,
    )
    late_rate_ppm = models.PositiveIntegerField(_("late rate a year, millionths"))
    charges_fen = models.PositiveBigIntegerField(_("late charges"), default=0)
    charges_paid_fen = models.PositiveBigIntegerField(_("late charges paid"), default=0)
    # Σ principal × rate over the overdue days, in fen × millionths: the charge before its one rounding.
    charges_exact = models.PositiveBigIntegerField(_("late charges before rounding"), default=0)
    accrued_through_on = models.DateField(_("late charges known through"), null=True, blank=True)

    reminders_counted = models.PositiveSmallIntegerField(_("counted reminders"), default=0)
    next_step_day = models.PositiveSmallIntegerField(_("overdue day of the next reminder or suspension"))
    frozen_days = models.PositiveSmallIntegerField(_("frozen days since due"), default=0)

    # The invoice that came with a bill just made, for whoever answers with it.
    taken_invoice: Invoice | None = None

    objects = BillQuerySet.as_manager()

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        indexes = [
            models.Index(fields=["hospital", "business_on"]),
            models.Index(fields=["business_on"]),
            models.Index(fields=["payer", "due_on"]),
            models.Index(fields=["account"]),
            models.Index(fields=["due_on"]),
            models.Index(fields=["lender", "business_on"]),
            # `insurance` changes once at most, so no other change of a bill pays for this.
            models.Index(
                fields=["hospital", "business_on"],
                condition=Q(insurance="missing"),
                name="bill_insurance_missing",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="bill_number_once"),
            models.CheckConstraint(
                name="bill_parts_add_up",
                condition=Q(
                    total_fen=F("pooled_fund_fen")
                    + F("personal_account_fen")
                    + F("other_fen")
                    + F("self_paid_fen")
                ),
            ),
            models.CheckConstraint(
                name="bill_self_paid_is_financed_or_paid",
                condition=Q(self_paid_fen=F("financed_fen") + F("paid_on_site_fen")),
            ),
            models.CheckConstraint(name="bill_finances_something", condition=Q(financed_fen__gt=0)),
            models.CheckConstraint(name="bill_owed_not_negative", condition=Q(owed_fen__gte=0)),
            models.CheckConstraint(
                name="bill_refund_within_charge", condition=Q(refunded_fen__lte=F("financed_fen"))
            ),
            models.CheckConstraint(
                name="bill_credited_back_was_repaid",
                condition=Q(credited_back_fen__lte=F("repaid_fen"))
                & Q(credited_back_fen__lte=F("refunded_fen")),
            ),
            models.CheckConstraint(
                name="bill_charges_paid_within_charges", condition=Q(charges_paid_fen__lte=F("charges_fen"))
            ),
            models.CheckConstraint(
                name="bill_closed_owes_nothing",
                condition=Q(state="open") | Q(owed_fen=0, charges_fen=F("charges_paid_fen")),
            ),
            models.CheckConstraint(
                name="bill_due_after_business_date", condition=Q(due_on__gt=F("business_on"))
            ),
            models.CheckConstraint(
                name="bill_reminders_at_most_three", condition=Q(reminders_counted__lte=3)
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="bill_state_moves_legally",
                field="state",
                transitions=[("open", "closed"), ("open", "void")],
                condition=pgtrigger.AnyChange("state"),
            ),
            pgtrigger.Trigger(
                name="bill_posted_into_open_date",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="PERFORM billing_require_open_date(NEW.business_on); RETURN NEW;",
            ),
            pgtrigger.Trigger(
                name="bill_voided_on_open_date",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__state="void") & ~pgtrigger.Q(old__state="void"),
                func="PERFORM billing_require_open_date(NEW.business_on); RETURN NEW;",
            ),
            pgtrigger.ReadOnly(
                name="bill_facts_are_kept",
                fields=[
                    "number", "visit", "hospital", "lender", "product", "policy", "patient", "payer",
                    "account", "scene", "business_on", "posted_at", "total_fen", "pooled_fund_fen",
                    "personal_account_fen", "other_fen", "self_paid_fen", "financed_fen",
                    "paid_on_site_fen", "late_rate_ppm",
                ],
            ),
            pgtrigger.Protect(name="bill_is_kept", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def charges_owed_fen(self) -> int:
        return self.charges_fen - self.charges_paid_fen

    @property
    def to_pay_fen(self) -> int:
        """Principal and late charges still to pay."""
        return self.owed_fen + self.charges_owed_fen

    @property
    def is_frozen(self) -> bool:
        """An open objection stops reminders, default and charges (decisions: stop-clock)."""
        return self.objections.filter(answered_on=None).exists()

    def overdue_days(self, on: date) -> int:
        """Days past due on a date, without the frozen ones; 0 until the due date has passed."""
        return max(0, (on - self.due_on).days - self.frozen_days)

    def is_overdue(self, on: date) -> bool:
        return self.state == self.State.OPEN and on > self.due_on


class InsuranceSettlement(models.Model):
    """The insurance part of a bill whose settlement came after the visit, refunded as the difference."""

    bill = models.OneToOneField(Bill, models.PROTECT, related_name="insurance_settlement")
    pooled_fund_fen = models.PositiveBigIntegerField(_("pooled fund"))
    personal_account_fen = models.PositiveBigIntegerField(_("personal account"))
    other_fen = models.PositiveBigIntegerField(_("other"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("later insurance settlement")
        verbose_name_plural = _("later insurance settlements")

    def __str__(self) -> str:
        return self.bill.number

    @property
    def total_fen(self) -> int:
        """0 where it turned out that insurance pays nothing."""
        return self.pooled_fund_fen + self.personal_account_fen + self.other_fen


class Refund(models.Model):
    """What a hospital gives back of a bill, to the credit account first (Article 17).

    amount = credit + on-site; the credit part lowers what is owed, and what had been repaid of it becomes
    a credit balance.
    """

    class Reason(models.TextChoices):
        NOT_USED = "not_used", _("service not used")
        WRONG_AMOUNT = "wrong_amount", _("wrong amount")
        INSURANCE = "insurance", _("insurance settled later")
        UPHELD = "upheld", _("objection upheld")
        OTHER = "other", _("other")

    number = models.CharField(_("number"), max_length=24, unique=True)
    bill = models.ForeignKey(Bill, models.PROTECT, related_name="refunds")
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="refunds")
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="refunds")
    business_on = models.DateField(_("business date"))
    amount_fen = models.PositiveBigIntegerField(_("amount"))
    credit_fen = models.PositiveBigIntegerField(_("to the credit account"))
    on_site_fen = models.PositiveBigIntegerField(_("given back on the spot"), default=0)
    to_balance_fen = models.PositiveBigIntegerField(_("to the credit balance"), default=0)
    charges_back_fen = models.PositiveBigIntegerField(_("late charges taken back"), default=0)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    note = models.CharField(_("note"), max_length=200, blank=True)
    cashier = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        indexes = [models.Index(fields=["business_on"]), models.Index(fields=["hospital", "business_on"])]
        constraints = [
            models.CheckConstraint(name="refund_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="refund_parts_add_up", condition=Q(amount_fen=F("credit_fen") + F("on_site_fen"))
            ),
            models.CheckConstraint(
                name="refund_balance_within_credit", condition=Q(to_balance_fen__lte=F("credit_fen"))
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="refund_posted_into_open_date",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="PERFORM billing_require_open_date(NEW.business_on); RETURN NEW;",
            ),
            *append_only(),
        ]

    def __str__(self) -> str:
        return self.number


class Objection(models.Model):
    """A payer disputes a bill; until the answer its reminders, default and charges stand still (Article 29).

    Both the day on which it opens and the day on which it is answered are frozen, in the payer's favour.
    """

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="objections")
    statement = models.CharField(_("statement"), max_length=1000)
    opened_on = models.DateField(_("opened on"))
    opened_at = models.DateTimeField(_("opened at"))
    answer_by_on = models.DateField(_("answer by"))
    answered_on = models.DateField(_("answered on"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    upheld = models.BooleanField(_("upheld"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        ordering = ["opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["bill"], condition=Q(answered_on=None), name="objection_one_open_per_bill"
            ),
            models.CheckConstraint(
                name="objection_answered_whole",
                condition=Q(answered_on=None, answered_at=None, upheld=None)
                | (
                    Q(answered_on__gte=F("opened_on"), answered_at__isnull=False, upheld__isnull=False)
                    & ~Q(answer="")
                ),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="objection_answer_is_kept",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__answered_on__isnull=False),
                func="RAISE EXCEPTION 'an answered objection is kept' USING ERRCODE = 'check_violation';",
            )
        ]

    def __str__(self) -> str:
        return f"{self.bill.number}"
