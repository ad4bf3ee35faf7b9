"""The back office of bills and money: everything to read, objections to answer, loan prime rates to enter."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect

from accounts.admin import AboutPeople, LookedAt, OperatorsOnly, Rows, person
from accounts.models import User
from billing.models import (
    Allocation,
    Bill,
    Collection,
    DunningCase,
    Invoice,
    LedgerAccount,
    Objection,
    Refund,
    Reminder,
    ReminderLine,
    Repayment,
    Settlement,
    SettlementStep,
    Transfer,
    Visit,
)
from billing.operations.objections import answer_objection
from billing.operations.take_backs import enter_rate
from common.admin import NOTHING, OperationForm, choice_of, column, linked, yuan
from common.calendar import business_date
from common.forms import YuanField
from common.money import format_yuan
from credit.admin import time_left
from credit.models import LendingRate

HOSPITAL = column("hospital", _("hospital"), str)
LENDER = column("lender", _("lender"), str)
PAYER = person("payer", _("payer"))
PAYER_OF_BILL = person("bill.payer", _("payer"))
HOSPITAL_OF_BILL = column("bill.hospital", _("hospital"), str)
PATIENT = person("patient", _("patient"))
CASHIER = column("cashier", _("cashier"), str)
ANSWERED_BY = column("answered_by", _("answered by"), str)
BY_HOSPITAL = choice_of("hospital", _("hospital"), admin.RelatedFieldListFilter)
BY_LENDER = choice_of("lender", _("lender"), admin.RelatedFieldListFilter)


class Overdue(admin.SimpleListFilter):
    title = _("overdue")
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Overdue")), ("frozen", _("Under objection"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.overdue(business_date(timezone.now()))
        if self.value() == "frozen":
            return queryset.filter(pk__in=Objection.objects.filter(answered_on=None).values("bill"))
        return queryset


class Refunds(Rows):
    model = Refund
    fields = readonly_fields = (
        linked("", _("number")), *yuan(Refund, "amount_fen", "credit_fen", "on_site_fen", "charges_back_fen"),
        "reason", "business_on",
    )  # fmt: skip


class Invoices(Rows):
    """Without what they are looked up with: that shows what was done."""

    model = Invoice
    fields = readonly_fields = (
        "state", "code", "number", "issued_on", *yuan(Invoice, "amount_fen"), "taken_at", "changed_at"
    )  # fmt: skip


class AllocationsToBill(Rows):
    model = Allocation
    joined = ("repayment",)
    fields = readonly_fields = (
        linked("repayment", _("repayment")), *yuan(Allocation, "principal_fen", "charges_fen"), "business_on"
    )  # fmt: skip


@admin.register(Bill)
class BillAdmin(AboutPeople):
    """Sums and dates of a bill; what was done to the patient is no matter of the operator's."""

    people = ("payer", "patient")
    joined = ("payer", "patient", "hospital", "lender", "product", "policy", "visit", "account", "cashier")
    numbered = "number"
    list_display = (
        "number", HOSPITAL, LENDER, PAYER, "state", *yuan(Bill, "financed_fen", "owed_fen", "charges_fen"),
        "business_on", "due_on", "reminders_counted",
    )  # fmt: skip
    list_filter = ("state", Overdue, "insurance", "scene", BY_HOSPITAL, BY_LENDER)
    date_hierarchy = "business_on"
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": (
            "number", "state", HOSPITAL, "scene", LENDER, PATIENT, PAYER, CASHIER,
            linked("visit", _("visit")), linked("product", _("product")), linked("policy", _("policy")),
            linked("account", _("credit account")), "business_on", "posted_at", "due_on",
        )}),
        (_("What it cost"), {"fields": (
            *yuan(Bill, "total_fen", "pooled_fund_fen", "personal_account_fen", "other_fen", "self_paid_fen"),
            "insurance",
        )}),
        (_("How it is paid"), {"fields": (
            *yuan(
                Bill, "financed_fen", "paid_on_site_fen", "repaid_fen", "refunded_fen", "credited_back_fen",
                "owed_fen", "charges_fen", "charges_paid_fen",
            ),
            column("to_pay_fen", _("still to pay"), format_yuan),
        )}),
        (_("After the due date"), {"fields": (
            "late_rate_ppm", "accrued_through_on", "reminders_counted", "next_step_day", "frozen_days",
        )}),
    )  # fmt: skip
    inlines = [Refunds, Invoices, AllocationsToBill]


@admin.register(Visit)
class VisitAdmin(AboutPeople):
    people = ("patient", "payer")
    joined = ("patient", "payer", "hospital", "product", "account", "cashier")
    numbered = "number"
    list_display = (
        "number", HOSPITAL, "scene", PATIENT, "state", *yuan(Visit, "hold_fen"), "opened_at", "ended_at"
    )  # fmt: skip
    list_filter = ("state", "scene", BY_HOSPITAL)
    date_hierarchy = "opened_on"
    ordering = ("-pk",)
    fields = (
        "number", HOSPITAL, "hospital_visit_no", "scene", PATIENT, PAYER, linked("product", _("product")),
        linked("account", _("credit account")), CASHIER, "state", *yuan(Visit, "hold_fen"),
        "opened_at", "opened_on", "ended_at",
    )  # fmt: skip


@admin.register(Refund)
class RefundAdmin(AboutPeople):
    people = ("bill.payer",)
    joined = ("bill__payer", "hospital", "lender", "cashier")
    numbered = "number"
    list_display = (
        "number", linked("bill", _("bill")), HOSPITAL, LENDER, PAYER_OF_BILL,
        *yuan(Refund, "amount_fen", "credit_fen", "to_balance_fen"), "reason", "business_on",
    )  # fmt: skip
    list_filter = ("reason", BY_HOSPITAL, BY_LENDER)
    date_hierarchy = "business_on"
    ordering = ("-pk",)
    fields = (*list_display, *yuan(Refund, "on_site_fen", "charges_back_fen"), "note", CASHIER, "at")


class AllocationsOfRepayment(Rows):
    model = Allocation
    joined = ("bill",)
    fields = readonly_fields = (
        linked("bill", _("bill")), *yuan(Allocation, "principal_fen", "charges_fen"), "business_on"
    )  # fmt: skip


@admin.register(Repayment)
class RepaymentAdmin(AboutPeople):
    people = ("payer",)
    joined = ("payer", "lender", "collection")
    numbered = "number"
    list_display = (
        "number", PAYER, LENDER, "method", *yuan(Repayment, "amount_fen", "to_balance_fen"),
        "bank_reference", "business_on",
    )  # fmt: skip
    list_filter = ("method", BY_LENDER)
    date_hierarchy = "business_on"
    ordering = ("-pk",)
    fields = (*list_display, linked("collection", _("collection")), "at")
    inlines = [AllocationsOfRepayment]


@admin.register(Collection)
class CollectionAdmin(AboutPeople):
    people = ("payer",)
    joined = ("payer", "lender")
    numbered = "number"
    list_display = (
        "number", PAYER, LENDER, "kind", "state", *yuan(Collection, "amount_fen"), "started_at", "ended_at"
    )  # fmt: skip
    list_filter = ("state", "kind", BY_LENDER)
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    fields = (*list_display, "reason", "reference", "for_bills")

    @admin.display(description=_("bills"))
    def for_bills(self, row: Collection) -> str:
        return ", ".join(row.bills.order_by("pk").values_list("number", flat=True))


class Steps(Rows):
    model = SettlementStep
    fields = readonly_fields = ("state", "bank_reference", "value_on", "reason", "at")


@admin.register(Settlement)
class SettlementAdmin(LookedAt):
    """What one lender pays one hospital for one date, and each step on the way (Articles 2, 17)."""

    joined = ("hospital", "lender", "carried_from")
    list_display = (
        "number", HOSPITAL, LENDER, "business_on", "pay_on", "state", "bills", "refunds",
        *yuan(Settlement, "bills_fen", "refunds_fen", "carried_in_fen", "net_fen"),
    )  # fmt: skip
    list_filter = ("state", BY_HOSPITAL, BY_LENDER)
    date_hierarchy = "business_on"
    ordering = ("-business_on", "-pk")
    search_fields = ("number__iexact",)
    search_help_text = _("By number.")
    fields = (*list_display, linked("carried_from", _("carried from")), "closed_at")
    inlines = [Steps]


def ledger_account(account: LedgerAccount) -> str:
    """What stands there and whose it is; a payer by the credit code alone."""
    parties = (account.lender, account.hospital, account.payer)
    return " · ".join([account.get_kind_display(), *(str(party) for party in parties if party)])


@admin.register(Transfer)
class TransferAdmin(AboutPeople):
    """The ledger 记账: every movement from one account to another, as it was posted."""

    people = ("debit.payer", "credit.payer")
    joined = tuple(
        f"{side}__{party}" for side in ("debit", "credit") for party in ("lender", "hospital", "payer")
    )
    # References begin with the number of what was posted.
    numbered = "reference__startswith"
    list_display = fields = (
        "reference", "kind", *yuan(Transfer, "amount_fen"),
        column("debit", _("debit (receives)"), ledger_account),
        column("credit", _("credit (gives)"), ledger_account),
        "business_on", "at",
    )  # fmt: skip
    list_filter = ("kind",)
    date_hierarchy = "business_on"
    ordering = ("-pk",)


class Reminders(Rows):
    model = Reminder
    fields = readonly_fields = (linked("", _("reminder")), "delivered_on")


@admin.register(DunningCase)
class DunningCaseAdmin(AboutPeople):
    people = joined = ("payer",)
    list_display = fields = (PAYER, "opened_on", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    date_hierarchy = "opened_on"
    ordering = (F("closed_at").desc(nulls_first=True), "opened_on")
    inlines = [Reminders]


class Lines(Rows):
    model = ReminderLine
    joined = ("bill",)
    fields = readonly_fields = (linked("bill", _("bill")), "stage", "counted")


@admin.register(Reminder)
class ReminderAdmin(AboutPeople):
    """Only a delivered one counts, and for each bill that it lists (Article 27)."""

    people = ("payer",)
    joined = ("payer", "case", "notice")
    list_display = (PAYER, "on", "delivered_on")
    list_filter = (("delivered_on", admin.EmptyFieldListFilter),)
    date_hierarchy = "on"
    ordering = ("-on", "-pk")
    fields = (*list_display, linked("case", _("dunning case")), linked("notice", _("notice")))
    inlines = [Lines]


class AnswerObjectionForm(OperationForm):
    asked_as: ClassVar = {"amount_fen": "refund_fen"}

    decision = forms.ChoiceField(
        label=_("decision"),
        choices=[("upheld", _("Uphold the objection")), ("not_upheld", _("Do not uphold it"))],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=_("answer"), max_length=1000, widget=forms.Textarea, help_text=_("The payer reads it.")
    )
    refund_fen = YuanField(
        label=_("refund, yuan"),
        required=False,
        help_text=_("Only where the objection is upheld; empty where nothing is given back."),
    )

    def perform(self, at: datetime) -> Objection:
        return answer_objection(
            objection=self.instance,
            upheld=self.cleaned_data["decision"] == "upheld",
            answer=self.cleaned_data["answer"],
            refund_fen=self.cleaned_data["refund_fen"] or 0,
            by=cast(User, self.request.user),
            at=at,
        )


@admin.register(Objection)
class ObjectionAdmin(AboutPeople):
    """The queue: what waits comes first, and of that what has to be answered first (Article 29)."""

    operations = (None, AnswerObjectionForm)
    people = ("bill.payer",)
    joined = ("bill__payer", "bill__hospital", "bill__lender", "answered_by")
    numbered = "bill__number"
    list_display = (
        column("bill", _("bill"), str), PAYER_OF_BILL, HOSPITAL_OF_BILL,
        column("bill.owed_fen", _("principal owed"), format_yuan),
        "opened_on", "answer_by_on", "time_left", "answered_on", "upheld",
    )  # fmt: skip
    list_filter = (("answered_on", admin.EmptyFieldListFilter), "upheld")
    date_hierarchy = "opened_on"
    ordering = (F("answered_on").desc(nulls_first=True), "answer_by_on")
    told = (
        linked("bill", _("bill")), PAYER_OF_BILL, HOSPITAL_OF_BILL, column("bill.lender", _("lender"), str),
        *(
            column(f"bill.{name}", label, format_yuan)
            for name, label in (
                ("total_fen", _("total")), ("self_paid_fen", _("self-paid")), ("financed_fen", _("financed")),
                ("refunded_fen", _("refunded")), ("to_pay_fen", _("still to pay")),
            )
        ),
        "statement", "opened_at", "answer_by_on", "time_left",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        if self._is_open(request, obj):
            return (*self.told, "decision", "answer", "refund_fen")
        return (*self.told, "answered_at", ANSWERED_BY, "upheld", "answer")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return self.told

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or self._is_open(request, obj))

    @admin.display(description=_("time left"))
    def time_left(self, row: Objection) -> str:
        return NOTHING if row.answered_on else time_left(row.answer_by_on)

    @staticmethod
    def _is_open(request: HttpRequest, obj: Objection) -> bool:
        # A second answer is let through to the operation, whose refusal says what has happened.
        return obj.answered_on is None or request.method == "POST"


class EnterRateForm(OperationForm):
    asked_as: ClassVar = {"one_year_bp": "one_year_percent"}

    one_year_percent = forms.DecimalField(
        label=_("one-year rate, percent"),
        min_value=Decimal("0.01"),
        max_value=Decimal("24"),
        max_digits=4,
        decimal_places=2,
        help_text=_("As it was published, such as 3.45."),
    )

    class Meta:
        model = LendingRate
        fields = ("in_force_from", "one_year_percent")

    def perform(self, at: datetime) -> LendingRate:
        answers = self.cleaned_data
        return enter_rate(
            in_force_from=answers["in_force_from"], one_year_bp=int(answers["one_year_percent"] * 100), at=at
        )


RATE = column("one_year_bp", _("one-year rate"), lambda bp: f"{bp / 100:.2f}%", order="one_year_bp")


@admin.register(LendingRate)
class LendingRateAdmin(OperatorsOnly):
    """Entered once and kept. One learned of late lowers the charges of the days since (Article 23)."""

    operations = (EnterRateForm, None)
    list_display = ("in_force_from", RATE, "entered_at")
    date_hierarchy = "in_force_from"
    ordering = ("-in_force_from",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return self.list_display if obj else EnterRateForm.Meta.fields

    @method_decorator(csrf_protect)
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Outside the one transaction that the admin draws around a form.

        The operation locks bill after bill, each in its own; entered again, it goes on where it stopped.
        """
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
