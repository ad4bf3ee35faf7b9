"""What the same-day duty left open: insurance parts missing, red invoices due (Article 17)."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.forms.invoices import EInvoiceForm, RedInvoiceForm
from billing.models import Bill, Invoice
from billing.operations.desk import bill_at_desk
from billing.operations.invoices import invoiced_fen, reverse_invoice, take_invoice
from billing.operations.refunds import confirm_uninsured
from billing.same_day import Duties, duties_of, missing_at, waiting
from billing.views.desk_access import at_desk, typed
from common.calendar import business_date
from common.csv_text import csv_text
from common.errors import Refusal
from credit.models import Policy
from hospitals.models import HospitalStaff

ROWS_A_PAGE = 50


def _find(post: HospitalStaff, number: str) -> Bill:
    """A bill of this hospital; another's is as unknown as one that does not exist."""
    try:
        return bill_at_desk(hospital=post.hospital, number=number, cashier=post.user, at=timezone.now())
    except Bill.DoesNotExist as error:
        raise Http404 from error


@at_desk
@require_safe
def missing(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """Bills without their insurance part, the oldest first. Nobody's name stands in a list."""
    on = business_date(timezone.now())
    page = Paginator(missing_at(post.hospital), ROWS_A_PAGE).get_page(request.GET.get("page"))
    duties = duties_of(post.hospital)
    return render(
        request,
        "billing/desk/missing.html",
        {
            "post": post,
            "page": page,
            "rows": waiting(page, on=on),
            "duties": duties,
            "reminded_next_on": _next_reminder(duties, on),
        },
    )


def _next_reminder(duties: Duties, on: date) -> date | None:
    if duties.oldest_on is None:
        return None
    since = max(duties.oldest_on, duties.reminder.on if duties.reminder else duties.oldest_on)
    return max(since + timedelta(days=Policy.objects.on(on).insurance_reminder_days), on + timedelta(days=1))


@at_desk
@require_safe
def missing_csv(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """The whole list, for whoever settles it in another system."""
    on = business_date(timezone.now())
    head = [
        _("Bill"), _("Hospital’s visit number"), _("Service"), _("Business date"), _("Days open"),
        _("Self-paid"), _("By credit"), _("Due"),
    ]  # fmt: skip
    rows = [
        (
            bill.number, bill.visit.hospital_visit_no, bill.get_scene_display(), bill.business_on,
            row.days_open, f"{bill.self_paid_fen / 100:.2f}", f"{bill.financed_fen / 100:.2f}", bill.due_on,
        )
        for row in waiting(missing_at(post.hospital), on=on)
        for bill in [row.bill]
    ]  # fmt: skip
    response = HttpResponse(csv_text(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="insurance-missing-{on}.csv"'
    return response


@at_desk
@require_POST
def uninsured(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """Nothing to settle: insurance pays nothing of this bill."""
    bill = _find(post, number)
    try:
        confirm_uninsured(bill=bill, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("desk_refund_bill", number=number)
    messages.success(request, _("Bill %(number)s waits for no insurance any longer.") % {"number": number})
    return redirect("desk_insurance")


@at_desk
@require_safe
def red_due(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """Refunded or undone bills whose invoice is not turned red yet, the oldest first."""
    found = Invoice.objects.at_hospital(post.hospital).red_due()
    found = found.select_related("bill", "undone_by").order_by("changed_at", "pk")
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "billing/desk/red_due.html", {"post": post, "page": page, "duties": duties_of(post.hospital)}
    )


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def invoice(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """The invoices of a bill, and the form that is next: for one, or for the red one that takes it back."""
    bill = _find(post, number)
    invoices = list(bill.invoices.select_related("undone_by"))
    standing = next((one for one in invoices if one.state in ("issued", "red_due")), None)
    is_red = standing is not None and standing.state == Invoice.State.RED_DUE
    left_fen = invoiced_fen(bill)
    form = _form(request, is_red=is_red, left_fen=left_fen)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            if isinstance(form, RedInvoiceForm):
                reverse_invoice(bill=bill, red_invoice=form.red_invoice(), at=timezone.now())
            else:
                take_invoice(bill=bill, e_invoice=form.e_invoice(), at=timezone.now())
        except Refusal as error:
            if error.field in form.fields:
                form.add_error(error.field, str(error))
            else:
                refusal = error
        else:
            words = _("The red invoice is noted.") if is_red else _("The invoice is noted.")
            messages.success(request, words)
            return redirect("desk_invoice", number=number)
    context = {
        "post": post,
        "bill": bill,
        "invoices": invoices,
        "standing": standing,
        "is_red": is_red,
        "left_fen": left_fen,
        "form": form,
        "refusal": refusal,
    }
    status = 422 if form.errors else refusal.status if refusal else 200
    return render(request, "billing/desk/invoice.html", context, status=status)


def _form(request: HttpRequest, *, is_red: bool, left_fen: int) -> RedInvoiceForm | EInvoiceForm:
    started = {"issued_on": business_date(timezone.now())}
    if is_red:
        return RedInvoiceForm(typed(request), initial=started)
    return EInvoiceForm(typed(request), initial={**started, "amount_fen": left_fen})
