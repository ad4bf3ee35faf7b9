"""Files that a hospital sends in: uploading, how far each has come, and what was not taken (17, 18)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import import_papers
from billing.forms.imports import ImportForm
from billing.models import Import, Reconciliation
from billing.operations.imports import go_on_with, receive_file
from billing.views.desk_access import at_desk, typed
from common.errors import Refusal
from common.uploads import was_too_large
from hospitals.models import HospitalStaff

P = ParamSpec("P")
IMPORTS_A_PAGE = 20
FAILURES_SHOWN = 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAY_IMPORT = frozenset({HospitalStaff.Position.LEAD, HospitalStaff.Position.ADMIN})


def for_leads(
    view: Callable[Concatenate[HttpRequest, HospitalStaff, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """For those who lead a desk or a hospital; to a cashier there is no such page."""

    @wraps(view)
    def guarded(
        request: HttpRequest, post: HospitalStaff, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if post.position not in MAY_IMPORT:
            raise Http404
        return view(request, post, *args, **kwargs)

    return at_desk(guarded)


def _find(post: HospitalStaff, number: str) -> Import:
    """An import of this hospital; another's is as unknown as one that does not exist."""
    found = Import.objects.at_hospital(post.hospital).select_related("uploaded_by", "statement")
    try:
        return found.get(number=number)
    except Import.DoesNotExist as error:
        raise Http404 from error


@for_leads
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """Everything that this hospital has sent, and the form to send more."""
    form = ImportForm(typed(request), request.FILES or None, too_large=was_too_large(request))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            batch = receive_file(
                hospital=post.hospital,
                kind=given["kind"],
                business_on=given["business_on"],
                file=given["file"],
                file_name=form.file_name(),
                declared_rows=given["declared_rows"],
                declared_fen=given["declared_fen"],
                user=post.user,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return redirect("desk_import", number=batch.number)
    sent = Import.objects.at_hospital(post.hospital).select_related("uploaded_by")
    page = Paginator(sent, IMPORTS_A_PAGE).get_page(request.GET.get("page"))
    columns = [(kind, label, import_papers.columns_of(kind)) for kind, label in Import.Kind.choices]
    return render(
        request,
        "billing/desk/imports.html",
        {"post": post, "form": form, "page": page, "columns": columns},
        status=422 if form.errors else 200,
    )


@for_leads
@require_safe
def one(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """How far it has come. Nobody need stay: the work goes on without a reader."""
    batch = _find(post, number)
    failures = batch.failures.order_by("line")
    return render(
        request,
        "billing/desk/import.html",
        {
            "post": post,
            "batch": batch,
            "left": _words_for(batch.seconds_left(timezone.now())),
            "compared": Reconciliation.objects.filter(statement=batch.statement_id).first(),
            "failures": failures[:FAILURES_SHOWN],
            "failed_rows": failures.count() if batch.is_over else 0,
        },
    )


def _words_for(seconds: int | None) -> str:
    if seconds is None:
        return ""
    minutes = max(1, round(timedelta(seconds=seconds) / timedelta(minutes=1)))
    return ngettext("about %(count)s minute left", "about %(count)s minutes left", minutes) % {
        "count": minutes
    }


@for_leads
@require_POST
def go_on(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    batch = _find(post, number)
    try:
        go_on_with(batch=batch, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("desk_import", number=batch.number)


@for_leads
@require_safe
def failed(request: HttpRequest, post: HospitalStaff, number: str) -> StreamingHttpResponse:
    batch = _find(post, number)
    return _csv(import_papers.failed_rows(batch), f"{batch.number}-failed.csv")


@for_leads
@require_safe
def charged(request: HttpRequest, post: HospitalStaff, number: str) -> StreamingHttpResponse:
    batch = _find(post, number)
    return _csv(import_papers.charged_rows(batch), f"{batch.number}-charged.csv")


@for_leads
@require_safe
def empty_table(request: HttpRequest, post: HospitalStaff, kind: str, suffix: str) -> HttpResponse:
    """A table with nothing but its heading, to be filled in."""
    if kind not in Import.Kind.values or suffix not in ("csv", "xlsx"):
        raise Http404
    headers = _named(f"{kind}.{suffix}")
    if suffix == "csv":
        return HttpResponse(import_papers.empty_csv(kind), "text/csv; charset=utf-8", headers=headers)
    return HttpResponse(import_papers.empty_xlsx(kind), XLSX, headers=headers)


def _csv(rows: Iterator[str], name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8", headers=_named(name))


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
