"""Lin is treated, the hospital is paid the next working day, and Lin pays in time."""

from datetime import date

import pytest

from billing.models import Bill, Settlement
from billing.operations.settlements import confirm_payout, reconcile_settlement
from credit.models import DueDateOutcome
from tests.cast import Town

FRIDAY = date(2026, 1, 9)
MONDAY = date(2026, 1, 12)
DUE = date(2026, 2, 24)  # 42 days are 20 February, in the Spring Festival


@pytest.mark.article(2)
@pytest.mark.article(17)
@pytest.mark.article(27)
def test_a_visit_is_paid_by_the_bank_on_t_plus_1_and_repaid_in_time(
    town: Town, fresh_sandbox: object
) -> None:
    lin = town.enrol(score=700)

    # Friday: no deposit, nothing to pay at the desk.
    bill = town.treat(lin, FRIDAY, 50_000)
    assert (bill.financed_fen, bill.paid_on_site_fen, bill.due_on) == (50_000, 0, DUE)
    assert town.account(lin).available_fen == 250_000

    # Saturday, past midnight: Friday is closed, and Monday is the next bank working day.
    town.live(date(2026, 1, 10))
    settlement = Settlement.objects.get()
    assert (settlement.business_on, settlement.pay_on, settlement.net_fen) == (FRIDAY, MONDAY, 50_000)
    assert settlement.state == Settlement.State.DUE

    # Monday: the bank pays; Tuesday: the hospital finds the same amount.
    confirm_payout(settlement=settlement, bank_reference="W1", value_on=MONDAY, at=town.at(MONDAY))
    reconcile_settlement(settlement=settlement, received_fen=50_000, at=town.at(date(2026, 1, 13)))

    # A week before it is due Lin pays, without a fen more.
    town.pay(lin, 50_000, date(2026, 2, 17))
    bill.refresh_from_db()
    assert (bill.state, bill.charges_fen) == (Bill.State.CLOSED, 0)
    assert town.account(lin).available_fen == 300_000

    town.live(DUE, date(2026, 2, 25))
    assert DueDateOutcome.objects.get(payer=lin).met
