"""Every page of the back office opens for the operator, in both languages, and for nobody else."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccessEntry, User
from credit.models import CreditAccount
from tests.cast import Town
from tests.office.conftest import TODAY, FullTown

OWN = ("accounts", "credit", "hospitals", "lenders", "billing", "complaints")
MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label in OWN), key=lambda m: m._meta.label
)
# Operators enter these; all else is read.
ENTERED = {
    "credit.Policy", "credit.LendingRate", "credit.CalendarDay", "hospitals.Hospital",
    "hospitals.HospitalScene", "hospitals.HospitalStaff", "hospitals.PayoutProposal", "hospitals.SceneCheck",
    "hospitals.Training", "lenders.Lender", "lenders.LenderFiling", "lenders.Product",
}  # fmt: skip
MOST_QUERIES = 12


def listing(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def pages(model: type[Model]) -> list[str]:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    [row, *_more] = model._default_manager.all()[:1]
    return [listing(model), reverse(f"{name}_change", args=[row.pk])]


def visible(page: bytes) -> str:
    """What stands on a page, without its attributes."""
    return re.sub(r"<[^>]+>", " ", page.decode())


def test_every_table_named_has_its_place() -> None:
    named = {
        "Policy", "LendingRate", "CalendarDay", "CreditAccount", "CreditScore", "AccountEvent", "FamilyLink",
        "Suspension", "DueDateOutcome", "ScoreEvent", "RepairApplication", "Bill", "Visit", "Refund",
        "Repayment", "Collection", "Settlement", "Transfer", "Reminder", "DunningCase", "Objection", "JobRun",
        "Case", "Offer",
    }  # fmt: skip
    assert named <= {model.__name__ for model in MODELS}


def test_the_operator_opens_every_page_in_both_languages(
    office: Client, full_town: FullTown, english: Callable[[str], str]
) -> None:
    addresses = [reverse("admin:index"), *(address for model in MODELS for address in pages(model))]
    for address in addresses:
        for place in (address, english(address)):
            answer = office.get(place)
            assert answer.status_code == 200, place
            text = answer.content.decode()
            assert [secret for secret in full_town.secrets if secret in text] == [], place
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text), place


def test_lists_ask_a_handful_of_questions_however_long_they_are(office: Client, full_town: FullTown) -> None:
    asked = {}
    for model in MODELS:
        with CaptureQueriesContext(connection) as queries:
            office.get(listing(model))
        asked[model._meta.label] = len(queries)
    assert {label: number for label, number in asked.items() if number > MOST_QUERIES} == {}


@pytest.mark.parametrize("role", [role for role in User.Role.values if role != User.Role.OPERATOR])
def test_no_other_role_may_do_anything_whatever_its_flags(role: str, rf: RequestFactory, town: Town) -> None:
    request = rf.get("/admin/")
    request.user = User.objects.create_user("somebody", role=role, is_staff=True, is_superuser=True)
    for model in MODELS:
        site = admin.site._registry[model]
        assert not any(site.get_model_perms(request).values()), model
        assert not site.has_module_permission(request), model


def test_who_may_not_is_refused_before_anything_is_read(full_town: FullTown, today: date) -> None:
    addresses = [address for model in MODELS for address in pages(model)]
    lender = Client()
    lender.force_login(User.objects.create_user("su", role="lender", is_staff=True, is_superuser=True))

    assert {lender.get(address).status_code for address in addresses} == {403}
    assert {Client().get(address).status_code for address in addresses} == {302}
    assert not AccessEntry.objects.filter(purpose__startswith="office").exists()


def test_nothing_is_deleted_and_what_is_read_is_not_written(office: Client, full_town: FullTown) -> None:
    for model in MODELS:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.all()[0]
        if model.__name__ != "HospitalStaff":  # a post ends, by its own operation
            answer = office.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"})
            assert answer.status_code == 403, name
        if model._meta.label not in ENTERED:
            assert office.post(reverse(f"{name}_add"), {}).status_code == 403, name


@pytest.mark.article(32)
def test_a_person_is_found_by_credit_code_and_reads_who_looked(office: Client, town: Town) -> None:
    lin, zhao = town.enrol("林志明"), town.enrol("赵小燕")
    address, account = listing(CreditAccount), town.account(lin)
    typed = f" {lin.credit_code[:4]}-{lin.credit_code[4:8]} {lin.credit_code[8:]} ".lower()

    found = office.get(address, {"q": typed})

    assert list(found.context["cl"].queryset) == [account]
    assert "林*明" in visible(found.content)
    for other in ("林志明", lin.resident_id, lin.phone, "B20260302-0000001-1", "％"):
        assert not office.get(address, {"q": other}).context["cl"].queryset.exists()
    assert 'pattern="' in found.content.decode()
    for page in ("change", "history"):
        office.get(reverse(f"admin:credit_creditaccount_{page}", args=[account.pk]))
    seen = AccessEntry.objects.filter(subject=lin).order_by("pk")
    assert list(seen.values_list("actor", "purpose")) == [
        ("operator:ou", "office.search"),
        ("operator:ou", "office.list"),
        ("operator:ou", "office.open"),
        ("operator:ou", "office.open"),
    ]
    assert not AccessEntry.objects.filter(subject=zhao).exists()


def test_what_has_a_number_is_found_by_it(office: Client, full_town: FullTown) -> None:
    numbered = [model for model in MODELS if getattr(admin.site._registry[model], "numbered", "")]
    assert {"Bill", "Visit", "Refund", "Repayment", "Collection", "Transfer", "Objection", "Case"} == {
        model.__name__ for model in numbered
    }
    for model in numbered:
        path = admin.site._registry[model].numbered.removesuffix("__startswith")  # type: ignore[attr-defined]
        text = model._default_manager.order_by("-pk").values_list(path, flat=True)[0]
        number = text.split(":")[0]
        found = office.get(listing(model), {"q": number.lower()}).context["cl"].queryset
        assert found.values_list(path, flat=True)[0] == text
        assert all(value.startswith(number) for value in found.values_list(path, flat=True))


def test_bills_are_filtered_by_what_is_overdue_or_disputed(office: Client, full_town: FullTown) -> None:
    address = reverse("admin:billing_bill_changelist")

    overdue = office.get(address, {"overdue": "yes"}).context["cl"].queryset
    disputed = office.get(address, {"overdue": "frozen"}).context["cl"].queryset

    assert overdue and all(bill.is_overdue(TODAY) for bill in overdue)
    assert all(bill.is_frozen for bill in disputed) and disputed.count() == 2
