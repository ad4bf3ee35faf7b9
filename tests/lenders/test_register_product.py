from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import Error, IntegrityError, transaction
from django.utils import translation

from common.errors import BadInput
from credit.operations.policy import publish_rate
from lenders.models import Lender, LenderFiling, Product
from lenders.operations.registering import (
    CannotRegisterLender,
    CannotRegisterProduct,
    close_product,
    leave_scheme,
    record_filing,
    register_lender,
    register_product,
)
from tests.lenders.days import NOW, TODAY

TERMS: dict[str, Any] = {
    "code": "HARBOUR-2",
    "name_zh": "医付二号",
    "name_en": "Care Two",
    "interest_free_days": 42,
    "late_rate_ppm": 45_000,
    "on": TODAY,
}


@pytest.mark.article(23)
def test_a_product_exactly_at_the_cap_and_the_floor_is_registered(harbour: Lender) -> None:
    product = register_product(lender=harbour, **TERMS)

    assert product.late_rate_percent == "4.5"
    assert list(Product.objects.on_offer(TODAY)) == [product]


@pytest.mark.article(21)
@pytest.mark.article(23)
def test_a_rate_above_the_cap_is_refused_with_the_figures(harbour: Lender) -> None:
    with pytest.raises(CannotRegisterProduct) as refusal:
        register_product(lender=harbour, **(TERMS | {"late_rate_ppm": 45_001}))

    assert (refusal.value.article, refusal.value.field) == (23, "late_rate_ppm")
    with translation.override("en"):
        words = str(refusal.value)
    assert all(figure in words for figure in ["4.5001 %", "4.5 %", "150 %", "3 %", "20 May 2025"]), words
    assert not Product.objects.exists()


@pytest.mark.article(23)
def test_fewer_interest_free_days_than_the_policy_asks_are_refused(harbour: Lender) -> None:
    with pytest.raises(CannotRegisterProduct) as refusal:
        register_product(lender=harbour, **(TERMS | {"interest_free_days": 41}))

    assert refusal.value.field == "interest_free_days"
    with translation.override("en"):
        assert "41" in str(refusal.value) and "42" in str(refusal.value)


@pytest.mark.article(23)
def test_the_cap_is_that_of_the_day_of_registration(harbour: Lender) -> None:
    publish_rate(in_force_from=date(2026, 11, 24), one_year_bp=290, at=NOW)

    register_product(lender=harbour, **TERMS)
    with pytest.raises(CannotRegisterProduct):
        register_product(lender=harbour, **(TERMS | {"code": "HARBOUR-3", "on": date(2026, 11, 24)}))
    register_product(
        lender=harbour,
        **(TERMS | {"code": "HARBOUR-4", "on": date(2026, 11, 24), "late_rate_ppm": 43_500}),
    )


@pytest.mark.article(25)
def test_no_gift_discount_or_card_can_be_registered() -> None:
    names = {field.name for field in Product._meta.get_fields()}

    assert not {
        name for name in names if any(w in name for w in ("gift", "discount", "card", "bonus", "coupon"))
    }


def test_the_same_product_again_is_the_same_row_and_other_terms_are_another(harbour: Lender) -> None:
    product = register_product(lender=harbour, **TERMS)

    assert register_product(lender=harbour, **TERMS) == product
    with pytest.raises(CannotRegisterProduct):
        register_product(lender=harbour, **(TERMS | {"late_rate_ppm": 40_000}))


@pytest.mark.article(22)
def test_a_lender_outside_the_scheme_registers_nothing(harbour: Lender) -> None:
    leave_scheme(lender=harbour, at=NOW)
    harbour.refresh_from_db()

    with pytest.raises(CannotRegisterProduct) as refusal:
        register_product(lender=harbour, **TERMS)

    assert refusal.value.article == 22


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("code", "harbour 2"),
        ("code", "a\x00b"),
        ("name_zh", ""),
        ("name_zh", "长" * 101),
        ("service_en", "a\x00b"),
        ("interest_free_days", 0),
        ("interest_free_days", 400),
        ("late_rate_ppm", -1),
        ("late_rate_ppm", 10**18),
    ],
)
def test_a_malformed_fact_is_refused_by_name(harbour: Lender, fact: str, value: object) -> None:
    with pytest.raises(BadInput) as fault:
        register_product(lender=harbour, **(TERMS | {fact: value}))

    assert fault.value.field == fact


def test_a_closed_product_takes_nothing_new(harbour_care: Product) -> None:
    close_product(product=harbour_care, on=TODAY)

    assert not Product.objects.on_offer(TODAY).exists()


def test_terms_never_change_in_the_database(harbour_care: Product) -> None:
    for change in ({"late_rate_ppm": 1}, {"interest_free_days": 50}, {"code": "OTHER"}):
        with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
            Product.objects.filter(pk=harbour_care.pk).update(**change)
    with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
        harbour_care.delete()


def test_a_corrected_name_is_in_the_history(harbour_care: Product) -> None:
    harbour_care.name_en = "Harbour Care Plus"
    harbour_care.save()

    names = (
        apps.get_model("lenders", "ProductEvent").objects.order_by("pgh_id").values_list("name_en", flat=True)
    )
    assert list(names) == ["Harbour Care", "Harbour Care Plus"]


@pytest.mark.article(22)
def test_a_code_names_one_lender(harbour: Lender) -> None:
    facts = {"code": "HARBOUR", "name_zh": "鹭港银行", "kind": "bank", "on": TODAY}

    assert register_lender(**facts, name_en="Harbour Bank") == harbour  # type: ignore[arg-type]
    with pytest.raises(CannotRegisterLender):
        register_lender(**facts, name_en="Another Bank")  # type: ignore[arg-type]


def test_a_lender_is_a_bank_or_an_insurer(law: None) -> None:
    with pytest.raises(BadInput) as fault:
        register_lender(code="PAWN", name_zh="典当", name_en="Pawnshop", kind="pawnshop", on=TODAY)
    assert fault.value.field == "kind"
    with pytest.raises(IntegrityError, match="lender_kind_known"), transaction.atomic():
        Lender.objects.create(code="PAWN", name_zh="典当", name_en="Pawn", kind="pawn", joined_on=TODAY)


@pytest.mark.article(22)
def test_the_filing_with_each_authority_is_kept(harbour: Lender) -> None:
    record_filing(lender=harbour, authority="banking_regulator", document="备2026-1", on=TODAY)
    record_filing(lender=harbour, authority="banking_regulator", document="备2026-2", on=TODAY)
    record_filing(lender=harbour, authority="reform_commission", document="发改2026-9", on=TODAY)

    assert LenderFiling.objects.get(lender=harbour, authority="banking_regulator").document == "备2026-2"
    assert harbour.filings.count() == 2
    with pytest.raises(BadInput):
        record_filing(lender=harbour, authority="police", document="1", on=TODAY)
    with pytest.raises(BadInput):
        record_filing(lender=harbour, authority="banking_regulator", document=" ", on=TODAY)


@pytest.mark.parametrize("document", ["a\x00b", "1" * 101])
def test_a_documents_number_that_cannot_be_kept_is_refused_by_name(harbour: Lender, document: str) -> None:
    with pytest.raises(BadInput) as fault:
        record_filing(lender=harbour, authority="banking_regulator", document=document, on=TODAY)

    assert fault.value.field == "document"


def test_a_lenders_name_that_cannot_be_kept_is_refused_by_name(law: None) -> None:
    for name in ("a\x00b", "长" * 101):
        with pytest.raises(BadInput) as fault:
            register_lender(code="PORT", name_zh=name, name_en="Port Bank", kind="bank", on=TODAY)
        assert fault.value.field == "name_zh"
