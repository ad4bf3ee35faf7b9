"""Institutions on their way into the scheme, and the steps of each, for the operator (Articles 14–16, 20)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common.admin import sentence
from common.calendar import business_date
from common.errors import Refusal
from common.forms import PlainForm
from hospitals.checklists import Step
from hospitals.forms import ApplicationForm, FinishForm, InstitutionSearch, PlanForm, TrainingForm
from hospitals.models import Hospital, OnboardingTask
from hospitals.operations.onboarding import register_hospital
from hospitals.operations.readiness import readiness_of
from hospitals.operations.steps import begin_step, finish_step, plan_step, put_online, reopen_step
from hospitals.operations.training import record_training
from hospitals.views.access import for_operators

ROWS = 25


@require_safe
@for_operators
def institutions(request: HttpRequest, user: User) -> HttpResponse:
    """What is late first; whoever is online comes last."""
    on = business_date(timezone.now())
    form = InstitutionSearch(request.GET or None)
    found = Hospital.objects.managed_by(user)
    if form.is_valid():
        found = found.named(form.cleaned_data["name"]) if form.cleaned_data["name"] else found
        found = found.filter(kind=form.cleaned_data["kind"]) if form.cleaned_data["kind"] else found
    page = Paginator(found.latest_first(on), ROWS).get_page(request.GET.get("page"))
    return render(request, "hospitals/ops/institutions.html", {"form": form, "page": page, "on": on})


@require_http_methods(["GET", "HEAD", "POST"])
@for_operators
def new(request: HttpRequest, user: User) -> HttpResponse:
    """A private hospital's application, or a public one's turn."""
    form = ApplicationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            hospital = register_hospital(**form.cleaned_data, at=timezone.now())
        except Refusal as refusal:
            _add(form, refusal)
        else:
            messages.success(request, _("%(hospital)s is on the list.") % {"hospital": hospital.name})
            return redirect("onboarding_of", code=hospital.code)
    return _page(request, "hospitals/ops/new.html", form=form)


@require_safe
@for_operators
def institution(request: HttpRequest, user: User, code: str) -> HttpResponse:
    """How far one has come: steps, trainings, and what each service still waits for."""
    on = business_date(timezone.now())
    hospital = get_object_or_404(Hospital.objects.managed_by(user).latest_first(on), code=code)
    context = {
        "hospital": hospital,
        "tasks": [
            (task, task.days_late(on))
            for task in OnboardingTask.objects.of(hospital).select_related("in_charge", "done_by")
        ],
        "trainings": hospital.trainings.all(),
        "readiness": readiness_of(hospital=hospital, on=on),
        "on": on,
    }
    return render(request, "hospitals/ops/institution.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_operators
def training(request: HttpRequest, user: User, code: str) -> HttpResponse:
    hospital = get_object_or_404(Hospital.objects.managed_by(user), code=code)
    form = TrainingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            record_training(hospital=hospital, **form.cleaned_data, by=user, at=timezone.now())
        except Refusal as refusal:
            _add(form, refusal)
        else:
            messages.success(request, _("The training is recorded."))
            return redirect("onboarding_of", code=hospital.code)
    return _page(request, "hospitals/ops/training.html", form=form, hospital=hospital)


@require_http_methods(["GET", "HEAD", "POST"])
@for_operators
def step(request: HttpRequest, user: User, code: str, step: str) -> HttpResponse:
    """One step; sent, it is done, or the hospital goes live."""
    task = _task(user, code, step)
    at, goes_live = timezone.now(), step == Step.GO_LIVE
    form = FinishForm(
        request.POST if request.method == "POST" else None, today_on=business_date(at), goes_live=goes_live
    )
    if request.method == "POST" and form.is_valid():
        try:
            if goes_live:
                put_online(hospital=task.hospital, **form.cleaned_data, by=user, at=at)
            else:
                finish_step(task=task, **form.cleaned_data, by=user, at=at)
        except Refusal as refusal:
            _add(form, refusal)
        else:
            messages.success(request, _("%(step)s: done.") % {"step": task.get_step_display()})
            return redirect("onboarding_of", code=code)
    return _step_page(request, task, form=form)


@require_POST
@for_operators
def plan(request: HttpRequest, user: User, code: str, step: str) -> HttpResponse:
    """Another date, or somebody else in charge."""
    task = _task(user, code, step)
    form = PlanForm(request.POST, task=task)
    if form.is_valid():
        try:
            plan_step(task=task, **form.cleaned_data, at=timezone.now())
        except Refusal as refusal:
            _add(form, refusal)
        else:
            messages.success(request, _("%(step)s: planned.") % {"step": task.get_step_display()})
            return redirect("onboarding_of", code=code)
    return _step_page(request, task, plan=form)


@require_POST
@for_operators
def begin(request: HttpRequest, user: User, code: str, step: str) -> HttpResponse:
    begin_step(task=_task(user, code, step), at=timezone.now())
    return redirect("onboarding_of", code=code)


@require_POST
@for_operators
def reopen(request: HttpRequest, user: User, code: str, step: str) -> HttpResponse:
    task = _task(user, code, step)
    try:
        reopen_step(task=task, at=timezone.now())
    except Refusal as refusal:
        return _step_page(request, task, refusal=refusal)
    return redirect("onboarding_step", code=code, step=step)


def _task(user: User, code: str, step: str) -> OnboardingTask:
    mine = Hospital.objects.managed_by(user).filter(code=code)
    tasks = OnboardingTask.objects.select_related("hospital", "in_charge", "done_by")
    return get_object_or_404(tasks, hospital__in=mine, step=step)


def _step_page(
    request: HttpRequest,
    task: OnboardingTask,
    *,
    form: FinishForm | None = None,
    plan: PlanForm | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    on = business_date(timezone.now())
    return _page(
        request,
        "hospitals/ops/step.html",
        form=plan or form,
        task=task,
        finish=form or FinishForm(today_on=on, goes_live=task.step == Step.GO_LIVE),
        plan=plan or PlanForm(task=task),
        refusal=refusal,
        days_late=task.days_late(on),
    )


def _page(request: HttpRequest, template: str, *, form: PlainForm | None, **context: Any) -> HttpResponse:
    wrong = bool(form and form.errors) or context.get("refusal") is not None
    return render(request, template, {"form": form, **context}, status=422 if wrong else 200)


def _add(form: PlainForm, refusal: Refusal) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, sentence(refusal))
