"""Why credit is suspended, shown with every figure, and the way out."""

from datetime import date, timedelta

import pytest

from billing.models import Bill
from billing.operations.objections import object_to
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import DUE, TREATED
from tests.portal.reading import words
from tests.sandbox_process import SandboxProcess

SUSPENDED = DUE + timedelta(days=22)  # 18 March 2026
PAGE = "/en/me/suspension/"


@pytest.fixture
def unpaid(town: Town, fresh_sandbox: SandboxProcess) -> Bill:
    """Lin's only bill, three reminders and seven days later."""
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    for days in (1, 8, 15, 22):
        town.live(DUE + timedelta(days=days))
    bill.refresh_from_db()
    return bill


@pytest.mark.article(27)
@pytest.mark.article(30)
def test_a_suspension_is_explained_by_rule_bill_reminders_and_amount(
    town: Town, sign_in: SignIn, today_is: Travel, unpaid: Bill
) -> None:
    today_is(SUSPENDED + timedelta(days=1))
    browser = sign_in(unpaid.payer)
    home = browser.get("/en/me/").content.decode()
    assert f'href="{PAGE}"' in home
    answer = browser.get(PAGE)
    page = words(answer)
    assert f"Since 18 Mar 2026, because bill {unpaid.number} stayed unpaid" in page
    assert "Reminder 1 of 3 sent 25 Feb 2026, reached you 25 Feb 2026" in page
    assert "Reminder 3 of 3 sent 11 Mar 2026, reached you 11 Mar 2026" in page
    assert "11 Mar 2026 + 7 = 18 Mar 2026" in page
    assert "Care is never refused" in page and "Article 27" in page and "Article 30" in page
    unpaid.refresh_from_db()
    owed = f"¥{unpaid.to_pay_fen // 100}.{unpaid.to_pay_fen % 100:02d}"
    assert f"To be paid: all that is past due {owed}" in page and f"Repay {owed}" in page
    assert "kind=objection&amp;cause=standing" in answer.content.decode()
    assert f"/en/me/bills/{unpaid.number}/object/" in answer.content.decode()
    reminders = browser.get("/en/me/reminders/")
    assert "Your credit was suspended because of this bill." in words(reminders)
    assert f'href="{PAGE}"' in reminders.content.decode()


@pytest.mark.article(30)
def test_paying_ends_it_by_itself_and_the_spell_stays_in_the_history(
    town: Town, sign_in: SignIn, today_is: Travel, unpaid: Bill
) -> None:
    paid_on = SUSPENDED + timedelta(days=1)
    town.pay(unpaid.payer, unpaid.to_pay_fen + 1_000, paid_on)
    today_is(paid_on, 14)
    page = words(sign_in(unpaid.payer).get(PAGE))
    assert "Your credit is not suspended" in page
    assert "18 Mar 2026 19 Mar 2026" in page and "everything overdue was paid" in page


def test_an_objection_is_shown_on_the_sheet_and_what_is_past_due_stays_the_way_out(
    town: Town, sign_in: SignIn, today_is: Travel, unpaid: Bill
) -> None:
    on = SUSPENDED + timedelta(days=1)
    object_to(bill=unpaid, statement="不是我", at=town.at(on))
    today_is(on, 14)
    page = words(sign_in(unpaid.payer).get(PAGE))
    assert "Your credit is suspended" in page and "What is past due" in page


def test_whoever_was_never_suspended_reads_what_would_bring_it(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED)
    today_is(TREATED)
    page = words(sign_in(lin).get(PAGE))
    assert "Nothing of yours is overdue." in page and "Earlier suspensions" not in page
    today_is(date(2026, 2, 26))
    assert "is overdue. Pay it, and nothing will be suspended." in words(sign_in(lin).get(PAGE))


def test_a_person_without_an_account_finds_the_page_too(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    today_is(TREATED)
    assert "Your credit is not suspended" in words(sign_in(town.move_in()).get(PAGE))
