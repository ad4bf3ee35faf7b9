"""The family page: children who share, parents who are paid for, and what everybody sees of it."""

from datetime import date
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Notice, Person
from city.identities import resident_id
from credit.models import FamilyLink
from credit.operations.family import accept_offer, add_child, end_link, limit_relative, offer_to_pay
from credit.operations.standing import suspend
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words
from tests.sandbox_process import SandboxProcess

HERE = "/en/me/family/"
OLD = date(1955, 6, 1)
CHILD = {"name": "林小雨", "resident_id": resident_id(date(2014, 4, 10), 801), "is_mine": "on"}
MOTHER = {"name": "陈秀英", "resident_id": resident_id(OLD, 802)}
EIGHTEEN = date(2026, 2, 1)

pytestmark = [pytest.mark.article(24), pytest.mark.usefixtures("fresh_sandbox")]


def name(browser: Client, way: str, who: dict[str, str]) -> Any:
    return browser.post(f"{HERE}{way}/", who)


def link_between(payer: Person, dependant: Person, town: Town, *, agreed: bool = True) -> FamilyLink:
    link = offer_to_pay(child=payer, parent=dependant, at=town.at(TREATED, 8))
    return accept_offer(link=link, at=town.at(TREATED, 9)) if agreed else link


def test_an_empty_family_page_offers_one_action_for_each_kind(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    today_is(TREATED)
    page = sign_in(town.enrol()).get(HERE)
    for words_of_it in ("Add a child under 18", "Offer to pay for a parent", "Nobody pays for you"):
        assert words_of_it in words(page)
    assert f'href="{HERE}child/"' in page.content.decode()
    assert f'href="{HERE}parent/"' in page.content.decode()


def test_a_child_is_named_checked_and_added(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    today_is(TREATED)
    browser = sign_in(lin)
    assert name(browser, "child", CHILD).headers["Location"] == f"{HERE}child/check/"

    waiting = str([session.get_decoded() for session in Session.objects.all()])
    assert "family_child" in waiting and CHILD["name"] not in waiting and CHILD["resident_id"] not in waiting
    page = words(browser.get(f"{HERE}child/check/"))
    assert "林*雨" in page and "The bills are yours: you repay them" in page
    assert CHILD["resident_id"] not in page and "2032" not in page

    done = browser.post(f"{HERE}child/check/")
    link = FamilyLink.objects.select_related("dependant").get()
    assert done.headers["Location"] == f"{HERE}{link.reference}/done/"
    assert (link.dependant.name, link.state, link.ends_on) == ("林小雨", "active", date(2032, 4, 10))
    page = words(browser.get(done.headers["Location"]))
    assert "林*雨 now shares your limit" in page and link.reference in page
    assert browser.get(f"{HERE}child/check/").headers["Location"] == f"{HERE}child/"
    assert town.treat(link.dependant, TREATED, 10_000).payer == lin


@pytest.mark.article(26)
def test_what_the_register_does_not_know_together_is_answered_in_one_way(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    today_is(TREATED)
    browser = sign_in(town.enrol())
    answers = set()
    for reason in ("name_differs", "unknown_number", "something_else"):
        fresh_sandbox.mismatch(MOTHER["resident_id"], reason)
        answer = name(browser, "parent", MOTHER)
        assert answer.status_code == 422
        answers.add(words(answer))
    assert len(answers) == 1 and "Name and identity number do not belong together." in answers.pop()
    assert Person.objects.count() == 1


@pytest.mark.article(32)
def test_tries_are_counted_and_a_register_that_is_away_costs_none(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: SandboxProcess, settings: Any
) -> None:
    today_is(TREATED)
    browser = sign_in(town.enrol())
    there, settings.IDENTITY_URL = settings.IDENTITY_URL, "http://127.0.0.1:9"
    for _try in range(21):
        assert "The identity register does not answer just now." in words(name(browser, "parent", MOTHER))
    settings.IDENTITY_URL = there
    fresh_sandbox.mismatch(MOTHER["resident_id"])
    for _try in range(20):
        assert "do not belong together" in words(name(browser, "parent", MOTHER))
    assert "Too many tries from your network." in words(name(browser, "parent", MOTHER))


def test_an_adult_is_no_child_and_a_guardian_says_so(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    today_is(TREATED)
    browser = sign_in(town.enrol())
    answer = name(browser, "child", {**MOTHER, "is_mine": "on"})
    assert answer.status_code == 422 and "Only a child under 18" in words(answer)
    answer = name(browser, "child", {**CHILD, "is_mine": ""})
    assert "Only a parent or guardian can add a child." in words(answer)


def test_a_second_parent_is_refused_with_the_article_and_what_to_do(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    today_is(TREATED)
    first, second = sign_in(town.enrol()), sign_in(town.enrol("王丽"))
    for browser in (first, second):
        name(browser, "child", CHILD)
    first.post(f"{HERE}child/check/")

    answer = second.post(f"{HERE}child/check/")

    assert answer.status_code == 409
    page = words(answer)
    assert "Somebody already pays for this person; that has to end first. Article 24" in page
    assert "they or the parent who is paid for end that on the family page first" in page
    assert FamilyLink.objects.count() == 1


def test_pressing_twice_adds_a_child_once(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    today_is(TREATED)
    browser, other = sign_in(lin), sign_in(lin)
    for window in (browser, other):
        name(window, "child", CHILD)
    places = {window.post(f"{HERE}child/check/").headers["Location"] for window in (browser, other)}
    assert len(places) == FamilyLink.objects.count() == 1


def test_without_an_account_of_ones_own_nobody_is_added(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    nobody, wang = town.move_in(), town.enrol("王丽")
    today_is(TREATED)
    assert "Whoever pays for somebody else needs an account" in words(sign_in(nobody).get(f"{HERE}child/"))
    bill = town.treat(wang, TREATED, 1_000)
    suspend(account=town.account(wang), bill_number=bill.number, at=town.at(TREATED))
    assert "Your credit is suspended" in words(sign_in(wang).get(f"{HERE}parent/"))


@pytest.mark.article(32)
def test_an_offer_reads_the_same_whether_or_not_the_parent_is_known_or_paid_for(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, wei = town.enrol(), town.enrol("林志伟")
    member = town.enrol("陈秀英", born_on=OLD)
    paid = town.move_in("陈秀英", born_on=OLD)
    link_between(wei, paid, town)
    today_is(TREATED)
    stranger = MOTHER["resident_id"]
    pages, statuses = set(), set()
    for number in (member.resident_id, paid.resident_id, stranger):
        browser = sign_in(lin)
        steps = [name(browser, "parent", {**MOTHER, "resident_id": number})]
        steps.append(browser.get(f"{HERE}parent/check/"))
        steps.append(browser.post(f"{HERE}parent/check/"))
        steps.append(browser.get(steps[-1].headers["Location"]))
        statuses.add(tuple(step.status_code for step in steps))
        link = FamilyLink.objects.latest("pk")
        pages.add(words(steps[-1]).replace(link.reference, ""))
    assert statuses == {(302, 200, 302, 200)} and len(pages) == 1
    assert "Your offer to 陈*英 is made" in pages.pop()


def test_a_name_that_the_platform_knows_otherwise_is_not_given_away(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    known = town.move_in("陈阿英", born_on=OLD)
    today_is(TREATED)
    browser = sign_in(town.enrol())
    name(browser, "parent", {**MOTHER, "resident_id": known.resident_id})
    answer = browser.post(f"{HERE}parent/check/")
    assert answer.status_code == 409 and "do not belong together" in words(answer)


def test_a_parent_is_told_reads_what_it_means_and_agrees(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, mother = town.enrol(), town.enrol("陈秀英", born_on=OLD, score=600)
    today_is(TREATED)
    browser = sign_in(lin)
    name(browser, "parent", {**MOTHER, "resident_id": mother.resident_id})
    browser.post(f"{HERE}parent/check/")
    link = FamilyLink.objects.get()
    assert Notice.objects.get(person=mother, kind="credit.family_offered")

    hers = sign_in(mother)
    assert "林*明 offers to pay for your care" in words(hers.get(HERE))
    page = words(hers.get(f"{HERE}{link.reference}/answer/"))
    assert "林*明 owes your new bills, repays them, and gets the messages about them." in page
    assert "Your own limit of ¥1,000.00 is drawn, as before." in page
    assert "What was done is shown to you alone." in page
    done = hers.post(f"{HERE}{link.reference}/answer/", {"answer": "agree"})
    assert "林*明 now pays for your care" in words(hers.get(done.headers["Location"]))
    assert "You now pay for 陈*英" in words(browser.get(f"{HERE}{link.reference}/done/"))


def test_a_parent_declines_and_both_are_told(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin, mother = town.enrol(), town.move_in("陈秀英", born_on=OLD)
    link = link_between(lin, mother, town, agreed=False)
    today_is(TREATED)
    hers = sign_in(mother)
    done = hers.post(f"{HERE}{link.reference}/answer/", {"answer": "decline"})
    assert "The offer no longer stands" in words(hers.get(done.headers["Location"]))
    assert Notice.objects.filter(kind="credit.family_offer_ended").count() == 2
    assert hers.post(f"{HERE}{link.reference}/answer/", {"answer": "agree"}).status_code == 302
    assert FamilyLink.objects.get().state == FamilyLink.State.ENDED


def test_a_parent_for_whom_somebody_pays_ends_that_before_agreeing_to_another(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, wei, mother = town.enrol(), town.enrol("林志伟"), town.move_in("陈秀英", born_on=OLD)
    first, second = link_between(wei, mother, town), link_between(lin, mother, town, agreed=False)
    today_is(TREATED)
    hers = sign_in(mother)
    answer = hers.post(f"{HERE}{second.reference}/answer/", {"answer": "agree"})
    assert answer.status_code == 409 and "Somebody already pays for this person" in words(answer)
    assert "End the sharing with 林*伟" in words(hers.get(f"{HERE}{first.reference}/end/"))
    hers.post(f"{HERE}{first.reference}/end/")
    hers.post(f"{HERE}{second.reference}/answer/", {"answer": "agree"})
    second.refresh_from_db()
    assert second.state == FamilyLink.State.ACTIVE


@pytest.mark.article(28)
def test_the_pool_shows_everybodys_part_and_what_is_left(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, wang = town.enrol(), town.enrol("王丽")
    child, grown = (town.move_in(who, born_on=date(2014, 4, 10)) for who in ("林小雨", "林小鹭"))
    father = town.move_in("林国强", born_on=OLD)
    link = add_child(parent=lin, child=child, at=town.at(TREATED, 8))
    limit_relative(link=link, limit_fen=50_000, at=town.at(TREATED, 8))
    before = add_child(parent=lin, child=grown, at=town.at(TREATED, 8))
    link_between(lin, father, town)
    for person, fen in ((lin, 10_000), (child, 20_000), (grown, 5_000), (father, 30_000), (wang, 70_000)):
        town.treat(person, TREATED, fen)
    town.admit(father, TREATED, 1_000)
    end_link(link=before, at=town.at(TREATED, 10))
    today_is(TREATED)
    page = words(sign_in(lin).get(HERE))
    assert (
        "Limit ¥3,000.00 Yourself −¥100.00 林*雨 at most ¥500.00 at a time −¥200.00 林*强 −¥310.00"
        " Bills from sharing that has ended −¥50.00 Available ¥2,340.00"
    ) in page
    assert "王" not in page


@pytest.mark.article(28)
def test_a_page_of_a_child_shows_bills_limit_and_what_is_owed_until_it_is_18(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    child = town.move_in("林小鹭", born_on=date(2008, 2, 1))
    link = add_child(parent=lin, child=child, at=town.at(TREATED, 8))
    bill, own = town.treat(child, TREATED, 30_000), town.treat(lin, TREATED, 1_000)
    today_is(TREATED)
    browser = sign_in(lin)
    page = words(browser.get(f"{HERE}{link.reference}/"))
    assert "You owe for their bills ¥300.00" in page and bill.number in page and own.number not in page

    today_is(EIGHTEEN)
    browser = sign_in(lin)
    for place in ("", "done/", "limit/", "end/"):
        assert browser.get(f"{HERE}{link.reference}/{place}").status_code == 404
    assert "林*鹭" not in words(browser.get(HERE))
    assert bill.number in words(browser.get("/en/me/bills/"))


@pytest.mark.article(28)
@pytest.mark.article(32)
def test_parent_and_child_each_see_what_is_owed_on_the_parents_bills(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, mother = town.enrol(), town.enrol("陈秀英", born_on=OLD, score=600)
    own = town.treat(mother, TREATED, 1_000, hour=7)
    link = link_between(lin, mother, town)
    bill = town.treat(mother, TREATED, 30_000)
    today_is(TREATED)
    mine = words(sign_in(lin).get(f"{HERE}{link.reference}/"))
    hers = words(sign_in(mother).get(f"{HERE}{link.reference}/"))
    assert "You owe for their bills ¥300.00" in mine and "Limit of their own account ¥1,000.00" in mine
    assert "Owed on your bills ¥300.00" in hers and "You need not pay these bills." in hers
    for page in (mine, hers):
        assert bill.number in page and own.number not in page and "诊查费" not in page


@pytest.mark.article(32)
@pytest.mark.parametrize("place", ["", "answer/", "limit/", "end/", "done/", "paper/"])
def test_another_familys_page_is_answered_as_one_that_does_not_exist(
    town: Town, sign_in: SignIn, today_is: Travel, place: str
) -> None:
    link = link_between(town.enrol(), town.move_in("陈秀英", born_on=OLD), town, agreed=False)
    today_is(TREATED)
    stranger = sign_in(town.enrol("王丽"))
    for method in (stranger.get, stranger.post):
        theirs, unknown = method(f"{HERE}{link.reference}/{place}"), method(f"{HERE}F000000000000/{place}")
        assert theirs.status_code == unknown.status_code
        assert theirs.status_code == 404 or (theirs.status_code == 405 and method == stranger.post)
        assert words(theirs).replace(link.reference, "") == words(unknown).replace("F000000000000", "")
    assert FamilyLink.objects.get().state == FamilyLink.State.OFFERED


def test_the_one_who_is_paid_for_sets_no_limit_and_prints_no_paper(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    mother = town.move_in("陈秀英", born_on=OLD)
    link = link_between(town.enrol(), mother, town)
    today_is(TREATED)
    hers = sign_in(mother)
    for place in ("limit/", "paper/"):
        assert hers.get(f"{HERE}{link.reference}/{place}").status_code == 404
    assert hers.post(f"{HERE}{link.reference}/limit/", {"limit": "1"}).status_code == 404


def test_a_payer_cannot_agree_in_a_parents_place(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    link = link_between(lin, town.move_in("陈秀英", born_on=OLD), town, agreed=False)
    today_is(TREATED)
    sign_in(lin).post(f"{HERE}{link.reference}/answer/", {"answer": "agree"})
    assert FamilyLink.objects.get().state == FamilyLink.State.OFFERED


def test_a_limit_is_set_and_lifted(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin, child = town.enrol(), town.move_in("林小雨", born_on=date(2014, 4, 10))
    link = add_child(parent=lin, child=child, at=town.at(TREATED, 8))
    town.treat(child, TREATED, 20_000)
    today_is(TREATED)
    browser = sign_in(lin)
    place = f"{HERE}{link.reference}/limit/"
    assert "¥200.00 is in use now." in words(browser.get(place))
    for typed, said in (("0", "Enter at least"), ("0.001", ""), ("9999999", "Enter at most"), ("x", "")):
        answer = browser.post(place, {"limit": typed})
        assert answer.status_code == 422 and said in words(answer)
    answer = browser.post(place, {"limit": "５００"}, follow=True)
    assert "At most at a time ¥500.00" in words(answer) and "Left of it ¥300.00" in words(answer)
    assert 'value="500.00"' in browser.get(place).content.decode()
    browser.post(place, {"limit": ""})
    link.refresh_from_db()
    assert link.limit_fen is None


@pytest.mark.parametrize("who", ["payer", "dependant"])
def test_either_ends_it_for_new_bills_only(town: Town, sign_in: SignIn, today_is: Travel, who: str) -> None:
    lin, mother = town.enrol(), town.move_in("陈秀英", born_on=OLD)
    link = link_between(lin, mother, town)
    bill = town.treat(mother, TREATED, 30_000)
    today_is(TREATED)
    browser = sign_in(lin if who == "payer" else mother)
    page = words(browser.get(f"{HERE}{link.reference}/end/"))
    assert "Bills already made stay" in page and "¥300.00" in page
    done = browser.post(f"{HERE}{link.reference}/end/")
    assert "The sharing has ended" in words(browser.get(done.headers["Location"]))
    assert browser.get(f"{HERE}{link.reference}/").headers["Location"] == done.headers["Location"]
    bill.refresh_from_db()
    assert bill.payer == lin and bill.number in words(browser.get("/en/me/bills/?show=family"))


def test_the_paper_says_who_pays_where_to_go_and_what_is_recorded(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, mother = town.enrol(), town.move_in("陈秀英", born_on=OLD)
    link = link_between(lin, mother, town, agreed=False)
    today_is(TREATED)
    browser = sign_in(lin)
    page = words(browser.get(f"{HERE}{link.reference}/paper/"))
    for said in ("Who pays 林*明", "For whom 陈*英", "Hospital XM001", "12345", "Signature of the parent"):
        assert said in page
    assert "An operator compares both and records the answer" in page and mother.resident_id not in page
    accept_offer(link=link, at=town.at(TREATED))
    page = words(browser.get(f"{HERE}{link.reference}/paper/"))
    assert "Nothing has to be signed." in page and "Signature" not in page


def test_a_family_page_asks_a_handful_of_questions_however_large_the_family(
    town: Town, sign_in: SignIn, today_is: Travel, django_assert_max_num_queries
) -> None:
    lin = town.enrol()
    for who in ("林一", "林二", "林三", "林四"):
        child = town.move_in(who, born_on=date(2014, 4, 10))
        add_child(parent=lin, child=child, at=town.at(TREATED, 8))
        town.treat(child, TREATED, 1_000)
    today_is(TREATED)
    browser = sign_in(lin)
    browser.get("/en/help/")  # the first page of a sign-in dates it
    with django_assert_max_num_queries(12):
        assert browser.get(HERE).status_code == 200
