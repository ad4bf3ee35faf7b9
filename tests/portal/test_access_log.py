"""谁看过我的信息: every look, who, when, what and why."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from accounts.looks import EMPLOYERS, SEEN
from accounts.models import AccessEntry, ApiClient, User
from accounts.operations.access import record_access
from hospitals.models import HospitalStaff
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words

HERE = "/en/me/access-log/"


@pytest.fixture
def chen(town: Town) -> Iterator[User]:
    user = User.objects.create(username="chen-secret-name", role=User.Role.CASHIER)
    HospitalStaff.objects.create(user=user, hospital=town.hospital, position="cashier")
    yield user


@pytest.mark.article(32)
def test_a_look_says_role_institution_what_and_why_but_no_user_name(
    town: Town, chen: User, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    at = town.at(TREATED)
    record_access(actor=chen, subject=lin, purpose="desk.search", at=at)
    operator = User.objects.create(username="op", role=User.Role.OPERATOR)
    record_access(actor=operator, subject=lin, purpose="office.open", reason="来电核实", at=at)
    record_access(
        actor=ApiClient(kind="lender", name="Harbour Bank"),
        subject=lin,
        purpose="contact.marketing.refused",
        at=at,
    )
    today_is(TREATED)

    shown = words(sign_in(lin).get(HERE))

    assert "cashier · Hospital XM001" in shown
    assert "your masked name and what is available to you" in shown
    assert "来电核实" in shown
    assert "System of a lender · Harbour Bank" in shown
    assert "whether it may make you offers: no" in shown and "refused" in shown
    assert "chen-secret-name" not in shown


@pytest.mark.article(32)
def test_nobody_reads_who_looked_at_another(
    town: Town, chen: User, sign_in: SignIn, today_is: Travel
) -> None:
    lin, wang = town.enrol(), town.enrol("王小雨")
    record_access(actor=chen, subject=wang, purpose="desk.search", at=town.at(TREATED))
    today_is(TREATED)

    assert "Nobody has looked" in words(sign_in(lin).get(HERE))


def test_the_list_is_narrowed_down_and_paged(
    town: Town, chen: User, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    for number in range(25):
        at = town.at(TREATED) + timedelta(minutes=number)
        record_access(actor=chen, subject=lin, purpose="desk.search", at=at)
    record_access(
        actor=ApiClient(kind="lender", name="Harbour Bank"), subject=lin, purpose="api.bills", at=at
    )
    today_is(TREATED)
    browser = sign_in(lin)

    assert "Harbour Bank" not in words(browser.get(f"{HERE}?by=hospital"))
    assert "cashier ·" not in words(browser.get(f"{HERE}?by=lender"))
    assert words(browser.get(f"{HERE}?page=2")).count("cashier ·") == 6
    assert browser.get(f"{HERE}?by=nobody&page=x").status_code == 200


def test_a_look_of_a_kind_that_has_no_words_is_shown_all_the_same(
    town: Town, chen: User, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    AccessEntry.objects.create(actor="night-job", subject=lin, purpose="new.kind", at=town.at(TREATED))
    today_is(TREATED)

    shown = words(sign_in(lin).get(HERE))

    assert "The platform's own system · your data" in shown or "your data" in shown


def test_both_kinds_of_employer_and_every_purpose_of_a_desk_have_words() -> None:
    assert len(EMPLOYERS) >= 2
    assert {"desk.search", "desk.bill", "api.eligibility", "office.list", "api.applications"} <= SEEN.keys()
