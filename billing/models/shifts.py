"""A cashier's shift 班次: opened with a float, handed over with its cash counted, received by another."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import User
from billing.models.bills import Bill
from hospitals.models import Hospital


class ShiftQuerySet(models.QuerySet["Shift"]):
    def at_hospital(self, hospital: Hospital) -> ShiftQuerySet:
        return self.filter(hospital=hospital)

    def going_on(self) -> ShiftQuerySet:
        return self.filter(hand_over=None)

    def to_receive(self) -> ShiftQuerySet:
        return self.filter(hand_over__isnull=False, hand_over__receipt=None)


class Shift(models.Model):
    """What one cashier does from `since_at` on, until it is handed over; nothing falls between two shifts.

    `since_at` is when the shift before was handed over, so that what is done before a shift is opened counts
    in it; of the first one it is the beginning of the day.
    """

    number = models.CharField(_("number"), max_length=24, unique=True)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    cashier = models.ForeignKey(User, models.PROTECT, related_name="+")
    since_at = models.DateTimeField(_("since"))
    opened_at = models.DateTimeField(_("opened at"))
    float_fen = models.BigIntegerField(_("cash in the drawer at the beginning"))

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ["opened_at", "pk"]
        indexes = [models.Index(fields=["hospital", "opened_at"])]
        constraints = [
            models.UniqueConstraint(fields=["cashier", "since_at"], name="shift_follows_the_one_before"),
            models.CheckConstraint(name="shift_float_not_negative", condition=Q(float_fen__gte=0)),
            models.CheckConstraint(name="shift_opened_in_time", condition=Q(opened_at__gte=F("since_at"))),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return self.number


class HandOver(models.Model):
    """The end of a shift: its totals, the cash that should be there, the cash that was counted, and for whom.

    expected = float + taken on the spot − given back on the spot, for refunds and for voids.
    """

    TOTALS = (
        "bills", "credit_fen", "on_site_fen", "refunds", "refunded_fen", "given_on_site_fen", "voids",
        "void_fen", "void_on_site_fen",
    )  # fmt: skip

    shift = models.OneToOneField(Shift, models.PROTECT, related_name="hand_over")
    to = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("handed over to"))
    at = models.DateTimeField(_("at"))
    bills = models.IntegerField(_("bills"))
    credit_fen = models.BigIntegerField(_("by credit"))
    on_site_fen = models.BigIntegerField(_("taken on the spot"))
    refunds = models.IntegerField(_("refunds"))
    refunded_fen = models.BigIntegerField(_("refunded to credit"))
    given_on_site_fen = models.BigIntegerField(_("given back on the spot"))
    voids = models.IntegerField(_("voids"))
    void_fen = models.BigIntegerField(_("credit of void bills"))
    void_on_site_fen = models.BigIntegerField(_("given back on the spot for void bills"))
    expected_fen = models.BigIntegerField(_("cash expected"))
    counted_fen = models.BigIntegerField(_("cash counted"))
    difference_fen = models.GeneratedField(
        expression=F("counted_fen") - F("expected_fen"),
        output_field=models.BigIntegerField(_("difference")),
        db_persist=True,
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("hand-over of a shift")
        verbose_name_plural = _("hand-overs of shifts")
        constraints = [
            models.CheckConstraint(name="hand_over_counts_cash", condition=Q(counted_fen__gte=0)),
            models.CheckConstraint(
                name="hand_over_explains_its_difference",
                condition=Q(counted_fen=F("expected_fen")) | ~Q(note=""),
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="hand_over_is_to_another",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM 1 FROM billing_shift AS shift
                      WHERE shift.id = NEW.shift_id AND shift.cashier_id <> NEW.to_id
                        AND NEW.expected_fen = shift.float_fen
                            + NEW.on_site_fen - NEW.given_on_site_fen - NEW.void_on_site_fen;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'a shift is handed over to somebody else, with its cash added up';
                    END IF;
                    RETURN NEW;""",
            ),
        ]

    def __str__(self) -> str:
        return self.shift.number


class Receipt(models.Model):
    """A second person has counted the cash of a shift and answers for it from now on."""

    hand_over = models.OneToOneField(HandOver, models.PROTECT, related_name="receipt")
    received_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("received by"))
    counted_fen = models.BigIntegerField(_("cash counted"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("receipt of a shift")
        verbose_name_plural = _("receipts of shifts")
        constraints = [
            models.CheckConstraint(name="receipt_counts_cash", condition=Q(counted_fen__gte=0)),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="receipt_is_by_another",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM 1 FROM billing_handover AS given JOIN billing_shift AS shift
                        ON shift.id = given.shift_id
                      WHERE given.id = NEW.hand_over_id AND shift.cashier_id <> NEW.received_by_id
                        AND (given.counted_fen = NEW.counted_fen OR NEW.note <> '');
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'a shift is received by somebody else, who explains another count';
                    END IF;
                    RETURN NEW;""",
            ),
        ]

    def __str__(self) -> str:
        return self.hand_over.shift.number


class DeskVoid(models.Model):
    """Who undid a bill at the desk and when: out of whose drawer its cash was given back."""

    bill = models.OneToOneField(Bill, models.PROTECT, related_name="desk_void")
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    cashier = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("void at the desk")
        verbose_name_plural = _("voids at the desk")
        indexes = [models.Index(fields=["cashier", "at"])]
        triggers = append_only()

    def __str__(self) -> str:
        return self.bill.number
