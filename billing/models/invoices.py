"""Medical electronic invoices 医疗电子票据, how they stand, and a hospital's insurance reminders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from billing.e_invoices import CHECK_CODE, CODE, LONGEST_ADDRESS, NUMBER, host_of
from billing.models.bills import Bill, Refund
from hospitals.models import Hospital

_KEEP_HISTORY = """
    INSERT INTO billing_invoicechange (invoice_id, state, refund_id, at)
    VALUES (NEW.id, NEW.state, NEW.undone_by_id, NEW.changed_at);
    RETURN NULL;"""

# What a bill cost in the end: an insurer who pays later takes nothing off it.
_OF_THE_BILL = """
    IF NEW.state <> 'issued' OR NOT EXISTS (
        SELECT FROM billing_bill bill
         WHERE bill.id = NEW.bill_id AND bill.state <> 'void'
           AND NEW.amount_fen = bill.total_fen - coalesce((
               SELECT sum(amount_fen) FROM billing_refund
                WHERE bill_id = bill.id AND reason <> 'insurance'), 0))
    THEN
        RAISE EXCEPTION 'an invoice is of what its bill comes to' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;"""

_RED_OF_THE_SAME = """
    IF NOT EXISTS (
        SELECT FROM billing_invoice first
         WHERE first.id = NEW.reverses_id AND first.state = 'red_due'
           AND first.bill_id = NEW.bill_id AND first.amount_fen = NEW.amount_fen)
    THEN
        RAISE EXCEPTION 'a red invoice takes back one that is due to be' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;"""

_RED_IS_THERE = """
    IF NOT EXISTS (SELECT FROM billing_invoice WHERE reverses_id = NEW.id) THEN
        RAISE EXCEPTION 'an invoice is reversed by a red one' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;"""


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def at_hospital(self, hospital: Hospital) -> InvoiceQuerySet:
        return self.filter(bill__hospital=hospital)

    def red_due(self) -> InvoiceQuerySet:
        """Refunded or undone, and the red invoice is not known yet."""
        return self.filter(state=Invoice.State.RED_DUE)

    def unreversed(self) -> InvoiceQuerySet:
        """Those that count, or have to be taken back: at most one a bill."""
        return self.filter(state__in=(Invoice.State.ISSUED, Invoice.State.RED_DUE))


class Invoice(models.Model):
    """A medical electronic invoice of one bill, or the red one that takes it back 冲红 (Article 17).

    `issued` is of the whole that its bill came to. A refund, a void or an insurance part settled later makes
    it `red_due`: the hospital owes the red invoice. Once that one's number is known it is `reversed`, and
    another may be given for what is left. The red invoice is a row of its own, `red` from first to last,
    which names the one that it takes back; so one number stands once in the city, whatever its colour.

    Every state that a row has had is kept in `InvoiceChange`, which the database writes itself.
    """

    class State(models.TextChoices):
        ISSUED = "issued", _("valid")
        RED_DUE = "red_due", _("red invoice due")
        REVERSED = "reversed", _("reversed")
        RED = "red", _("red invoice")

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="invoices")
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ISSUED)
    code = models.CharField(_("invoice code"), max_length=12)
    number = models.CharField(_("invoice number"), max_length=20)
    check_code = models.CharField(_("check code"), max_length=20, blank=True)
    address = models.CharField(_("address"), max_length=LONGEST_ADDRESS, blank=True)
    issued_on = models.DateField(_("issued on"))
    amount_fen = models.PositiveBigIntegerField(_("amount"))
    reverses = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
        verbose_name=_("takes back"),
    )
    undone_by = models.ForeignKey(
        Refund, models.PROTECT, null=True, blank=True, related_name="invoices", verbose_name=_("undone by")
    )
    taken_at = models.DateTimeField(_("taken at"))
    changed_at = models.DateTimeField(_("changed at"))

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("electronic invoice")
        verbose_name_plural = _("electronic invoices")
        ordering: ClassVar[list[str]] = ["pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["bill"], condition=Q(state="red_due"), name="invoice_red_due")
        ]
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="invoice_number_once"),
            models.UniqueConstraint(
                fields=["bill"], condition=Q(state__in=("issued", "red_due")), name="invoice_one_at_a_time"
            ),
            models.CheckConstraint(name="invoice_amount_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(name="invoice_code_is_one", condition=Q(code__regex=CODE)),
            models.CheckConstraint(name="invoice_number_is_one", condition=Q(number__regex=NUMBER)),
            models.CheckConstraint(
                name="invoice_can_be_looked_up",
                condition=Q(state="red", check_code="", address="")
                | (~Q(state="red") & Q(check_code__regex=CHECK_CODE) & Q(address__startswith="https://")),
            ),
            models.CheckConstraint(
                name="invoice_red_takes_one_back",
                condition=Q(state="red", reverses__isnull=False)
                | (~Q(state="red") & Q(reverses__isnull=True)),
            ),
            models.CheckConstraint(
                name="invoice_changes_forward", condition=Q(changed_at__gte=F("taken_at"))
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="invoice_moves_legally",
                field="state",
                transitions=[("issued", "red_due"), ("red_due", "reversed")],
            ),
            pgtrigger.Trigger(
                name="invoice_is_of_its_bill",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__state="red"),
                func=_OF_THE_BILL,
            ),
            pgtrigger.Trigger(
                name="invoice_red_is_of_the_same",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__state="red"),
                func=_RED_OF_THE_SAME,
            ),
            pgtrigger.Trigger(
                name="invoice_reversed_by_a_red_one",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__state="reversed"),
                func=_RED_IS_THERE,
            ),
            pgtrigger.Trigger(
                name="invoice_history_is_written",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
                func=_KEEP_HISTORY,
            ),
            pgtrigger.ReadOnly(
                name="invoice_facts_are_kept",
                fields=[
                    "bill", "code", "number", "check_code", "address", "issued_on", "amount_fen", "reverses",
                    "taken_at",
                ],
            ),
            pgtrigger.Protect(name="invoice_is_kept", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.code} {self.number}"

    @property
    def host(self) -> str:
        """Where its address leads, to be read before it is followed."""
        return host_of(self.address)


def paired(invoices: Iterable[Invoice]) -> list[Invoice]:
    """The invoices of one bill, each red one and the one that it takes back known to each other unasked."""
    found = {invoice.pk: invoice for invoice in invoices}
    for invoice in found.values():
        if invoice.reverses_id:
            invoice.reverses = found[invoice.reverses_id]
    return list(found.values())


class InvoiceChange(models.Model):
    """One state that an invoice has had, from the moment `at`. The database writes it."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="changes")
    state = models.CharField(_("state"), max_length=8, choices=Invoice.State)
    refund = models.ForeignKey(
        Refund,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("refund"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("change of an electronic invoice")
        verbose_name_plural = _("changes of electronic invoices")
        ordering: ClassVar[list[str]] = ["pk"]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.state}"


class InsuranceReminder(models.Model):
    """A hospital was reminded on a date of bills whose insurance part is missing: once a day, of all."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="insurance_reminders", db_index=False)
    on = models.DateField(_("date"))
    bills = models.PositiveIntegerField(_("bills"))
    oldest_on = models.DateField(_("oldest business date"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("insurance reminder")
        verbose_name_plural = _("insurance reminders")
        ordering: ClassVar[list[str]] = ["on"]
        constraints = [
            models.UniqueConstraint(fields=["hospital", "on"], name="insurance_reminder_once_a_day"),
            models.CheckConstraint(
                name="insurance_reminder_is_of_something",
                condition=Q(bills__gt=0) & Q(oldest_on__lt=F("on")),
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.hospital_id} {self.on}"
