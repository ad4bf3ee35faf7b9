"""The service centre: a case is opened, added to and answered, within five working days (Articles 13, 29)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User
from accounts.operations.notices import notify
from billing.models import Bill
from billing.numbering import next_number
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text
from complaints import notices
from complaints.models import Case, CaseMessage
from credit.calendar import add_working_days
from hospitals.models import Hospital
from lenders.models import Lender

ANSWER_WORKING_DAYS = 5
# What one person may have waiting: more would push everybody else's answers past their day.
MOST_OPEN = 10
MOST_MESSAGES = 20


class CannotOpenCase(Refusal):
    code = "cannot_open_case"
    articles = (13, 29)
    meaning = _("Too many cases of this person wait for an answer, or the bill has its own way to object.")
    remedy = _("Add to a case that is open, or object to the bill on its page.")


class CannotAddToCase(Refusal):
    code = "cannot_add_to_case"
    articles = (13,)
    meaning = _("The case has its answer already, or holds as many additions as it can.")
    remedy = _("Open another case.")


class CannotAnswerCase(Refusal):
    code = "cannot_answer_case"
    articles = (29,)
    meaning = _("The case was answered before.")
    remedy = _("Read the answer that was given: it stands.")


@enforces(8, 13, 29)
@transaction.atomic
def open_case(
    *,
    person: Person,
    kind: str,
    cause: str,
    statement: str,
    bill: Bill | None = None,
    hospital: Hospital | None = None,
    lender: Lender | None = None,
    at: datetime,
) -> Case:
    """Take in a question, a complaint or an objection, and promise its answer by the fifth working day.

    The day after receipt is day 1. A bill brings its hospital and lender with it. The very same, while it
    waits, is returned as it is. Raises BadInput, CannotOpenCase.
    """
    statement = statement.strip()
    _check(kind, cause, statement, bill, person)
    if bill:
        hospital, lender = bill.hospital, bill.lender
    # The person's row is the lock: two presses must not both find nothing, nor ten more find room for one.
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    waiting = Case.objects.of(person).waiting()
    facts = {
        "kind": kind, "cause": cause, "statement": statement,
        "bill": bill, "hospital": hospital, "lender": lender,
    }  # fmt: skip
    known = waiting.filter(**facts).first()
    if known:
        return known
    count = waiting.count()
    if count >= MOST_OPEN:
        raise CannotOpenCase(
            _(
                "%(count)s of your cases wait for an answer. Add what is new to one of them: it is read"
                " together with it."
            ),
            article=13,
            count=count,
        )
    on = business_date(at)
    case = Case.objects.create(
        number=next_number("C", on),
        person=person,
        opened_at=at,
        answer_by_on=add_working_days(on, ANSWER_WORKING_DAYS),
        **facts,
    )
    notify(
        person=person,
        kind=notices.CASE_OPENED,
        params={"number": case.number, "answer_by_on": case.answer_by_on.isoformat()},
        reference=f"case:{case.number}",
        at=at,
    )
    return case


@enforces(13)
@transaction.atomic
def add_to_case(*, case: Case, text: str, at: datetime) -> CaseMessage:
    """The citizen adds to a case that waits. Its answer stays due on the day that was promised.

    The same words twice in a row are one addition. Raises BadInput, CannotAddToCase.
    """
    text = text.strip()
    if not text:
        raise BadInput(_("Write what you want to add."), field="text", article=13)
    check_text(text, CaseMessage.text.field, article=13)
    case = Case.objects.select_for_update().get(pk=case.pk)
    if not case.is_open:
        raise CannotAddToCase(
            _("Case %(number)s has its answer. Open another one, and name this one in it."),
            article=13,
            number=case.number,
        )
    last = case.messages.last()
    if last and last.text == text:
        return last
    if case.messages.count() >= MOST_MESSAGES:
        raise CannotAddToCase(
            _("You have added %(count)s times. Please wait for the answer, due on %(answer_by_on)s."),
            article=13,
            count=MOST_MESSAGES,
            answer_by_on=case.answer_by_on,
        )
    return CaseMessage.objects.create(case=case, text=text, at=at)


@enforces(13, 29)
@transaction.atomic
def answer_case(*, case: Case, answer: str, by: User, at: datetime) -> Case:
    """Answer a case in writing, once. The citizen is told that there is an answer, and reads it on its page.

    Raises BadInput, CannotAnswerCase.
    """
    answer = answer.strip()
    if not answer:
        raise BadInput(_("Write the answer; the citizen reads it."), field="answer", article=29)
    check_text(answer, Case.answer.field, article=29)
    case = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if not case.is_open:
        raise CannotAnswerCase(_("Case %(number)s has its answer."), article=29, number=case.number)
    case.state, case.answer, case.answered_at, case.answered_by = Case.State.ANSWERED, answer, at, by
    case.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    notify(
        person=case.person,
        kind=notices.CASE_ANSWERED,
        params={"number": case.number},
        reference=f"case-answered:{case.number}",
        at=at,
    )
    return case


def _check(kind: str, cause: str, statement: str, bill: Bill | None, person: Person) -> None:
    if kind not in Case.Kind.values:
        raise BadInput(_("Say whether you ask, complain or object."), field="kind", article=13)
    if cause not in Case.CAUSES[Case.Kind(kind)]:
        raise BadInput(_("Choose what it is about."), field="cause", article=13)
    check_text(statement, Case.statement.field, article=13)
    enough = kind == Case.Kind.COMPLAINT and bill is not None and cause != Case.Cause.OTHER
    if not statement and not enough:
        raise BadInput(_("Say it in your own words."), field="statement", article=13)
    if bill and person.pk not in (bill.payer_id, bill.patient_id):
        raise BadInput(_("There is no such bill of yours."), field="bill", article=13)
    if bill and kind == Case.Kind.OBJECTION:
        raise CannotOpenCase(
            _("Object to bill %(bill)s on its own page: its late charges and reminders stop at once."),
            article=29,
            bill=bill.number,
        )
