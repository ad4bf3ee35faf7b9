"""Lin the citizen, two lenders with a product each, and what the law says on these days."""

from datetime import date

import pytest
from oauth2_provider.models import Application

from accounts.models import ApiClient, Person
from credit.operations.policy import adopt_policy, publish_rate
from lenders.models import Lender, Product
from lenders.operations.registering import connect_client, register_lender, register_product
from tests.lenders.days import NOW, TODAY
from tests.lenders.states import person_with_account


@pytest.fixture
def law(db: None) -> None:
    """42 days, one and a half times an LPR of 3.0 %: a cap of 4.5 %."""
    adopt_policy(in_force_from=date(2025, 1, 1), at=NOW)
    publish_rate(in_force_from=date(2025, 5, 20), one_year_bp=300, at=NOW)


@pytest.fixture
def harbour(law: None) -> Lender:
    return register_lender(
        code="HARBOUR", name_zh="鹭港银行", name_en="Harbour Bank", kind="bank", on=date(2025, 6, 1)
    )


@pytest.fixture
def island(law: None) -> Lender:
    return register_lender(
        code="ISLAND", name_zh="海岛保险", name_en="Island Insurance", kind="insurer", on=date(2025, 6, 1)
    )


@pytest.fixture
def harbour_care(harbour: Lender) -> Product:
    return register_product(
        lender=harbour,
        code="HARBOUR-CARE",
        name_zh="鹭港医付",
        name_en="Harbour Care",
        service_zh="电话客服全天在线。",
        service_en="Telephone service around the clock.",
        interest_free_days=42,
        late_rate_ppm=45_000,
        on=TODAY,
    )


@pytest.fixture
def island_care(island: Lender) -> Product:
    return register_product(
        lender=island,
        code="ISLAND-CARE",
        name_zh="海岛医付",
        name_en="Island Care",
        interest_free_days=60,
        late_rate_ppm=36_500,
        on=TODAY,
    )


@pytest.fixture
def harbour_client(harbour: Lender) -> ApiClient:
    """Harbour Bank's own system."""
    application = Application.objects.create(
        client_type="confidential", authorization_grant_type="client-credentials", name="core"
    )
    client = ApiClient.objects.create(application=application, kind="lender", name="core", created_at=NOW)
    connect_client(client=client, lender=harbour)
    return client


@pytest.fixture
def lin(law: None) -> Person:
    return person_with_account("林小鹭", "350203198807152029")


@pytest.fixture
def wu(law: None) -> Person:
    return person_with_account("吴海", "350203199001011010")
