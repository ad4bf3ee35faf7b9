"""In a real browser: an operator brings a private hospital in; the finance bureau grants a claim."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from common.calendar import business_date
from hospitals.models import Hospital, RetrofitClaim
from hospitals.operations.onboarding import register_hospital
from hospitals.operations.staffing import appoint_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
SignIn = Callable[[User], Page]


@pytest.fixture
def sign_in(page: Page, live_server: LiveServer) -> Iterator[SignIn]:
    """The same browser in another's hands; it must not meet a refused script or style."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # A refused form answers 422, which Chromium writes down as an error as well.
    page.on(
        "console",
        lambda line: (
            complaints.append(line.text) if line.type == "error" and "422" not in line.text else None
        ),
    )

    def sign_in(user: User) -> Page:
        client = Client()
        client.force_login(user)
        page.context.clear_cookies()
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        return page

    yield sign_in
    assert complaints == []


def look(page: Page) -> None:
    """At both widths: nothing sideways, nothing that axe objects to."""
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{page.url} at {size}"
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found] == [], f"{page.url} at {size}: {found}"


def test_an_operator_takes_a_private_hospital_from_application_to_going_live(
    sign_in: SignIn, live_server: LiveServer, db: None
) -> None:
    page = sign_in(User.objects.create_user("ou", role=User.Role.OPERATOR, is_staff=True))
    today = business_date(timezone.now())
    page.goto(f"{live_server.url}/en/ops/onboarding/")
    look(page)
    page.click("text=New application")
    look(page)
    page.click("label:has-text('Private hospital')")
    for name, typed in {
        "code": "XM201", "name_zh": "弘爱医院", "name_en": "Humanity Hospital", "district": "Huli",
    }.items():  # fmt: skip
        page.fill(f"[name={name}]", typed)
    page.click("text=Put on the list")
    look(page)

    # Too early: the page says what is missing.
    page.click("text=Going live")
    page.fill("[name=evidence]", "Acceptance report 9")
    page.click("button:has-text('Go live')")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Agreement signed")
    look(page)
    page.goto(f"{live_server.url}/en/ops/onboarding/XM201/")

    page.click("text=Record a training")
    page.fill("[name=held_on]", today.isoformat())
    page.click("label:has-text('Charging and refunding at the desk')")
    for name, typed in {
        "trainer": "Ouyang", "audience": "Cashiers", "participants": "12", "material": "Handbook 1.0",
    }.items():  # fmt: skip
        page.fill(f"[name={name}]", typed)
    look(page)
    page.click("main button:has-text('Record the training')")
    for step in (
        "Application of its own", "Negotiation with the operator", "Agreement signed", "Interface tested",
        "Staff trained", "Consulting point set up",
    ):  # fmt: skip
        page.click(f"main a:has-text('{step}')")
        page.fill("[name=evidence]", f"Record of: {step}")
        page.click("button:has-text('It is done')")
    page.click("main a:has-text('Going live')")
    look(page)
    page.fill("[name=evidence]", "Acceptance report 9")
    page.click("button:has-text('Go live')")
    expect(page.locator("main .tag").first).to_have_text("online")
    look(page)

    hospital = Hospital.objects.get(code="XM201")
    assert hospital.is_online(today)
    assert {task.done_by.username for task in hospital.tasks.all() if task.done_by} == {"ou"}
    page.goto(f"{live_server.url}/ops/onboarding/")
    look(page)


def test_a_hospital_files_a_claim_which_the_operator_checks_and_the_bureau_grants(
    sign_in: SignIn, live_server: LiveServer, db: None
) -> None:
    hospital = register_hospital(
        code="XM001", name_zh="第一医院", name_en="First Hospital", kind="public", district="思明区",
        online_on=date(2026, 1, 5), at=timezone.now(),
    )  # fmt: skip
    zhao = User.objects.create_user("zhao", role=User.Role.HOSPITAL_ADMIN)
    appoint_staff(user=zhao, hospital=hospital, position="admin", at=timezone.now())
    zhao.refresh_from_db()
    page = sign_in(zhao)
    page.goto(f"{live_server.url}/en/admin/hospitals/retrofitclaim/add/")
    page.fill("#id_amount_fen", "486,000.00")
    page.fill("#id_purpose", "Interface rebuilt")
    page.fill("#id_evidence", "Contract 2026-031, three invoices")
    page.click("input[name=_save]")
    expect(page.locator("ul.messagelist .success")).to_be_visible()
    claim = RetrofitClaim.objects.get()

    page = sign_in(User.objects.create_user("ou", role=User.Role.OPERATOR, is_staff=True))
    page.goto(f"{live_server.url}/en/admin/hospitals/retrofitclaim/{claim.pk}/change/")
    page.check("text=Complete: to the finance bureau")
    page.fill("#id_check_note", "Contract and invoices agree")
    page.click("input[name=_save]")
    expect(page.locator("ul.messagelist .success")).to_be_visible()

    page = sign_in(User.objects.create_user("cai", role=User.Role.REGULATOR, bureau=User.Bureau.FINANCE))
    page.goto(f"{live_server.url}/en/gov/claims/")
    look(page)
    page.click(f"text={claim.number}")
    look(page)
    page.fill("[name=granted_fen]", "400000")
    page.fill("[name=reasons]", "Within this year's budget")
    page.click("button:has-text('Decide the claim')")
    expect(page.locator("main .tag").first).to_have_text("granted, to be paid")
    look(page)

    claim.refresh_from_db()
    assert (claim.state, claim.granted_fen, claim.decided_by.username) == ("granted", 40_000_000, "cai")  # type: ignore[union-attr]
