import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from lenders.models import Lender, LenderFiling, Product

MODELS = ["lender", "lenderfiling", "product"]


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ou", role=User.Role.OPERATOR, is_staff=True))
    return client


@pytest.mark.article(22)
@pytest.mark.article(23)
def test_an_operator_enters_a_lender_its_filing_and_its_product(law: None, operator: Client) -> None:
    names = {"name_zh": "鹭港银行", "name_en": "Harbour Bank"}
    operator.post(
        reverse("admin:lenders_lender_add"),
        {"code": "HARBOUR", **names, "kind": "bank", "joined_on": "2026-01-01"},
    )
    lender = Lender.objects.get()
    operator.post(
        reverse("admin:lenders_lenderfiling_add"),
        {"lender": lender.pk, "authority": "banking_regulator", "filed_on": "2026-01-02", "document": "备1"},
    )
    terms = {"lender": lender.pk, "code": "H-1", **names, "interest_free_days": 42}
    refused = operator.post(reverse("admin:lenders_product_add"), {**terms, "late_rate_ppm": 45_001})
    entered = operator.post(reverse("admin:lenders_product_add"), {**terms, "late_rate_ppm": 45_000})

    assert "late_rate_ppm" in refused.context["adminform"].form.errors
    assert "45001" in refused.content.decode()
    assert entered.status_code == 302
    assert (LenderFiling.objects.count(), Product.objects.count()) == (1, 1)


def test_the_terms_of_a_product_cannot_be_changed_but_its_words_can(
    operator: Client, harbour_care: Product
) -> None:
    address = reverse("admin:lenders_product_change", args=[harbour_care.pk])
    words = {"name_zh": "新名", "name_en": "New name", "service_zh": "", "service_en": ""}

    drawn_with_the_page = {"events-TOTAL_FORMS": 1, "events-INITIAL_FORMS": 1}

    operator.post(address, {**drawn_with_the_page, **words, "late_rate_ppm": 1, "interest_free_days": 99})

    harbour_care.refresh_from_db()
    assert (harbour_care.name_en, harbour_care.late_rate_ppm) == ("New name", 45_000)
    assert "Harbour Care" in operator.get(address).content.decode()


@pytest.mark.parametrize("role", [role for role in User.Role.values if role != "operator"])
@pytest.mark.parametrize("model", MODELS)
def test_nobody_but_an_operator_sees_it(client: Client, harbour_care: Product, role: str, model: str) -> None:
    client.force_login(User.objects.create_user("somebody", role=role, is_staff=True))

    assert client.get(reverse(f"admin:lenders_{model}_changelist")).status_code == 403
    assert client.get(reverse(f"admin:lenders_{model}_add")).status_code == 403
