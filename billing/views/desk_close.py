"""The day's totals of a desk and of its hospital from three sides, and who signs them (Articles 2, 17)."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.closing import hospital_side, standing_of
from billing.forms.desk import StaleTicket, read_ticket, write_ticket
from billing.forms.desk_day import HospitalTotalsForm, PrepareForm
from billing.operations.sign_offs import prepare_day, sign_off_day, state_hospital_totals
from billing.takings import day_at_desk
from billing.views.desk_access import at_desk, leads, typed
from common.calendar import business_date
from common.errors import Refusal
from hospitals.models import HospitalStaff
from lenders.models import Lender

FIRST_ON = date(2020, 1, 1)
SIGN = "sign"


@at_desk
@require_safe
def today(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    return redirect("desk_close", on=business_date(timezone.now()))


@at_desk
@require_safe
def close(request: HttpRequest, post: HospitalStaff, on: date) -> HttpResponse:
    """A cashier reads their own takings; the head cashier and the administrator the whole hospital's."""
    _require_day(on)
    return _show(request, post, on)


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def totals(request: HttpRequest, post: HospitalStaff, on: date) -> HttpResponse:
    """What the hospital's own system says of the day, typed in by those who lead."""
    _require_lead(post, on)
    day = day_at_desk(hospital=post.hospital, on=on)
    stated = hospital_side(hospital=post.hospital, on=on)
    met = {*stated, *(lender for lender, _tally in day.by_lender)}
    others = [lender for lender in Lender.objects.all() if lender not in met and lender.is_active(on)]
    form = HospitalTotalsForm(
        typed(request), lenders=[*sorted(met, key=lambda one: one.code), *others], stated=stated
    )
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            state_hospital_totals(
                hospital=post.hospital, on=on, totals=form.totals(), by=post.user, at=timezone.now()
            )
        except Refusal as error:
            refusal = error
        else:
            messages.success(request, _("The hospital’s totals are taken down."))
            return redirect("desk_close", on=on)
    if form.rows:
        form.rows[0][1][0].field.widget.attrs["data-focus"] = True
    return render(
        request,
        "billing/desk/totals.html",
        {"post": post, "on": on, "form": form, "met": len(met), "refusal": refusal},
        status=422 if form.errors else refusal.status if refusal else 200,
    )


@at_desk
@require_POST
def prepare(request: HttpRequest, post: HospitalStaff, on: date) -> HttpResponse:
    """Put the day before somebody else to sign."""
    _require_lead(post, on)
    form = PrepareForm(request.POST)
    if not form.is_valid():
        return _show(request, post, on, form=form)
    try:
        prepare_day(
            hospital=post.hospital,
            on=on,
            reason=form.cleaned_data["reason"],
            by=post.user,
            at=timezone.now(),
        )
    except Refusal as refusal:
        if refusal.field not in form.fields:
            return _show(request, post, on, form=form, refusal=refusal)
        form.add_error(refusal.field, str(refusal))
        return _show(request, post, on, form=form)
    messages.success(request, _("Prepared. Somebody else signs it."))
    return redirect("desk_close", on=on)


@at_desk
@require_POST
def sign(request: HttpRequest, post: HospitalStaff, on: date) -> HttpResponse:
    """Sign what was prepared by somebody else and read just now."""
    _require_lead(post, on)
    try:
        ticket = read_ticket(
            request.POST.get("ticket", ""), act=SIGN, subject=on.isoformat(), cashier=post.user
        )
    except StaleTicket:
        messages.warning(request, _("Nothing was signed: the page was too old. Please read it once more."))
        return redirect("desk_close", on=on)
    try:
        sign_off_day(
            hospital=post.hospital,
            on=on,
            preparation_id=ticket["preparation"],
            by=post.user,
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _show(request, post, on, refusal=refusal)
    messages.success(request, _("The day is signed off."))
    return redirect("desk_close", on=on)


def _show(
    request: HttpRequest,
    post: HospitalStaff,
    on: date,
    *,
    form: PrepareForm | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    current, is_lead = business_date(timezone.now()), leads(post)
    day = day_at_desk(hospital=post.hospital, on=on, cashier=None if is_lead else post.user)
    standing = standing_of(day, today=current) if is_lead else None
    prepared = standing.preparation if standing else None
    form = form or PrepareForm(initial={"reason": prepared.reason if prepared else ""})
    if form.errors:
        form.fields["reason"].widget.attrs["data-focus"] = True
    may_sign = bool(standing and standing.is_current and not standing.sign_off) and (
        prepared is not None and prepared.prepared_by != post.user
    )
    return render(
        request,
        "billing/desk/close.html",
        {
            "post": post,
            "day": day,
            "standing": standing,
            "form": form,
            "refusal": refusal,
            "may_sign": may_sign,
            "ticket": write_ticket(
                act=SIGN, subject=on.isoformat(), cashier=post.user, preparation=prepared.pk
            )
            if prepared and may_sign
            else "",
            "printed_at": timezone.now(),
            "before": on - timedelta(days=1) if on > FIRST_ON else None,
            "after": on + timedelta(days=1) if on < current else None,
            "is_today": on == current,
        },
        status=422 if form.errors else refusal.status if refusal else 200,
    )


def _require_day(on: date) -> None:
    if not FIRST_ON <= on <= business_date(timezone.now()):
        raise Http404


def _require_lead(post: HospitalStaff, on: date) -> None:
    """To a cashier there is no such page."""
    _require_day(on)
    if not leads(post):
        raise Http404
