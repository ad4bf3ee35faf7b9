"""The desk of a hospital: charge, refund, visits, shifts, the day's close."""

from datetime import date

from django.urls import path, register_converter

from billing.views import (
    desk,
    desk_close,
    desk_differences,
    desk_import,
    desk_insurance,
    desk_recheck,
    desk_refunds,
    desk_shift,
    desk_visits,
)


class DayConverter:
    """A date as 2026-11-22; anything else is no address."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


class NumberConverter:
    """A number as people quote it, B20261122-0000123-7; anything else is no address."""

    regex = "[A-Z][0-9]{8}-[0-9]{7}-[0-9]"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class CodeConverter(NumberConverter):
    """A person's public credit code."""

    regex = "[0-9A-Z]{12}"


register_converter(DayConverter, "day")
register_converter(NumberConverter, "number")
register_converter(CodeConverter, "code")

urlpatterns = [
    path("desk/", desk.start, name="desk"),
    path("desk/patients/<code:code>/", desk.patient, name="desk_patient"),
    path("desk/patients/<code:code>/charge/", desk.make_charge, name="desk_charge"),
    path("desk/patients/<code:code>/visit/", desk_visits.open_one, name="desk_open_visit"),
    path("desk/recheck/", desk_recheck.ask, name="desk_recheck"),
    path("desk/bills/<number:number>/", desk.bill, name="desk_bill"),
    path("desk/bills/<number:number>/invoice/", desk_insurance.invoice, name="desk_invoice"),
    path("desk/bills/<number:number>/uninsured/", desk_insurance.uninsured, name="desk_uninsured"),
    path("desk/insurance/", desk_insurance.missing, name="desk_insurance"),
    path("desk/insurance/missing.csv", desk_insurance.missing_csv, name="desk_insurance_csv"),
    path("desk/invoices/", desk_insurance.red_due, name="desk_invoices"),
    path("desk/refund/", desk_refunds.start, name="desk_refunds"),
    path("desk/refund/<number:number>/", desk_refunds.refund_bill, name="desk_refund_bill"),
    path("desk/refund/<number:number>/give/", desk_refunds.give_refund, name="desk_give_refund"),
    path("desk/refund/<number:number>/void/", desk_refunds.void, name="desk_void"),
    path("desk/refund/<number:number>/insurance/", desk_refunds.late_insurance, name="desk_late_insurance"),
    path(
        "desk/refund/<number:number>/insurance/settle/",
        desk_refunds.settle_late_insurance,
        name="desk_settle_late_insurance",
    ),
    path("desk/refunds/<number:number>/", desk_refunds.refund, name="desk_refund"),
    path("desk/visits/", desk_visits.visits, name="desk_visits"),
    path("desk/visits/<number:number>/", desk_visits.visit, name="desk_visit"),
    path("desk/visits/<number:number>/items/", desk_visits.add_item, name="desk_add_item"),
    path("desk/visits/<number:number>/settle/", desk_visits.settle, name="desk_settle"),
    path("desk/visits/<number:number>/cancel/", desk_visits.cancel, name="desk_cancel_visit"),
    path("desk/import/", desk_import.imports, name="desk_imports"),
    path("desk/import/tables/<slug:kind>.<slug:suffix>", desk_import.empty_table, name="desk_empty_table"),
    path("desk/import/<number:number>/", desk_import.one, name="desk_import"),
    path("desk/import/<number:number>/failed.csv", desk_import.failed, name="desk_import_failed"),
    path("desk/import/<number:number>/charged.csv", desk_import.charged, name="desk_import_charged"),
    path("desk/import/<number:number>/go-on/", desk_import.go_on, name="desk_import_go_on"),
    path("desk/close/", desk_close.today, name="desk_close_today"),
    path("desk/close/<day:on>/", desk_close.close, name="desk_close"),
    path("desk/differences/", desk_differences.differences, name="desk_differences"),
    path("desk/differences/<number:number>/", desk_differences.difference, name="desk_difference"),
    path("desk/close/<day:on>/totals/", desk_close.totals, name="desk_hospital_totals"),
    path("desk/close/<day:on>/prepare/", desk_close.prepare, name="desk_prepare_day"),
    path("desk/close/<day:on>/sign/", desk_close.sign, name="desk_sign_off_day"),
    path("desk/shift/", desk_shift.shift, name="desk_shift"),
    path("desk/shift/open/", desk_shift.begin, name="desk_open_shift"),
    path("desk/shift/hand-over/", desk_shift.hand_over, name="desk_hand_over"),
    path("desk/shifts/<number:number>/", desk_shift.paper, name="desk_shift_paper"),
    path("desk/shifts/<number:number>/receive/", desk_shift.receive, name="desk_receive_shift"),
]
