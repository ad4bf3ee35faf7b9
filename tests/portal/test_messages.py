"""The message centre: what was told, word for word, how it went out, and when one wants to be texted."""

import re
from datetime import timedelta

import pytest

from accounts.models import Message, Notice
from accounts.operations.notices import notify
from accounts.operations.outbox import deliver, poll_receipts
from billing import notices
from common.errors import BadInput
from credit.operations.texts import choose_texts
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words
from tests.portal.test_export import prove
from tests.sandbox_process import SandboxProcess

HERE = "/en/me/messages/"
HOURS = "/en/me/account/texts/"
REMINDED = {"to_pay_fen": 50_000, "bills": "B1", "stage": 1, "suspend_after_days": 7}
DUE_SOON = {"to_pay_fen": 50_000, "due_on": "2026-02-24"}


@pytest.mark.article(27)
def test_each_message_has_a_page_that_no_row_number_shows_in(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 58_150)
    today_is(TREATED)
    browser = sign_in(lin)

    shown = browser.get(HERE).content.decode()
    addresses = re.findall(r'href="(/en/me/messages/[^"?]+)"', shown)

    assert addresses == [
        f"{HERE}M20260109-100000-1/",
        f"{HERE}M20260105-100000-2/",
        f"{HERE}M20260105-100000-1/",
    ]
    page = words(browser.get(addresses[0]))
    assert bill.number in page and "¥581.50" in page
    assert "Stands here from this moment on." in page


@pytest.mark.article(27)
def test_opening_one_message_reads_that_one_and_no_other(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED)
    today_is(TREATED)
    browser = sign_in(lin)
    unread = Notice.objects.filter(person=lin).unread()
    before = unread.count()

    browser.get(f"{HERE}M20260109-100000-1/")

    assert unread.count() == before - 1
    assert "M20260109" not in browser.get(f"{HERE}?show=unread").content.decode()
    browser.post(HERE)
    assert "Nothing unread" in words(browser.get(f"{HERE}?show=unread"))


@pytest.mark.parametrize(
    "number", ["1", "M20260109-100000-2", "M20269999-100000-1", "M20260109-100000-0", "x"]
)
def test_what_is_not_ones_own_is_not_there(
    number: str, town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, wang = town.enrol(), town.enrol("王小雨")
    town.treat(lin, TREATED)
    today_is(TREATED)

    assert sign_in(lin).get(f"{HERE}{number}/").status_code == 404
    assert sign_in(wang).get(f"{HERE}M20260109-100000-1/").status_code == 404


@pytest.mark.article(27)
def test_the_words_stay_as_they_were_sent_and_each_channel_says_how_it_fared(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    fresh_sandbox.fail_sms(lin.phone)
    at = town.at(TREATED)
    notify(person=lin, kind=notices.REMINDER, params=REMINDED, reference="reminder:1", at=at)
    for _round in range(2):
        deliver(at=at)
        poll_receipts(at=at)
    today_is(TREATED)
    # The person reads English now; what went out then was Chinese.
    lin.language = "en"
    lin.save()

    page = words(sign_in(lin).get(f"{HERE}M20260109-100000-1/"))

    [sent] = [one for one in fresh_sandbox.inbox(lin.phone) if one["reference"] == "reminder:1:sms"]
    # Marked as Chinese, part by part.
    assert sent["text"].startswith("您有逾期账单") and sent["text"].replace(" ", "") in page.replace(" ", "")
    assert "You owe ¥500.00 on overdue bills" in page
    assert "Not delivered" in page and "We went on by voice call." in page
    assert page.count("Delivered") == 1


@pytest.mark.article(27)
def test_outside_the_hours_chosen_a_text_waits_and_a_reminder_too(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    fresh_sandbox.deliver_sms(lin.phone)
    deliver(at=town.at(TREATED, 9))
    choose_texts(person=lin, hours=(12, 18), needed_only=False, at=town.at(TREATED, 9))
    notify(person=lin, kind=notices.REMINDER, params=REMINDED, reference="r", at=town.at(TREATED, 9, 30))
    told = Message.objects.filter(reference="r:sms")

    assert deliver(at=town.at(TREATED, 10))["queued"] == 1
    assert deliver(at=town.at(TREATED, 11, 59)).claimed == 0
    today_is(TREATED)
    assert "Goes out 9 Jan 2026, 12:00 at the earliest." in words(
        sign_in(lin).get(f"{HERE}M20260109-093000-1/")
    )
    assert deliver(at=town.at(TREATED, 12))["sent"] == 1
    poll_receipts(at=town.at(TREATED, 12))
    assert told.get().state == Message.State.DELIVERED

    # In the evening it is tomorrow.
    notify(person=lin, kind=notices.REMINDER, params=REMINDED, reference="s", at=town.at(TREATED, 18))
    deliver(at=town.at(TREATED, 18))
    assert Message.objects.get(reference="s:sms").next_at == town.at(TREATED + timedelta(days=1), 12)


@pytest.mark.article(27)
def test_what_is_only_for_information_may_stay_in_the_app_but_a_reminder_is_always_texted(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    today_is(TREATED)
    browser = sign_in(lin)
    assert browser.post(HOURS, {"hours": "any", "needed_only": "on"}).headers["Location"] == HOURS

    at = town.at(TREATED)
    notify(person=lin, kind=notices.DUE_SOON, params=DUE_SOON, reference="d", at=at)
    notify(person=lin, kind=notices.REMINDER, params=REMINDED, reference="r", at=at)

    assert not Message.objects.filter(reference="d:sms").exists()
    assert Message.objects.filter(reference="r:sms").exists()
    assert "Not texted: you chose" in words(browser.get(f"{HERE}M20260109-100000-1/"))


@pytest.mark.article(27)
def test_the_hours_are_chosen_inside_those_of_the_policy(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    today_is(TREATED)
    browser = sign_in(lin)

    shown = words(browser.get(HOURS))
    assert "between 09:00–20:00 and at no other time" in shown
    assert "nobody can switch reminders off" in shown
    browser.post(HOURS, {"hours": "12-18"})
    lin.refresh_from_db()
    assert (lin.texts_from_hour, lin.texts_until_hour) == (12, 18)
    assert browser.post(HOURS, {"hours": "0-24"}).status_code == 422
    for hours in ((8, 12), (17, 21), (12, 14)):
        with pytest.raises(BadInput):
            choose_texts(person=lin, hours=hours, needed_only=False, at=town.at(TREATED))


@pytest.mark.article(26)
def test_a_new_phone_holds_once_its_code_is_typed_in(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    old = lin.phone
    today_is(TREATED)
    browser = sign_in(lin)
    here = "/en/me/account/phone/"

    assert browser.get(here).headers["Location"].startswith("/en/me/account/check/")
    prove(browser, lin)
    assert browser.post(here, {"phone": old}).status_code == 422
    browser.post(here, {"phone": "13700000009"})
    right = code_of(fresh_sandbox, "13700000009")
    assert browser.post(here, {"code": f"{(int(right) + 1) % 10**6:06}"}).status_code == 422
    lin.refresh_from_db()
    assert lin.phone == old
    assert browser.post(here, {"code": right}).headers["Location"] == "/en/me/account/"

    lin.refresh_from_db()
    assert lin.phone == "13700000009"
    assert "137****0009" in words(browser.get("/en/me/account/"))
    assert Notice.objects.get(kind="account.phone_changed").person == lin
    assert "13700000009" not in str(dict(browser.session))


@pytest.mark.article(26)
def test_the_language_of_texts_is_changed_and_name_and_number_are_not(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    today_is(TREATED)
    browser = sign_in(lin)

    browser.post("/en/me/account/language/", {"language": "en", "name": "王五"})

    lin.refresh_from_db()
    assert (lin.language, lin.name) == ("en", "林志明")
    assert browser.post("/en/me/account/language/", {"language": "fr"}).status_code == 422
    assert "Name and identity number come from the identity register" in words(browser.get("/en/me/account/"))
