"""All that a citizen has asked, complained of or objected to, in one list, wherever it is kept (28, 29).

An objection to a bill stays a row of billing: it is read here and never copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.core.paginator import Page, Paginator
from django.db.models import Value
from django.utils.translation import gettext as _

from accounts.models import Person
from billing.models import Objection
from billing.timeline import Moment
from common.articles import enforces
from common.calendar import SHANGHAI, business_date
from common.wording import format_date
from complaints.models import Case

A_PAGE = 20
CASE, OBJECTION = "case", "objection"


@dataclass(frozen=True)
class Matter:
    """A case, or an objection to a bill: either was opened, and has its answer or a day for it."""

    row: Case | Objection
    on: date

    @property
    def case(self) -> Case | None:
        return self.row if isinstance(self.row, Case) else None

    @property
    def bill_number(self) -> str:
        return self.row.bill.number if self.row.bill else ""

    @property
    def opened_at(self) -> datetime:
        return self.row.opened_at

    @property
    def answer_by_on(self) -> date:
        return self.row.answer_by_on

    @property
    def answered_at(self) -> datetime | None:
        return self.row.answered_at

    @property
    def days_late(self) -> int:
        """Days since the answer was due, while there is none."""
        return 0 if self.answered_at else max(0, (self.on - self.answer_by_on).days)


@enforces(28, 29)
def matters_of(*, person: Person, page: str | None, on: date) -> tuple[Page, list[Matter]]:
    """One page of a person's matters, the newest first, and the page itself."""
    cases = Case.objects.of(person).order_by().values_list("opened_at", "pk", Value(CASE))
    objections = (
        Objection.objects.filter(bill__payer=person)
        .order_by()
        .values_list("opened_at", "pk", Value(OBJECTION))
    )
    heads = cases.union(objections, all=True).order_by("-opened_at", "-pk")
    shown = Paginator(heads, A_PAGE).get_page(page)
    rows: dict[str, Mapping[int, Case | Objection]] = {
        CASE: Case.objects.select_related("bill", "hospital", "lender").in_bulk(_ids(shown, CASE)),
        OBJECTION: Objection.objects.select_related("bill__hospital").in_bulk(_ids(shown, OBJECTION)),
    }
    return shown, [Matter(rows[kind][pk], on) for _opened_at, pk, kind in shown]


@enforces(29)
def moments_of(case: Case, *, on: date) -> Sequence[Moment]:
    """What happened to a case, in sentences, and what comes next; a late answer is called late."""
    return [*_said(case), *_answered(case), *_awaited(case, on)]


def _said(case: Case) -> Iterator[Moment]:
    titles = {
        Case.Kind.INQUIRY: _("We received your question"),
        Case.Kind.COMPLAINT: _("We received your complaint"),
        Case.Kind.OBJECTION: _("We received your objection"),
    }
    words = [case.statement] if case.statement else []
    yield Moment(case.opened_at, titles[Case.Kind(case.kind)], [case.get_cause_display(), *words])
    for message in case.messages.all():
        yield Moment(message.at, _("You added to it"), [message.text])


def _answered(case: Case) -> Iterator[Moment]:
    if case.answered_at is None:
        return
    late = (business_date(case.answered_at) - case.answer_by_on).days
    texts = [case.answer]
    if late > 0:
        texts.append(
            _("It was due on %(on)s and came late. We are sorry.") % {"on": format_date(case.answer_by_on)}
        )
    yield Moment(case.answered_at, _("The service centre answered"), texts)


def _awaited(case: Case, on: date) -> Iterator[Moment]:
    if not case.is_open:
        return
    figures = {"on": format_date(case.answer_by_on)}
    if case.days_late(on):
        title = _("The answer was due on %(on)s and is late") % figures
        texts = [_("We are sorry. What is late stands at the top of our list; you may also call us.")]
    else:
        title = _("You have a written answer by %(on)s") % figures
        texts = [_("Five working days, counted from the day after we received it. Nothing stops this clock.")]
    yield Moment(
        datetime.combine(case.answer_by_on, time.max, SHANGHAI),
        title,
        texts,
        state="now",
        on=case.answer_by_on,
    )


def _ids(page: Page, wanted: str) -> list[int]:
    return [pk for _opened_at, pk, kind in page if kind == wanted]
