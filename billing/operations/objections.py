"""Disputing a bill: the clock stops until there is an answer (Article 29)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.operations.notices import notify
from billing import notices
from billing.models import Bill, Objection, Refund
from billing.operations.accruals import accrue_before
from billing.operations.locking import lock_bill
from billing.operations.refunds import refund
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text
from credit.calendar import add_working_days, due_date
from credit.models import Suspension

ANSWER_WORKING_DAYS = 5


class CannotObject(Refusal):
    code = "cannot_object"
    articles = (29,)
    meaning = _("Nothing is owed on the bill, or the objection was answered before.")


@enforces(29)
@transaction.atomic
def object_to(*, bill: Bill, statement: str, at: datetime) -> Objection:
    """Dispute a bill. Its reminders, default and charges stand still until the answer, due in 5 working days.

    An objection still open is returned as it is. Raises BadInput, CannotObject for a bill with nothing owed.
    """
    if not statement.strip():
        raise BadInput(_("Say what is wrong with the bill."), field="statement", article=29)
    check_text(statement, Objection.statement.field, article=29)
    bill, _accounts = lock_bill(bill)
    known = bill.objections.filter(answered_on=None).first()
    if known:
        return known
    if bill.state != Bill.State.OPEN:
        raise CannotObject(
            _("Nothing is owed on bill %(bill)s; ask the hospital for a refund instead."),
            article=29,
            bill=bill.number,
        )
    on = business_date(at)
    accrue_before([bill], on=on, at=at)
    objection = Objection.objects.create(
        bill=bill,
        statement=statement,
        opened_on=on,
        opened_at=at,
        answer_by_on=add_working_days(on, ANSWER_WORKING_DAYS),
    )
    notify(
        person=bill.payer,
        kind=notices.OBJECTION_OPENED,
        params={"bill": bill.number, "answer_by_on": objection.answer_by_on.isoformat()},
        reference=f"objection:{objection.pk}",
        at=at,
    )
    return objection


@enforces(29)
@transaction.atomic
def answer_objection(
    *,
    objection: Objection,
    upheld: bool,
    answer: str,
    refund_fen: int = 0,
    by: User | None = None,
    at: datetime,
) -> Objection:
    """Answer an objection. Upheld, what was wrong is refunded; if not, the count resumes where it stood.

    Frozen days before the due date move it; those after it are left out of the overdue days. `by` is who
    answers, None where it is no user. Raises BadInput, CannotObject, CannotRefund.
    """
    if not answer.strip():
        raise BadInput(_("Write the answer; the payer reads it."), field="answer", article=29)
    check_text(answer, Objection.answer.field, article=29)
    if refund_fen < 0:
        raise BadInput(_("A refund is an amount of more than 0 fen."), field="refund_fen", article=17)
    if refund_fen and not upheld:
        raise BadInput(_("Only an objection that is upheld brings a refund."), field="refund_fen", article=29)
    bill, _accounts = lock_bill(objection.bill)
    objection = Objection.objects.select_for_update(of=("self",)).get(pk=objection.pk)
    if objection.answered_on:
        raise CannotObject(_("This objection has already been answered."), article=29)
    on = business_date(at)
    objection.answered_on, objection.answered_at, objection.answered_by = on, at, by
    objection.upheld, objection.answer = upheld, answer
    objection.save(update_fields=["answered_on", "answered_at", "answered_by", "upheld", "answer"])
    _resume(bill, objection.opened_on, on)
    if refund_fen:
        refund(
            bill=bill,
            amount_fen=refund_fen,
            reason=Refund.Reason.UPHELD,
            at=at,
            lift_because=Suspension.LiftedBecause.UPHELD,
        )
    notify(
        person=bill.payer,
        kind=notices.OBJECTION_UPHELD if upheld else notices.OBJECTION_NOT_UPHELD,
        params={"bill": bill.number, "answer": answer, "due_on": bill.due_on.isoformat()},
        reference=f"objection-answered:{objection.pk}",
        at=at,
    )
    return objection


def _resume(bill: Bill, opened_on: date, answered_on: date) -> None:
    frozen = (answered_on - opened_on).days + 1
    if opened_on <= bill.due_on:
        bill.due_on = due_date(bill.due_on + timedelta(days=frozen))
    else:
        bill.frozen_days += frozen
    bill.save(update_fields=["due_on", "frozen_days"])
