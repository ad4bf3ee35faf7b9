"""The desk of a hospital: charge, refund, visits, shifts, the day's close."""

from datetime import date

from django.urls import path, register_converter

from billing.views import desk, desk_close, desk_recheck, desk_refunds, desk_shift, desk_visits


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
    path("desk/close/", desk_close.today, name="desk_close_today"),
    path("desk/close/<day:on>/", desk_close.close, name="desk_close"),
    path("desk/close/<day:on>/totals/", desk_close.totals, name="desk_hospital_totals"),
    path("desk/close/<day:on>/prepare/", desk_close.prepare, name="desk_prepare_day"),
    path("desk/close/<day:on>/sign/", desk_close.sign, name="desk_sign_off_day"),
    path("desk/shift/", desk_shift.shift, name="desk_shift"),
    path("desk/shift/open/", desk_shift.begin, name="desk_open_shift"),
    path("desk/shift/hand-over/", desk_shift.hand_over, name="desk_hand_over"),
    path("desk/shifts/<number:number>/", desk_shift.paper, name="desk_shift_paper"),
    path("desk/shifts/<number:number>/receive/", desk_shift.receive, name="desk_receive_shift"),
]
