"""Lin withdraws what was agreed to: new use stops at once, and what is owed stays owed."""

from datetime import date, timedelta
from typing import Any

import pytest

from accounts.operations.consents import give_consent, withdraw_consent
from billing.models import Bill, Visit
from billing.operations.charges import Line, cancel_visit, settle_visit
from credit.models import CreditAccount
from credit.operations.accounts import (
    CannotCloseAccount,
    NotAuthorised,
    close_account,
    open_account,
    refresh_due_scores,
    refresh_score,
)
from credit.operations.family import NoAccount, add_child
from credit.operations.limits import AccountNotActive
from credit.operations.participation import leave_scheme, take_part
from lenders.operations.facilities import (
    CannotApply,
    CannotDecide,
    NoLender,
    apply_for_facility,
    decide_application,
)
from tests.cast import OPENING_ON, Town, row_counts
from tests.sandbox_process import SandboxProcess

MONDAY = date(2026, 3, 2)
DUE = date(2026, 4, 13)


@pytest.mark.article(9)
@pytest.mark.article(26)
def test_without_the_authorisation_no_score_is_fetched(
    town: Town, fresh_sandbox: SandboxProcess, settings: Any
) -> None:
    lin = town.enrol(score=550)
    withdraw_consent(person=lin, purpose="score", at=town.at(MONDAY))
    # Whoever asked now would find nobody, and fail.
    settings.SCORE_OPERATOR_URL = "http://127.0.0.1:9/score"
    before = row_counts()

    assert refresh_due_scores(on=MONDAY, at=town.at(MONDAY)) == 0
    with pytest.raises(NotAuthorised) as refused:
        refresh_score(person=lin, at=town.at(MONDAY))
    assert (refused.value.article, refused.value.status) == (9, 403)
    stranger = town.move_in("陈建国")
    before["accounts.Person"] += 1
    with pytest.raises(NotAuthorised):
        open_account(person=stranger, at=town.at(MONDAY))
    assert row_counts() == before

    # The limit that the last score gave stays; given again, the score is fetched again.
    assert town.treat(lin, MONDAY, 100_000).financed_fen == 100_000
    settings.SCORE_OPERATOR_URL = f"{fresh_sandbox.url}/score"
    fresh_sandbox.set_score(lin.resident_id, 640)
    give_consent(person=lin, purpose="score", at=town.at(MONDAY, 11))
    assert refresh_score(person=lin, at=town.at(MONDAY, 12)).limit_fen == 300_000


@pytest.mark.article(25)
@pytest.mark.article(23)
@pytest.mark.article(27)
def test_a_lender_that_may_not_see_lin_pays_nothing_new_but_is_still_owed(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol(score=700)
    bill = town.treat(lin, MONDAY, 50_000)

    withdraw_consent(person=lin, purpose="lender", subject="BANK1", at=town.at(MONDAY, 11))
    before = row_counts()
    for act in (lambda: town.treat(lin, MONDAY, hour=12), lambda: town.admit(lin, MONDAY, 100, hour=12)):
        with pytest.raises(NoLender) as refused:
            act()
        assert (refused.value.article, refused.value.field) == (23, "lender")
    assert row_counts() == before

    # The bill is due as it was, is reminded of, and is paid to the same lender.
    town.live(DUE, date(2026, 4, 14))
    bill.refresh_from_db()
    assert (bill.state, bill.owed_fen, bill.reminders_counted) == (Bill.State.OPEN, 50_000, 1)
    town.pay(lin, 50_000, date(2026, 4, 14))
    bill.refresh_from_db()
    assert bill.state == Bill.State.CLOSED

    # Given again, the agreement works as before.
    give_consent(person=lin, purpose="lender", subject="BANK1", at=town.at(date(2026, 4, 14)))
    assert town.treat(lin, date(2026, 4, 14), hour=13).lender == town.bank
    assert town.broken_books(date(2026, 4, 14)) == {}


@pytest.mark.article(26)
def test_leaving_the_scheme_waits_until_nothing_is_owed(town: Town) -> None:
    lin = town.enrol(score=700)
    town.treat(lin, MONDAY, 50_000)
    before = row_counts()
    with pytest.raises(CannotCloseAccount) as refused:
        close_account(person=lin, at=town.at(MONDAY, 11))
    assert refused.value.article == 26
    assert row_counts() == before

    town.pay(lin, 50_000, MONDAY, hour=12)
    close_account(person=lin, at=town.at(MONDAY, 13))
    close_account(person=lin, at=town.at(MONDAY, 14))
    with pytest.raises((NoAccount, AccountNotActive)) as refused_care:
        town.treat(lin, MONDAY, hour=15)
    assert refused_care.value.article == 26

    # Back again: the same account goes on, opened once more.
    assert town.score(lin, 600, date(2026, 3, 3)).limit_fen == 100_000
    kinds = town.account(lin).events.order_by("seq").values_list("kind", flat=True)
    assert [*kinds] == ["opened", "charge", "repayment", "closed", "opened"]
    assert town.treat(lin, date(2026, 3, 3), 100).financed_fen == 100


@pytest.mark.article(26)
def test_a_hold_keeps_an_account_open(town: Town) -> None:
    lin = town.enrol(score=700)
    town.admit(lin, OPENING_ON, 1)

    with pytest.raises(CannotCloseAccount):
        close_account(person=lin, at=town.at(OPENING_ON, 11))


@pytest.mark.article(26)
@pytest.mark.article(9)
def test_without_the_consent_to_the_scheme_nothing_new_is_charged_held_or_asked(town: Town) -> None:
    lin = town.enrol(score=700)
    bill = town.treat(lin, MONDAY, 50_000)
    stay = town.admit(lin, MONDAY, 100)
    bank = town.found_bank("BANK2")
    give_consent(person=lin, purpose="lender", subject="BANK2", at=town.at(MONDAY))

    assert leave_scheme(person=lin, at=town.at(MONDAY, 11))
    assert not leave_scheme(person=lin, at=town.at(MONDAY, 11))
    before = row_counts()
    for act in (
        lambda: town.treat(lin, MONDAY, hour=12),
        lambda: town.admit(lin, MONDAY, 100, hour=12),
        lambda: settle_visit(visit=stay, items=[Line("护理", 90)], at=town.at(MONDAY, 12)),
    ):
        with pytest.raises(AccountNotActive) as refused:
            act()
        assert refused.value.article == 26
        assert refused.value.remedy == AccountNotActive.remedy
    with pytest.raises(CannotApply) as unheard:
        apply_for_facility(person=lin, product=bank.products.get(), at=town.at(MONDAY, 12))
    assert unheard.value.article == 26
    assert row_counts() == before

    # The hold goes back, the bill stays as it was and is paid, and nothing is fetched meanwhile.
    cancel_visit(visit=stay, at=town.at(MONDAY, 13))
    assert Visit.objects.get(pk=stay.pk).state == Visit.State.CANCELLED
    assert refresh_due_scores(on=date(2026, 4, 14), at=town.at(date(2026, 4, 14))) == 0
    with pytest.raises(NotAuthorised):
        refresh_score(person=lin, at=town.at(MONDAY, 13))
    assert town.account(lin).available_fen == 0
    town.pay(lin, 50_000, MONDAY, hour=14)
    bill.refresh_from_db()
    assert bill.state == Bill.State.CLOSED

    # Agreed to again, all works as before.
    take_part(person=lin, at=town.at(MONDAY, 15))
    assert town.treat(lin, MONDAY, hour=16).lender == town.bank
    kinds = [*town.account(lin).events.order_by("seq").values_list("kind", flat=True)]
    assert kinds[-5:] == ["withdrawn", "release", "repayment", "resumed", "charge"]
    assert town.broken_books(MONDAY) == {}


@pytest.mark.article(26)
def test_an_application_of_somebody_who_left_can_only_be_declined(town: Town) -> None:
    lin = town.enrol()
    bank = town.found_bank("BANK2")
    give_consent(person=lin, purpose="lender", subject="BANK2", at=town.at(MONDAY))
    asked = apply_for_facility(person=lin, product=bank.products.get(), at=town.at(MONDAY))
    leave_scheme(person=lin, at=town.at(MONDAY, 11))

    with pytest.raises(CannotDecide) as refused:
        decide_application(facility=asked, granted=True, at=town.at(MONDAY, 12))

    assert refused.value.article == 26
    assert decide_application(facility=asked, granted=False, reason="已退出", at=town.at(MONDAY, 12))


@pytest.mark.article(24)
@pytest.mark.article(26)
def test_a_parent_who_left_pays_for_no_new_care_of_the_child(town: Town) -> None:
    lin = town.enrol()
    child = town.move_in("林小满", born_on=date(2015, 3, 7))
    add_child(parent=lin, child=child, at=town.at(MONDAY))
    leave_scheme(person=lin, at=town.at(MONDAY, 11))

    with pytest.raises(AccountNotActive) as refused:
        town.treat(child, MONDAY, hour=12)

    assert refused.value.article == 26


@pytest.mark.article(26)
@pytest.mark.article(27)
def test_leaving_shakes_off_no_suspension(town: Town, fresh_sandbox: SandboxProcess) -> None:
    chen = town.enrol("陈建国")
    town.treat(chen, MONDAY, 50_000)
    leave_scheme(person=chen, at=town.at(MONDAY, 11))
    for days in (0, 1, 8, 15, 22):
        town.live(DUE + timedelta(days=days))
    assert town.account(chen).state == CreditAccount.State.SUSPENDED

    # Agreeing again lifts nothing, leaving again ends in nothing, and paying ends in what was withdrawn.
    take_part(person=chen, at=town.at(date(2026, 5, 5), 21))
    leave_scheme(person=chen, at=town.at(date(2026, 5, 5), 22))
    assert town.account(chen).state == CreditAccount.State.SUSPENDED
    town.pay(chen, 60_000, date(2026, 5, 6))
    assert town.account(chen).state == CreditAccount.State.WITHDRAWN
    assert close_account(person=chen, at=town.at(date(2026, 5, 6), 13)).state == CreditAccount.State.CLOSED
