"""What is held about a person's care and what it cost, as patient and as payer.

What a relative was treated for is the relative's: of their bills a payer has the amounts and the dates.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from accounts.holdings import Labels, Part, Row, Said, hold
from accounts.models import Person
from billing.models import (
    Bill,
    Collection,
    DirectDebit,
    Objection,
    Refund,
    Reminder,
    Repayment,
    Visit,
    Withdrawal,
)
from billing.overview import balances_of

ITEM: Labels = {"name": _("Name"), "category": _("Kind"), "amount_fen": _("Amount")}


def _visits(person: Person) -> Iterable[Row]:
    own = Visit.objects.filter(patient=person).select_related("hospital").prefetch_related("items")
    for visit in own.order_by("opened_at", "pk"):
        yield {
            "number": visit.number,
            "hospital": visit.hospital.name,
            "service": Said(visit.scene, visit.get_scene_display()),
            "hospital_visit_no": visit.hospital_visit_no,
            "state": Said(visit.state, visit.get_state_display()),
            "hold_fen": visit.hold_fen,
            "opened_at": visit.opened_at,
            "ended_at": visit.ended_at,
            "items": [
                {"name": item.name, "category": item.category, "amount_fen": item.amount_fen}
                for item in sorted(visit.items.all(), key=lambda one: one.pk)
            ],
        }


def _bills(person: Person) -> Iterable[Row]:
    seen = Bill.objects.seen_by(person).select_related("hospital", "lender", "patient", "payer", "visit")
    for bill in seen.prefetch_related("late_charges", "invoices").order_by("posted_at", "pk"):
        owes, was_treated = bill.payer_id == person.pk, bill.patient_id == person.pk
        yield {
            "number": bill.number,
            "visit": bill.visit.number if bill.patient_id == person.pk else "",
            "hospital": bill.hospital.name,
            "service": Said(bill.scene, bill.get_scene_display()),
            "patient": "" if bill.patient_id == person.pk else bill.patient.masked_name,
            "payer": "" if owes else bill.payer.masked_name,
            "lender": bill.lender.name,
            "state": Said(bill.state, bill.get_state_display()),
            "business_on": bill.business_on,
            "due_on": bill.due_on,
            "total_fen": bill.total_fen,
            "pooled_fund_fen": bill.pooled_fund_fen,
            "personal_account_fen": bill.personal_account_fen,
            "other_fen": bill.other_fen,
            "self_paid_fen": bill.self_paid_fen,
            "financed_fen": bill.financed_fen,
            "paid_on_site_fen": bill.paid_on_site_fen,
            "repaid_fen": bill.repaid_fen,
            "refunded_fen": bill.refunded_fen,
            "late_charges_fen": bill.charges_fen,
            "late_days": [
                {
                    "on": day.on,
                    "principal_fen": day.principal_fen,
                    "rate_percent": f"{day.rate_ppm / 10_000:g}",
                    "charge_so_far_fen": day.cumulative_fen,
                }
                for day in bill.late_charges.all()
            ]
            if owes
            else [],
            "invoices": [
                {
                    "code": invoice.code,
                    "number": invoice.number,
                    "state": Said(invoice.state, invoice.get_state_display()),
                    "issued_on": invoice.issued_on,
                    "amount_fen": invoice.amount_fen,
                    # What it is looked up with shows what was done, which is the patient's alone.
                    "check_code": invoice.check_code if was_treated else "",
                    "address": invoice.address if was_treated else "",
                }
                for invoice in bill.invoices.all()
            ],
        }


def _refunds(person: Person) -> Iterable[Row]:
    back = Refund.objects.filter(bill__in=Bill.objects.seen_by(person)).select_related("bill", "hospital")
    for refund in back.order_by("at", "pk"):
        yield {
            "number": refund.number,
            "bill": refund.bill.number,
            "hospital": refund.hospital.name,
            "amount_fen": refund.amount_fen,
            "to_balance_fen": refund.to_balance_fen,
            "late_charges_back_fen": refund.charges_back_fen,
            "reason": Said(refund.reason, refund.get_reason_display()),
            "at": refund.at,
        }


def _repayments(person: Person) -> Iterable[Row]:
    own = Repayment.objects.filter(payer=person).select_related("lender")
    for one in own.prefetch_related("allocations__bill").order_by("at", "pk"):
        yield {
            "number": one.number,
            "lender": one.lender.name,
            "method": Said(one.method, one.get_method_display()),
            "amount_fen": one.amount_fen,
            "to_balance_fen": one.to_balance_fen,
            "at": one.at,
            "went_to": [
                {
                    "bill": share.bill.number,
                    "principal_fen": share.principal_fen,
                    "late_charges_fen": share.charges_fen,
                }
                for share in one.allocations.all()
            ],
        }


def _collections(person: Person) -> Iterable[Row]:
    for one in Collection.objects.filter(payer=person).select_related("lender").order_by("started_at", "pk"):
        yield {
            "number": one.number,
            "lender": one.lender.name,
            "kind": Said(one.kind, one.get_kind_display()),
            "state": Said(one.state, one.get_state_display()),
            "amount_fen": one.amount_fen,
            "started_at": one.started_at,
            "ended_at": one.ended_at,
            "reason": one.reason,
        }


def _debits(person: Person) -> Iterable[Row]:
    for one in DirectDebit.objects.filter(payer=person).select_related("lender").order_by("started_at", "pk"):
        yield {"lender": one.lender.name, "started_at": one.started_at, "ended_at": one.ended_at}


def _balances(person: Person) -> Iterable[Row]:
    for balance in balances_of(person):
        yield {"lender": balance.lender.name, "amount_fen": balance.fen}


def _withdrawals(person: Person) -> Iterable[Row]:
    for one in Withdrawal.objects.filter(payer=person).select_related("lender").order_by("at", "pk"):
        yield {"number": one.number, "lender": one.lender.name, "amount_fen": one.amount_fen, "at": one.at}


def _reminders(person: Person) -> Iterable[Row]:
    for one in Reminder.objects.filter(payer=person).prefetch_related("lines__bill"):
        yield {
            "sent_on": one.on,
            "delivered_on": one.delivered_on,
            "bills": [
                {"bill": line.bill.number, "stage": line.stage, "counted": line.counted}
                for line in one.lines.all()
            ],
        }


def _objections(person: Person) -> Iterable[Row]:
    for one in Objection.objects.filter(bill__payer=person).select_related("bill"):
        yield {
            "bill": one.bill.number,
            "statement": one.statement,
            "opened_at": one.opened_at,
            "answered_at": one.answered_at,
            "upheld": one.upheld,
            "answer": one.answer,
        }


hold(
    Part(
        "visits",
        _("Visits"),
        {
            "number": _("Number"),
            "hospital": _("Hospital"),
            "service": _("Service"),
            "hospital_visit_no": _("The hospital's own number"),
            "state": _("State"),
            "hold_fen": _("Held"),
            "opened_at": _("From"),
            "ended_at": _("Until"),
            "items": _("Items"),
        },
        _visits,
        {"items": ITEM},
    )
)
hold(
    Part(
        "bills",
        _("Bills"),
        {
            "number": _("Number"),
            "visit": _("Visit"),
            "hospital": _("Hospital"),
            "service": _("Service"),
            "patient": _("For"),
            "payer": _("Paid by"),
            "lender": _("Lender"),
            "state": _("State"),
            "business_on": _("Date"),
            "due_on": _("Due date"),
            "total_fen": _("Total"),
            "pooled_fund_fen": _("Pooled fund"),
            "personal_account_fen": _("Personal account"),
            "other_fen": _("Other insurance"),
            "self_paid_fen": _("Self-paid"),
            "financed_fen": _("By credit"),
            "paid_on_site_fen": _("Paid on the spot"),
            "repaid_fen": _("Repaid"),
            "refunded_fen": _("Refunded"),
            "late_charges_fen": _("Late charges"),
            "late_days": _("Late charges day by day"),
            "invoices": _("Electronic invoices"),
        },
        _bills,
        {
            "invoices": {
                "code": _("Invoice code"),
                "number": _("Invoice number"),
                "state": _("State"),
                "issued_on": _("Date of issue"),
                "amount_fen": _("Amount"),
                "check_code": _("Check code"),
                "address": _("Address to look it up"),
            },
            "late_days": {
                "on": _("Date"),
                "principal_fen": _("Principal"),
                "rate_percent": _("Yearly rate, percent"),
                "charge_so_far_fen": _("Charge so far"),
            },
        },
    )
)
hold(
    Part(
        "refunds",
        _("Refunds"),
        {
            "number": _("Number"),
            "bill": _("Bill"),
            "hospital": _("Hospital"),
            "amount_fen": _("Amount"),
            "to_balance_fen": _("To the credit balance"),
            "late_charges_back_fen": _("Late charges taken back"),
            "reason": _("Reason"),
            "at": _("When"),
        },
        _refunds,
    )
)
hold(
    Part(
        "repayments",
        _("Repayments"),
        {
            "number": _("Number"),
            "lender": _("Lender"),
            "method": _("How"),
            "amount_fen": _("Amount"),
            "to_balance_fen": _("To the credit balance"),
            "at": _("When"),
            "went_to": _("Went to"),
        },
        _repayments,
        {
            "went_to": {
                "bill": _("Bill"),
                "principal_fen": _("Principal"),
                "late_charges_fen": _("Late charges"),
            }
        },
    )
)
hold(
    Part(
        "payments_started",
        _("Payments that were started"),
        {
            "number": _("Number"),
            "lender": _("Lender"),
            "kind": _("Kind"),
            "state": _("State"),
            "amount_fen": _("Amount"),
            "started_at": _("From"),
            "ended_at": _("Until"),
            "reason": _("Reason"),
        },
        _collections,
    )
)
hold(
    Part(
        "direct_debits",
        _("Direct debits"),
        {"lender": _("Lender"), "started_at": _("From"), "ended_at": _("Until")},
        _debits,
    )
)
hold(
    Part(
        "credit_balances",
        _("Credit balances"),
        {"lender": _("Lender"), "amount_fen": _("Amount")},
        _balances,
    )
)
hold(
    Part(
        "withdrawals",
        _("Balances paid back to me"),
        {"number": _("Number"), "lender": _("Lender"), "amount_fen": _("Amount"), "at": _("When")},
        _withdrawals,
    )
)
hold(
    Part(
        "reminders",
        _("Reminders"),
        {"sent_on": _("Sent"), "delivered_on": _("Delivered"), "bills": _("Bills")},
        _reminders,
        {"bills": {"bill": _("Bill"), "stage": _("Stage"), "counted": _("Counted")}},
    )
)
hold(
    Part(
        "objections",
        _("Objections"),
        {
            "bill": _("Bill"),
            "statement": _("What I wrote"),
            "opened_at": _("From"),
            "answered_at": _("Answered"),
            "upheld": _("Upheld"),
            "answer": _("Answer"),
        },
        _objections,
    )
)
