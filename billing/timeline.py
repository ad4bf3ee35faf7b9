"""What happened to a bill, told in sentences, and what comes next (Article 28)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils.translation import gettext as _

from billing.models import Allocation, Bill, ReminderLine, Settlement
from billing.models.invoices import paired
from billing.overview import REMINDERS, Shown
from common.articles import enforces
from common.calendar import SHANGHAI
from common.money import format_yuan
from common.wording import format_date
from credit.calendar import next_working_day
from credit.models import AccountEvent, Suspension


@dataclass(frozen=True)
class Moment:
    """One thing that happened (`done`), is under way (`now`) or will come (`next`).

    `at` orders them; a thing that has only a date shows `on`. `number` has a page of its own under the
    name `page`.
    """

    at: datetime
    title: str
    texts: Sequence[str] = ()
    state: str = "done"
    on: date | None = None
    number: str = ""
    page: str = "repayment"


@enforces(28)
def timeline_of(shown: Shown) -> list[Moment]:
    """The moments of a bill, the oldest first, what is still to come last."""
    bill = shown.bill
    moments = [
        *_charged(bill),
        *_insured(bill),
        *_hospital_paid(shown),
        *_reminded(bill),
        *_suspended(bill),
        *_repaid(bill),
        *_refunded(bill),
        *_invoiced(bill),
        *_objected(bill),
        *_due(shown),
        *_fallen_late(bill, shown),
    ]
    order = {"done": 0, "now": 1, "next": 2}
    return sorted(moments, key=lambda moment: (order[moment.state], moment.at))


def _charged(bill: Bill) -> Iterator[Moment]:
    figures = {
        "hospital": bill.hospital.name,
        "financed": format_yuan(bill.financed_fen),
        "on_site": format_yuan(bill.paid_on_site_fen),
    }
    title = _("%(hospital)s charged %(financed)s to your credit") % figures
    if bill.paid_on_site_fen:
        text = _("The other %(on_site)s was paid on the spot.") % figures
    else:
        text = _("Nothing to pay at the desk.")
    yield Moment(bill.posted_at, title, [text])
    undone = AccountEvent.objects.filter(
        account=bill.account_id, kind=AccountEvent.Kind.VOID, reference=bill.number
    )
    for event in undone if bill.state == Bill.State.VOID else ():
        text = _("It does not count, and nothing is owed.")
        yield Moment(event.at, _("The hospital undid the bill on the same day"), [text])


def _insured(bill: Bill) -> Iterator[Moment]:
    if bill.insurance == Bill.Insurance.MISSING:
        if bill.state != Bill.State.VOID:
            yield Moment(
                bill.posted_at,
                _("Your medical insurance is not settled yet"),
                [_("Settle it with the hospital: the insured part then comes off this bill.")],
                state="now",
                on=bill.business_on,
            )
    elif bill.insurance == Bill.Insurance.LATE:
        settled = bill.insurance_settlement
        if settled.total_fen:
            figures = {"amount": format_yuan(settled.total_fen)}
            text = _("It paid %(amount)s, which was refunded to you.") % figures
            yield Moment(settled.at, _("Your medical insurance was settled"), [text])
        else:
            yield Moment(settled.at, _("The hospital said that insurance pays nothing of it"))


def _hospital_paid(shown: Shown) -> Iterator[Moment]:
    bill = shown.bill
    if bill.state == Bill.State.VOID:
        return
    names = {"lender": bill.lender.name, "hospital": bill.hospital.name}
    settlement = Settlement.objects.filter(
        hospital=bill.hospital_id, lender=bill.lender_id, business_on=bill.business_on
    ).first()
    paid = None
    if settlement and settlement.state in (Settlement.State.PAID, Settlement.State.RECONCILED):
        paid = settlement.steps.filter(state=Settlement.State.PAID).last()
    if paid:
        yield Moment(paid.at, _("%(lender)s paid %(hospital)s for you") % names, on=paid.value_on)
        return
    pay_on = settlement.pay_on if settlement else next_working_day(bill.business_on)
    if settlement and settlement.state == Settlement.State.CARRIED:
        text = _("The hospital owed the lender more than this bill, so it was set against that.")
        yield Moment(settlement.closed_at, _("The hospital has been paid"), [text])
        return
    title = _("%(lender)s pays %(hospital)s") % names
    if pay_on > shown.on:
        text = _("The next bank working day after your visit.")
        yield Moment(_start_of(pay_on), title, [text], state="next", on=pay_on)
    else:
        text = _("It is under way between the two. Nothing changes for you.")
        yield Moment(_start_of(pay_on), title, [text], state="now", on=pay_on)


def _reminded(bill: Bill) -> Iterator[Moment]:
    lines = ReminderLine.objects.filter(bill=bill, stage__isnull=False).select_related("reminder__notice")
    for line in lines:
        figures = {"stage": line.stage, "of": REMINDERS}
        if line.counted:
            title = _("Reminder %(stage)s of %(of)s reached you") % figures
            texts = []
        elif line.reminder.delivered_on:
            title = _("A reminder reached you")
            texts = [_("It does not count: the bill was paid or objected to by then.")]
        else:
            title = _("A reminder was sent and has not been delivered")
            texts = [_("A reminder that does not reach you is not counted.")]
        yield Moment(
            line.reminder.notice.created_at, title, texts, on=line.reminder.delivered_on or line.reminder.on
        )


def _suspended(bill: Bill) -> Iterator[Moment]:
    for suspension in Suspension.objects.filter(account__person=bill.payer_id, bill_number=bill.number):
        yield Moment(suspension.started_at, _("Your credit was suspended because of this bill"))
        if suspension.lifted_at:
            reason = suspension.get_lifted_because_display()
            yield Moment(suspension.lifted_at, _("The suspension ended"), [reason])


def _repaid(bill: Bill) -> Iterator[Moment]:
    for part in Allocation.objects.filter(bill=bill).select_related("repayment"):
        figures = {
            "total": format_yuan(part.principal_fen + part.charges_fen),
            "charges": format_yuan(part.charges_fen),
            "number": part.repayment.number,
            "how": part.repayment.get_method_display(),
        }
        texts = [_("Number %(number)s, %(how)s.") % figures]
        if part.charges_fen:
            texts.append(_("Of it, %(charges)s was for late charges.") % figures)
        yield Moment(part.repayment.at, _("%(total)s was repaid") % figures, texts)
    if bill.state == Bill.State.OPEN:
        for collection in bill.collections.filter(state="pending"):
            yield Moment(
                collection.started_at,
                _("A payment of %(amount)s is on its way") % {"amount": format_yuan(collection.amount_fen)},
                state="now",
                number=collection.number,
            )


def _refunded(bill: Bill) -> Iterator[Moment]:
    for refund in bill.refunds.all():
        figures = {
            "hospital": bill.hospital.name,
            "amount": format_yuan(refund.amount_fen),
            "balance": format_yuan(refund.to_balance_fen),
            "charges": format_yuan(refund.charges_back_fen),
            "on_site": format_yuan(refund.on_site_fen),
            "reason": refund.get_reason_display(),
        }
        texts = [_("Reason: %(reason)s.") % figures]
        if refund.charges_back_fen:
            texts.append(_("Late charges of %(charges)s were taken back with it.") % figures)
        if refund.to_balance_fen:
            texts.append(_("%(balance)s had been repaid and went to your credit balance.") % figures)
        if refund.on_site_fen:
            texts.append(_("%(on_site)s was given back at the desk.") % figures)
        title = _("%(hospital)s refunded %(amount)s") % figures
        yield Moment(refund.at, title, texts, number=refund.number, page="refund")


def _invoiced(bill: Bill) -> Iterator[Moment]:
    for invoice in paired(bill.invoices.all()):
        number = {"number": invoice.number, "amount": format_yuan(invoice.amount_fen)}
        if invoice.reverses:
            text = _("It takes back invoice %(first)s.") % {"first": invoice.reverses.number}
            yield Moment(invoice.taken_at, _("Red invoice %(number)s was issued") % number, [text])
        else:
            yield Moment(
                invoice.taken_at, _("Electronic invoice %(number)s of %(amount)s was issued") % number
            )


def _objected(bill: Bill) -> Iterator[Moment]:
    for objection in bill.objections.all():
        yield Moment(objection.opened_at, _("You objected to this bill"), [objection.statement])
        if objection.answered_at:
            title = _("Your objection was upheld") if objection.upheld else _("Your objection was not upheld")
            yield Moment(objection.answered_at, title, [objection.answer])
        else:
            answer_by = {"on": format_date(objection.answer_by_on)}
            yield Moment(
                _start_of(objection.answer_by_on),
                _("You have a written answer by %(on)s") % answer_by,
                [_("Until then the bill bears no late charges, and no reminders are sent.")],
                state="now",
                on=objection.answer_by_on,
            )


def _due(shown: Shown) -> Iterator[Moment]:
    bill = shown.bill
    if bill.state == Bill.State.CLOSED:
        return
    if bill.state == Bill.State.OPEN and not shown.is_late:
        figures = {"amount": format_yuan(bill.to_pay_fen)}
        yield Moment(
            _start_of(bill.due_on),
            _("%(amount)s is due") % figures,
            [_("Paid by the end of this day, it costs nothing extra.")],
            state="next",
            on=bill.due_on,
        )


def _fallen_late(bill: Bill, shown: Shown) -> Iterator[Moment]:
    if bill.accrued_through_on and bill.charges_fen:
        yield Moment(
            datetime.combine(bill.due_on, time.max, SHANGHAI),
            _("The due date passed"),
            [_("Late charges run from the day after.")],
            on=bill.due_on,
        )
    if shown.is_late and not shown.is_frozen:
        figures = {"amount": format_yuan(bill.to_pay_fen)}
        yield Moment(
            _start_of(shown.on),
            _("%(amount)s is overdue") % figures,
            [_("Every further day adds to the late charges.")],
            state="now",
            on=shown.on,
        )


def _start_of(on: date) -> datetime:
    return datetime.combine(on, time.min, SHANGHAI)
