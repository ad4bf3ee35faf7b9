"""The ladder of reminders, shown as it is."""

from datetime import date

import pytest

from accounts.models import Message
from accounts.operations.outbox import deliver, poll_receipts
from billing.operations.dunning import send_reminders
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import LATE_1, TREATED
from tests.portal.reading import words
from tests.sandbox_process import SandboxProcess


@pytest.mark.article(27)
def test_only_a_reminder_that_arrived_counts_and_the_page_says_so(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    fresh_sandbox.set_outcome(lin.phone, "fail")
    town.live(LATE_1)
    fresh_sandbox.deliver_sms(lin.phone)
    town.live(date(2026, 2, 26))
    today_is(date(2026, 2, 27))
    page = words(sign_in(lin).get("/en/me/reminders/"))
    assert "Reminder 1 of 3 · ¥500." in page
    assert "Sent 25 Feb 2026, not delivered: it does not count." in page
    assert "Sent 26 Feb 2026, reached you 26 Feb 2026: it counts." in page
    assert "Goes out on 5 Mar 2026 if the bill is unpaid then." in page
    assert "7 days after the third reminder, if the bill is still unpaid." in page
    assert f"{bill.number} (1 of 3)" in page
    assert "voice call: failed" in page


def test_whoever_owes_nothing_late_reads_that_friendly_notices_never_count(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED)
    today_is(TREATED)
    page = words(sign_in(lin).get("/en/me/reminders/"))
    assert "Nothing is overdue" in page and "Those never count." in page


@pytest.mark.article(27)
def test_a_reminder_whose_call_would_ring_in_the_night_rings_in_the_morning(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED)
    send_reminders(on=LATE_1, at=town.at(LATE_1, 9))
    deliver(at=town.at(LATE_1, 19))
    fresh_sandbox.set_outcome(lin.phone, "fail")
    poll_receipts(at=town.at(LATE_1, 21))
    call = Message.objects.get(notice__kind="reminder", channel=Message.Channel.VOICE)

    deliver(at=town.at(LATE_1, 21))

    call.refresh_from_db()
    assert (call.state, call.next_at) == (Message.State.QUEUED, town.at(date(2026, 2, 26), 9))


def test_the_other_bills_of_whoever_is_suspended_name_no_day_for_it(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    chen = town.enrol("陈建国")
    town.treat(chen, TREATED)
    town.treat(chen, date(2026, 1, 12))
    for on in (LATE_1, date(2026, 3, 4), date(2026, 3, 11), date(2026, 3, 18)):
        town.live(on)
    today_is(date(2026, 3, 20))
    page = words(sign_in(chen).get("/en/me/reminders/"))
    assert "Your credit was suspended because of this bill." in page
    assert "Your credit is suspended already, because of another bill." in page
    assert "If the bill is unpaid on this day" not in page
