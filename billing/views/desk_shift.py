"""A cashier's shift: opened, handed over, received, on paper (Article 17)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.forms.desk import lead_with
from billing.forms.desk_day import CountForm, HandOverForm, OpenShiftForm
from billing.models import Shift
from billing.operations.shifts import hand_over_shift, open_shift, receive_shift
from billing.shifts import shift_desk, shift_on_paper, totals_handed_over
from billing.views.desk_access import at_desk, leads, typed
from billing.views.desk_paper import paper_of
from common.errors import Refusal
from common.money import format_yuan
from hospitals.models import HospitalStaff


@at_desk
@require_safe
def shift(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """The shift that goes on with what it comes to, or the form that opens one."""
    return _show(request, post)


@at_desk
@require_POST
def begin(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """Open the shift. Sent twice, it is opened once."""
    form = OpenShiftForm(request.POST)
    if not form.is_valid():
        return _show(request, post, opening=form)
    opened = open_shift(
        hospital=post.hospital, cashier=post.user, float_fen=form.cleaned_data["float_fen"], at=timezone.now()
    )
    messages.success(request, _("Shift %(number)s is open.") % {"number": opened.number})
    return redirect("desk")


@at_desk
@require_POST
def hand_over(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """End the shift with the cash that was counted."""
    desk = shift_desk(hospital=post.hospital, cashier=post.user, leads=leads(post), at=timezone.now())
    form = HandOverForm(request.POST, colleagues=desk.colleagues)
    if not form.is_valid():
        return _show(request, post, handing=form)
    try:
        ended = hand_over_shift(
            hospital=post.hospital,
            cashier=post.user,
            to=form.receiver(),
            counted_fen=form.cleaned_data["counted_fen"],
            note=form.cleaned_data["note"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        if refusal.field not in form.fields:
            return _show(request, post, handing=form, refusal=refusal)
        form.add_error(refusal.field, str(refusal))
        return _show(request, post, handing=form)
    messages.success(
        request,
        _("Shift %(number)s is handed over. %(to)s counts it and receives it.")
        % {"number": ended.number, "to": form.cleaned_data["to"]},
    )
    return redirect("desk_shift_paper", number=ended.number)


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """Count what somebody else hands over, and answer for it."""
    found, refusal = _find(post, number), None
    form = CountForm(typed(request))
    if request.method == "POST" and form.is_valid():
        counted_fen = form.cleaned_data["counted_fen"]
        try:
            receive_shift(
                hospital=post.hospital,
                number=number,
                receiver=post.user,
                counted_fen=counted_fen,
                note=form.cleaned_data["note"],
                at=timezone.now(),
            )
        except Refusal as error:
            if error.field in form.fields:
                form.add_error(error.field, str(error))
            else:
                refusal = error
        else:
            messages.success(
                request,
                _("Received: shift %(number)s with %(amount)s.")
                % {"number": number, "amount": format_yuan(counted_fen)},
            )
            return redirect("desk_shift_paper", number=number)
    lead_with(form, "counted_fen")
    return render(
        request,
        "billing/desk/shift_receive.html",
        {
            "post": post,
            "shift": found,
            "totals": totals_handed_over(found.hand_over),
            "form": form,
            "refusal": refusal,
        },
        status=422 if form.errors else refusal.status if refusal else 200,
    )


@at_desk
@require_safe
def paper(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """The shift as it was handed over, to print and sign."""
    found = _find(post, number)
    given = found.hand_over
    receipt = getattr(given, "receipt", None)
    waits_for_me = receipt is None and found.cashier != post.user and (leads(post) or given.to == post.user)
    return render(
        request,
        "billing/desk/shift_paper.html",
        {
            "post": post,
            "shift": found,
            "given": given,
            "receipt": receipt,
            "totals": totals_handed_over(given),
            "waits_for_me": waits_for_me,
            "paper": paper_of(request),
        },
    )


def _find(post: HospitalStaff, number: str) -> Shift:
    try:
        return shift_on_paper(hospital=post.hospital, number=number, reader=post.user, leads=leads(post))
    except Shift.DoesNotExist as error:
        raise Http404 from error


def _show(
    request: HttpRequest,
    post: HospitalStaff,
    *,
    opening: OpenShiftForm | None = None,
    handing: HandOverForm | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    desk = shift_desk(hospital=post.hospital, cashier=post.user, leads=leads(post), at=timezone.now())
    form: Any
    if desk.shift:
        form = handing or HandOverForm(colleagues=desk.colleagues)
        lead_with(form, "counted_fen")
    else:
        form = opening or OpenShiftForm(initial={"float_fen": desk.float_fen})
        form.fields["float_fen"].widget.attrs["data-focus"] = True
    return render(
        request,
        "billing/desk/shift.html",
        {"post": post, "desk": desk, "form": form, "refusal": refusal},
        status=422 if form.errors else refusal.status if refusal else 200,
    )
