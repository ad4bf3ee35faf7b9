"""In a real browser: the admin's own scripts run under the strict content policy and its acts can be done."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing.operations.objections import object_to
from credit.models import CalendarDay, RepairApplication
from tests.cast import Town
from tests.office.conftest import three_defaults

PATHS = [
    "/admin/",
    "/en/admin/billing/bill/?overdue=frozen",
    "/en/admin/billing/objection/",
    "/admin/credit/policy/add/",
    "/en/admin/credit/lendingrate/add/",
    "/en/admin/accounts/jobrun/",
]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(page: Page, live_server: LiveServer, real_town: Town) -> Iterator[Page]:
    """Ou's browser, which must not have met a refused script or style, nor a script that failed."""
    client = Client()
    client.force_login(User.objects.create_user("ou", role=User.Role.OPERATOR, is_staff=True))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield page
    assert complaints == []


def test_pages_keep_to_the_content_policy_and_forms_work(
    desk: Page, live_server: LiveServer, real_town: Town
) -> None:
    lin = real_town.enrol("林志明", score=640)
    application = three_defaults(real_town, lin)
    object_to(
        bill=real_town.treat(lin, date(2026, 4, 14)), statement="不对", at=real_town.at(date(2026, 4, 14), 12)
    )
    for path in PATHS:
        desk.goto(live_server.url + path)
        expect(desk.locator("#site-name")).to_be_visible()

    # The browser itself keeps a name out of the address.
    desk.goto(f"{live_server.url}/en/admin/credit/creditaccount/")
    desk.fill("#searchbar", "林志明")
    desk.click("#changelist-search input[type=submit]")
    assert desk.url.endswith("/creditaccount/")
    desk.fill("#searchbar", lin.credit_code)
    desk.click("#changelist-search input[type=submit]")
    expect(desk.locator("#result_list tbody tr")).to_have_count(1)

    # A date from the admin's own calendar, which its scripts draw.
    desk.goto(f"{live_server.url}/en/admin/credit/calendarday/add/")
    desk.click("text=Today")
    desk.fill("#id_reason", "台风")
    desk.click("input[name=_save]")
    expect(desk.locator("ul.messagelist .success")).to_be_visible()
    assert CalendarDay.objects.get().reason == "台风"

    desk.goto(f"{live_server.url}/en/admin/credit/repairapplication/{application.pk}/change/")
    desk.check("text=Grant the repair")
    desk.fill("#id_reason", "已还清")
    desk.click("input[name=_save]")
    expect(desk.locator("ul.messagelist .success")).to_be_visible()
    assert RepairApplication.objects.get().state == "granted"
