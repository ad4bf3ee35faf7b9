"""A citizen's pages about their bills."""

from __future__ import annotations

from datetime import date

from django.urls import include, path, register_converter

from billing.views import (
    portal,
    portal_bills,
    portal_close,
    portal_code,
    portal_direct_debit,
    portal_refunds,
    portal_repay,
    portal_standing,
    portal_statements,
)


class MonthConverter:
    """A month as 202611, its first day in the code; anything else is no address."""

    regex = "[0-9]{6}"

    def to_python(self, value: str) -> date:
        return date(int(value[:4]), int(value[4:]), 1)

    def to_url(self, value: date) -> str:
        return f"{value:%Y%m}"


register_converter(MonthConverter, "month")

urlpatterns = [
    path("me/", portal.home, name="me"),
    path("me/code/", portal_code.code, name="patient_code"),
    path("me/reminders/", portal.reminders, name="reminders"),
    path("me/suspension/", portal_standing.suspension, name="suspension"),
    path("me/repair/", portal_standing.repair, name="repair"),
    path("me/repair/apply/", portal_standing.apply, name="apply_for_repair"),
    path("me/balance/", portal.balance, name="balance"),
    path("me/balance/<str:number>/", portal.withdrawal, name="withdrawal"),
    path("me/family/", include("billing.family_urls")),
    path("me/bills/", portal_bills.bills, name="bills"),
    path("me/bills/due.ics", portal_bills.all_due, name="all_due"),
    path("me/bills/<str:number>/", portal_bills.bill, name="bill"),
    path("me/bills/<str:number>/charges/", portal_bills.charges, name="bill_charges"),
    path("me/bills/<str:number>/due.ics", portal_bills.due, name="bill_due"),
    path("me/bills/<str:number>/object/", portal_bills.object_to_bill, name="object_to_bill"),
    path("me/bills/<str:number>/objection/", portal_bills.objection, name="objection"),
    path("me/refunds/", portal_refunds.refunds, name="refunds"),
    path("me/refunds/<str:number>/", portal_refunds.refund, name="refund"),
    path("me/statements/", portal_statements.statements, name="statements"),
    path("me/statements/<month:month>/", portal_statements.statement, name="statement"),
    path("me/statements/<month:month>/statement.pdf", portal_statements.statement_pdf, name="statement_pdf"),
    path("me/direct-debit/", portal_direct_debit.direct_debits, name="direct_debits"),
    path("me/direct-debit/<str:code>/", portal_direct_debit.direct_debit, name="direct_debit"),
    path("me/direct-debit/<str:code>/<str:turn>/", portal_direct_debit.change, name="change_direct_debit"),
    path("me/repay/", portal_repay.repay, name="repay"),
    path("me/repay/check/", portal_repay.check, name="check_repayment"),
    path("me/repay/<str:number>/", portal_repay.repayment, name="repayment"),
    path("me/close/", portal_close.close, name="close_account"),
    path("me/close/check/", portal_close.check, name="check_close"),
]
