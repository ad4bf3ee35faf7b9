"""What is held about what a person asked, complained of or objected to."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from accounts.holdings import Part, Row, Said, hold
from accounts.models import Person
from complaints.models import Case


def _cases(person: Person) -> Iterable[Row]:
    own = Case.objects.of(person).select_related("bill", "hospital", "lender").prefetch_related("messages")
    for case in own.order_by("opened_at", "pk"):
        yield {
            "number": case.number,
            "kind": Said(case.kind, case.get_kind_display()),
            "cause": Said(case.cause, case.get_cause_display()),
            "bill": case.bill.number if case.bill else "",
            "hospital": case.hospital.name if case.hospital else "",
            "lender": case.lender.name if case.lender else "",
            "statement": case.statement,
            "opened_at": case.opened_at,
            "answer_by_on": case.answer_by_on,
            "state": Said(case.state, case.get_state_display()),
            "answer": case.answer,
            "answered_at": case.answered_at,
            "messages": [
                {"at": said.at, "text": said.text}
                for said in sorted(case.messages.all(), key=lambda one: one.pk)
            ],
        }


hold(
    Part(
        "cases",
        _("Cases"),
        {
            "number": _("Number"),
            "kind": _("Kind"),
            "cause": _("What it is about"),
            "bill": _("Bill"),
            "hospital": _("Hospital"),
            "lender": _("Lender"),
            "statement": _("What you wrote"),
            "opened_at": _("Opened"),
            "answer_by_on": _("Answer by"),
            "state": _("State"),
            "answer": _("Answer"),
            "answered_at": _("Answered"),
            "messages": _("What you added"),
        },
        _cases,
        inner={"messages": {"at": _("Time"), "text": _("Text")}},
    )
)
