"""What is held about a person's credit."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from accounts.holdings import Part, Row, Said, hold
from accounts.models import Person
from credit.models import (
    AccountEvent,
    CreditAccount,
    CreditScore,
    DueDateOutcome,
    FamilyLink,
    RepairApplication,
    ScoreEvent,
    Suspension,
)

Kind = AccountEvent.Kind
# Of the others the reference is the score operator's.
ABOUT_A_NUMBER = (
    Kind.HOLD,
    Kind.RELEASE,
    Kind.CHARGE,
    Kind.VOID,
    Kind.REFUND,
    Kind.REPAYMENT,
    Kind.SUSPENDED,
    Kind.LIFTED,
)


def _scores(person: Person) -> Iterable[Row]:
    for score in CreditScore.objects.filter(person=person):
        yield {"score": score.value, "scored_on": score.scored_on, "fetched_at": score.recorded_at}


def _account(person: Person) -> Iterable[Row]:
    for account in CreditAccount.objects.filter(person=person):
        yield {
            "state": Said(account.state, account.get_state_display()),
            "limit_fen": account.limit_fen,
            "outstanding_fen": account.outstanding_fen,
            "opened_at": account.opened_at,
            "scored_at": account.scored_at,
        }


def _events(person: Person) -> Iterable[Row]:
    for event in AccountEvent.objects.filter(account__person=person).order_by("seq"):
        yield {
            "at": event.at,
            "what": Said(event.kind, event.get_kind_display()),
            "amount_fen": event.amount_fen,
            "outstanding_after_fen": event.outstanding_after_fen,
            "limit_fen": event.limit_fen,
            "number": event.reference if event.kind in ABOUT_A_NUMBER else "",
        }


def _family(person: Person) -> Iterable[Row]:
    links = FamilyLink.objects.of(person).select_related("payer", "dependant").order_by("offered_at", "pk")
    for link in links:
        pays = link.payer_id == person.pk
        yield {
            "relative": (link.dependant if pays else link.payer).masked_name,
            "role": Said("payer", _("I pay")) if pays else Said("dependant", _("I am paid for")),
            "kind": Said(link.kind, link.get_kind_display()),
            "state": Said(link.state, link.get_state_display()),
            "offered_at": link.offered_at,
            "agreed_at": link.agreed_at,
            "ended_at": link.ended_at,
            "ends_on": link.ends_on,
        }


def _standing(person: Person) -> Iterable[Row]:
    for outcome in DueDateOutcome.objects.filter(payer=person):
        yield {"due_on": outcome.due_on, "met": outcome.met, "missed_in_a_row": outcome.streak}


def _suspensions(person: Person) -> Iterable[Row]:
    for one in Suspension.objects.filter(account__person=person):
        yield {
            "bill": one.bill_number,
            "started_at": one.started_at,
            "lifted_at": one.lifted_at,
            "because": Said(one.lifted_because, one.get_lifted_because_display()),
        }


def _score_events(person: Person) -> Iterable[Row]:
    for event in ScoreEvent.objects.filter(person=person).order_by("at", "pk"):
        yield {
            "told_on": event.on,
            "what": Said(event.kind, event.get_kind_display()),
            "due_dates": ", ".join(event.due_dates),
        }


def _repairs(person: Person) -> Iterable[Row]:
    for one in RepairApplication.objects.filter(score_event__person=person):
        yield {
            "applied_at": one.applied_at,
            "statement": one.statement,
            "state": Said(one.state, one.get_state_display()),
            "decided_at": one.decided_at,
            "reason": one.reason,
        }


hold(
    Part(
        "scores",
        _("Scores"),
        {"score": _("Score"), "scored_on": _("Of"), "fetched_at": _("Fetched")},
        _scores,
    )
)
hold(
    Part(
        "account",
        _("Credit account"),
        {
            "state": _("State"),
            "limit_fen": _("Limit"),
            "outstanding_fen": _("Used"),
            "opened_at": _("Opened"),
            "scored_at": _("Score fetched"),
        },
        _account,
    )
)
hold(
    Part(
        "account_events",
        _("What happened to the account"),
        {
            "at": _("When"),
            "what": _("What"),
            "amount_fen": _("Amount"),
            "outstanding_after_fen": _("Used after it"),
            "limit_fen": _("Limit"),
            "number": _("Number"),
        },
        _events,
    )
)
hold(
    Part(
        "family",
        _("Family"),
        {
            "relative": _("Relative"),
            "role": _("My part"),
            "kind": _("Kind"),
            "state": _("State"),
            "offered_at": _("Offered"),
            "agreed_at": _("Agreed"),
            "ended_at": _("Ended"),
            "ends_on": _("Ends on"),
        },
        _family,
    )
)
hold(
    Part(
        "due_dates",
        _("Due dates met and missed"),
        {"due_on": _("Due date"), "met": _("Met"), "missed_in_a_row": _("Missed in a row")},
        _standing,
    )
)
hold(
    Part(
        "suspensions",
        _("Suspensions"),
        {"bill": _("Bill"), "started_at": _("From"), "lifted_at": _("Until"), "because": _("Lifted because")},
        _suspensions,
    )
)
hold(
    Part(
        "score_events",
        _("What the score's operator was told"),
        {"told_on": _("When"), "what": _("What"), "due_dates": _("Due dates")},
        _score_events,
    )
)
hold(
    Part(
        "repairs",
        _("Credit repair"),
        {
            "applied_at": _("Asked for"),
            "statement": _("What I wrote"),
            "state": _("State"),
            "decided_at": _("Decided"),
            "reason": _("Reason"),
        },
        _repairs,
    )
)
