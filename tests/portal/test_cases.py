"""The service centre as a citizen uses it."""

import re
from datetime import date

import pytest

from accounts.models import User
from billing.operations.objections import object_to
from complaints.models import Case, CaseMessage
from complaints.operations.cases import MOST_OPEN, answer_case, open_case
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import LATE_1, TREATED
from tests.portal.reading import words

CASES, NEW = "/en/me/cases/", "/en/me/cases/new/"


@pytest.fixture
def ou(db: None) -> User:
    return User.objects.create_user("ou", role=User.Role.OPERATOR, is_staff=True)


@pytest.mark.article(13)
def test_a_complaint_from_a_bill_needs_a_cause_and_nothing_else(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    today_is(TREATED)
    browser = sign_in(lin)
    page = browser.get(f"/en/me/bills/{bill.number}/")
    address = f"{NEW}?bill={bill.number}"
    assert f'href="{address}"' in page.content.decode()
    assert "object to the bill" in words(browser.get(address))
    answer = browser.post(address, {"cause": "amount", "statement": ""})
    case = Case.objects.get()
    assert answer.headers["Location"] == f"{CASES}{case.number}/"
    assert (case.kind, case.cause, case.bill, case.hospital) == ("complaint", "amount", bill, town.hospital)
    confirmed = words(browser.get(answer.headers["Location"]))
    assert "We have your complaint" in confirmed and case.number in confirmed
    assert "You have a written answer by 16 Jan 2026" in confirmed
    assert "Nothing stops this clock." in confirmed


def test_even_a_paid_bill_can_be_complained_about(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    town.pay(lin, 50_000, TREATED)
    today_is(TREATED, 14)
    browser = sign_in(lin)
    assert f"?bill={bill.number}" in browser.get(f"/en/me/bills/{bill.number}/").content.decode()
    assert browser.post(f"{NEW}?bill={bill.number}", {"cause": "refund"}).status_code == 302


def test_whoever_starts_without_a_bill_first_says_what_it_is(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    today_is(TREATED)
    browser = sign_in(town.enrol())
    assert "Ask, complain or object" in words(browser.get(CASES))
    start = browser.get(NEW).content.decode()
    assert [kind for kind in ("inquiry", "complaint", "objection") if f"?kind={kind}" not in start] == []
    posted = {"cause": "service", "statement": "护士态度不好", "hospital": "XM001", "lender": ""}
    assert browser.post(f"{NEW}?kind=complaint", posted).status_code == 302
    case = Case.objects.get()
    assert (case.hospital, case.lender, case.statement) == (town.hospital, None, "护士态度不好")


@pytest.mark.article(29)
def test_an_objection_to_the_score_starts_on_the_limit_sheet(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    today_is(TREATED)
    browser = sign_in(town.enrol(score=520))
    sheet = browser.get("/en/me/limit/")
    assert "kind=objection&amp;cause=score" in sheet.content.decode()
    page = browser.get(f"{NEW}?kind=objection&cause=score").content.decode()
    assert re.search(r'<input[^>]*value="score"[^>]*checked', page)
    assert browser.post(f"{NEW}?kind=objection", {"cause": "score", "statement": "已还清"}).status_code == 302
    assert Case.objects.get().kind == "objection"


def test_an_objection_that_names_a_bill_goes_to_the_bills_own_page(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    today_is(TREATED)
    answer = sign_in(lin).get(f"{NEW}?kind=objection&bill={bill.number}")
    assert answer.headers["Location"] == f"/en/me/bills/{bill.number}/object/"


@pytest.mark.parametrize(
    ("posted", "sentence"),
    [
        ({"cause": "", "statement": "态度不好"}, "Choose what it is about."),
        ({"cause": "score", "statement": "态度不好"}, "Choose what it is about."),
        ({"cause": "service", "statement": " "}, "Say it in your own words."),
        ({"cause": "service", "statement": "长" * 1001}, "1000"),
        ({"cause": "service", "statement": "好", "hospital": "NONE"}, "Select a valid choice"),
    ],
)
def test_what_is_missing_is_asked_for_and_nothing_typed_is_lost(
    town: Town, sign_in: SignIn, today_is: Travel, posted: dict[str, str], sentence: str
) -> None:
    today_is(TREATED)
    answer = sign_in(town.enrol()).post(f"{NEW}?kind=complaint", posted)
    assert answer.status_code == 422 and sentence in words(answer)
    assert posted["statement"].strip() in answer.content.decode()
    assert not Case.objects.exists()


def test_the_eleventh_that_waits_is_refused_kindly(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    for n in range(MOST_OPEN):
        open_case(person=lin, kind="inquiry", cause="use", statement=f"第 {n} 问", at=town.at(TREATED, 9))
    today_is(TREATED)
    answer = sign_in(lin).post(f"{NEW}?kind=inquiry", {"cause": "use", "statement": "再问"})
    assert answer.status_code == 422
    assert "10 of your cases wait for an answer." in words(answer)


@pytest.mark.article(29)
def test_objections_to_bills_stand_in_the_same_list_and_are_not_copied(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    object_to(bill=bill, statement="重复收费", at=town.at(TREATED, 11))
    case = open_case(person=lin, kind="inquiry", cause="use", statement="？", at=town.at(TREATED, 12))
    today_is(TREATED, 14)
    page = sign_in(lin).get(CASES)
    text = page.content.decode()
    assert text.index(f"/en/me/cases/{case.number}/") < text.index(f"/en/me/bills/{bill.number}/objection/")
    assert "Objection to a bill" in words(page) and Case.objects.count() == 1


@pytest.mark.article(29)
def test_a_late_answer_is_called_late_and_one_that_came_late_too(
    town: Town, sign_in: SignIn, today_is: Travel, ou: User
) -> None:
    lin = town.enrol()
    case = open_case(person=lin, kind="complaint", cause="service", statement="态度", at=town.at(TREATED))
    late = date(2026, 1, 19)
    today_is(late)
    browser = sign_in(lin)
    assert "Answer 3 days late" in words(browser.get(CASES))
    page = words(browser.get(f"{CASES}{case.number}/"))
    assert "It was due on 16 Jan 2026, 3 days ago. We are sorry." in page
    answer_case(case=case, answer="已向医院核实。", by=ou, at=town.at(late, 15))
    page = words(browser.get(f"{CASES}{case.number}/"))
    assert "Your complaint has its answer 已向医院核实。" in page
    assert "It was due on 16 Jan 2026 and came late. We are sorry." in page
    assert "Open another case" in page


def test_more_can_be_said_until_the_answer(town: Town, sign_in: SignIn, today_is: Travel, ou: User) -> None:
    lin = town.enrol()
    case = open_case(person=lin, kind="inquiry", cause="use", statement="？", at=town.at(TREATED))
    today_is(LATE_1)
    browser, address = sign_in(lin), f"{CASES}{case.number}/"
    assert browser.post(address, {"text": "补充：是挂号时"}).status_code == 302
    assert "补充：是挂号时" in words(browser.get(address))
    assert browser.post(address, {"text": " "}).status_code == 422
    answer_case(case=case, answer="答", by=ou, at=town.at(LATE_1, 15))
    refused = browser.post(address, {"text": "还有"})
    assert refused.status_code == 422 and CaseMessage.objects.count() == 1


@pytest.mark.article(32)
def test_anothers_case_or_bill_is_answered_like_none(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin, wang = town.enrol(), town.enrol("王丽珠")
    case = open_case(person=wang, kind="inquiry", cause="use", statement="？", at=town.at(TREATED))
    bill = town.treat(wang, TREATED)
    today_is(TREATED)
    browser = sign_in(lin)
    addresses = [
        f"{CASES}{case.number}/",
        f"{CASES}C20260109-9999999-1/",
        f"{CASES}x/",
        f"{NEW}?bill={bill.number}",
        f"{NEW}?bill=%00",
    ]
    answers = [browser.get(address) for address in addresses]
    assert {answer.status_code for answer in answers} == {404}
    assert browser.post(addresses[0], {"text": "我的"}).status_code == 404
