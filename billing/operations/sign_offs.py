"""Signing off a hospital's day: its own totals, the comparison, and a second person (Articles 2, 17)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.closing import Totals, standing_of
from billing.models import DayClose, DayPreparation, DaySignOff, HospitalTotal
from billing.parts import MOST_FEN
from billing.takings import day_at_desk
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text
from hospitals.models import Hospital
from lenders.models import Lender

MOST_BILLS = 1_000_000


class CannotSignOff(Refusal):
    code = "cannot_sign_off"
    articles = (2, 17)
    meaning = _("The day is open, not prepared as it stands, signed already, or prepared by the signer.")
    remedy = _("Prepare the day as it stands once it is closed, and let somebody else sign it.")


@enforces(17)
@transaction.atomic
def state_hospital_totals(
    *, hospital: Hospital, on: date, totals: Mapping[Lender, Totals], by: User, at: datetime
) -> None:
    """Take down what the hospital's own system says of a day; what was said before is kept beside it.

    Raises BadInput, CannotSignOff for a day that is signed.
    """
    for lender, stated in totals.items():
        counts = (stated.bills, stated.refunds)
        amounts = (stated.bills_fen, stated.refunds_fen)
        if min(*counts, *amounts) < 0 or max(counts) > MOST_BILLS or max(amounts) > MOST_FEN:
            raise BadInput(_("A total is a number of 0 or more."), field=lender.code, article=17)
    if on > business_date(at):
        raise BadInput(_("%(on)s has not come yet."), field="on", on=on)
    _lock(hospital, on)
    _require_unsigned(hospital, on)
    HospitalTotal.objects.bulk_create(
        HospitalTotal(
            hospital=hospital,
            lender=lender,
            business_on=on,
            bills=stated.bills,
            bills_fen=stated.bills_fen,
            refunds=stated.refunds,
            refunds_fen=stated.refunds_fen,
            entered_by=by,
            at=at,
        )
        for lender, stated in totals.items()
    )


@enforces(2, 17)
@transaction.atomic
def prepare_day(*, hospital: Hospital, on: date, reason: str, by: User, at: datetime) -> DayPreparation:
    """Compare a closed day and put it before somebody else to sign. What differs needs an explanation.

    Raises BadInput, CannotSignOff.
    """
    check_text(reason, DayPreparation.reason.field, article=17)
    _lock(hospital, on)
    _require_unsigned(hospital, on)
    if not DayClose.objects.filter(on=on).exists():
        raise CannotSignOff(
            _("%(on)s is still open: its figures can change. It is signed off after the day close."),
            article=17,
            on=on,
        )
    comparison = standing_of(day_at_desk(hospital=hospital, on=on), today=business_date(at)).comparison
    found = len(comparison.differences)
    if found and not reason.strip():
        raise BadInput(
            _("%(count)s differences are not explained. Write what explains them."),
            field="reason",
            article=17,
            count=found,
        )
    return DayPreparation.objects.create(
        hospital=hospital,
        business_on=on,
        figures=comparison.packed(),
        differences=found,
        reason=reason.strip(),
        prepared_by=by,
        at=at,
    )


@enforces(2, 17)
@transaction.atomic
def sign_off_day(*, hospital: Hospital, on: date, preparation_id: int, by: User, at: datetime) -> DaySignOff:
    """Sign a day as it was prepared by somebody else, while it still stands so. Signed before: as it is.

    `preparation_id` is what the signer has read. Raises CannotSignOff.
    """
    _lock(hospital, on)
    standing = standing_of(day_at_desk(hospital=hospital, on=on), today=business_date(at))
    prepared = standing.preparation
    if standing.sign_off and standing.sign_off.signed_by == by:
        return standing.sign_off
    _require_unsigned(hospital, on)
    if prepared is None:
        raise CannotSignOff(_("The day has not been prepared yet."), article=17)
    if prepared.prepared_by == by:
        raise CannotSignOff(_("You prepared this day yourself: somebody else signs it."), article=17)
    if prepared.pk != preparation_id or not standing.is_current:
        raise CannotSignOff(
            _("The figures have changed since they were prepared. Prepare the day anew, then sign it."),
            article=17,
        )
    return DaySignOff.objects.create(
        hospital=hospital, business_on=on, preparation=prepared, signed_by=by, at=at
    )


def _require_unsigned(hospital: Hospital, on: date) -> None:
    signed = DaySignOff.objects.filter(hospital=hospital, business_on=on).select_related("signed_by").first()
    if signed:
        raise CannotSignOff(
            _("%(on)s was signed off by %(by)s."), article=17, on=on, by=signed.signed_by.username
        )


def _lock(hospital: Hospital, on: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign-off of {hospital.pk} {on}"]
        )
