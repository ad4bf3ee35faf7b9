"""March to May 2026 in the shared town, for tests that then look at the rows or damage them."""

from datetime import date, datetime, timedelta
from typing import Any

from oauth2_provider.models import Application

from accounts.models import ApiClient, IdempotencyRecord, Message
from accounts.operations.access import record_access
from accounts.operations.seals import seal_chains
from billing.models import LedgerAccount, Repayment, Settlement
from billing.operations.days import close_day
from billing.operations.due_dates import pass_due_date
from billing.operations.dunning import count_reminders, send_reminders, suspend_unanswered
from billing.operations.refunds import refund
from billing.operations.settlements import confirm_payout
from credit.models import CreditAccount, ScoreEvent, Suspension
from tests.cast import Town

MONDAY = date(2026, 3, 2)
DUE = date(2026, 4, 13)


def march(day: int) -> date:
    return date(2026, 3, day)


def let_all_arrive(at: datetime) -> None:
    queued = Message.objects.filter(state="queued")
    ids = [*queued.values_list("pk", flat=True)]
    queued.update(state="sending", claimed_at=at)
    Message.objects.filter(pk__in=ids).update(state="delivered", delivered_at=at, next_at=None)
    count_reminders(at=at)
    seal_chains(at=at)


class Months:
    """March to May 2026 with a bit of everything, and books that are right."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.lin, self.chen, self.wang = town.enrol("林志明"), town.enrol("陈建国"), town.enrol("王丽")
        self._settle_and_carry()
        self._remind_suspend_and_lift()
        application = Application.objects.create(
            client_type="confidential", authorization_grant_type="client-credentials", name="core"
        )
        self.client = ApiClient.objects.create(
            application=application, kind="lender", name="core", created_at=town.at(MONDAY)
        )
        IdempotencyRecord.objects.create(
            client=self.client, key="K1", request_hash="0" * 64, created_at=town.at(MONDAY)
        )
        record_access(actor="desk", subject=self.lin, purpose="test", at=town.at(date(2026, 5, 6)))
        let_all_arrive(town.at(date(2026, 5, 6), 23))

    def _settle_and_carry(self) -> None:
        """Lin: paid for Monday, a refund on Thursday that is carried into Friday, a hold since then."""
        town = self.town
        bill = town.treat(self.lin, MONDAY, 50_000)
        self.chens = [town.treat(self.chen, march(day), fen) for day, fen in ((2, 100_000), (3, 10_000))]
        self.chens.append(town.treat(self.chen, march(4), 10_000))
        self.wangs = town.treat(self.wang, march(4), 40_000)
        close_day(on=MONDAY, at=town.at(march(3), 0, 30))
        self.paid = Settlement.objects.get()
        confirm_payout(settlement=self.paid, bank_reference="W1", value_on=march(3), at=town.at(march(3)))
        self.repayment = town.pay(self.lin, 60_000, march(4))
        self.refund = refund(bill=bill, amount_fen=20_000, reason="other", at=town.at(march(5)))
        town.treat(self.lin, march(6), 30_000)
        self.visit = town.admit(self.lin, march(6), 5_000, hour=11)
        close_day(on=march(9), at=town.at(march(10), 0, 30))
        self.open_bill = town.treat(self.lin, march(10), 7_000)
        self.carried = Settlement.objects.get(business_on=march(5))
        self.carrying = Settlement.objects.get(business_on=march(6))
        assert (self.carried.net_fen, self.carrying.carried_in_fen) == (-20_000, -20_000)

    def _remind_suspend_and_lift(self) -> None:
        """Chen: three due dates missed, three reminders, suspended, paid. Wang: two reminders."""
        town = self.town
        for days in (1, 2, 3, 8, 15):
            on = DUE + timedelta(days=days)
            pass_due_date(on=on - timedelta(days=1), at=town.at(on, 0, 10))
            if days not in (2, 3):
                send_reminders(on=on, at=town.at(on, 9, 30))
            let_all_arrive(town.at(on, 9, 40))
        on = DUE + timedelta(days=22)
        suspend_unanswered(on=on, at=town.at(on, 20, 30))
        town.pay(self.chen, 120_000 + 271 + 25 + 24, date(2026, 5, 6))
        town.pay(self.wang, 1_000, date(2026, 5, 6))
        self.wangs.refresh_from_db()
        self.suspension = Suspension.objects.get(account__person=self.chen)
        self.score_event = ScoreEvent.objects.get()
        assert self.suspension.lifted_seq
        assert not self.suspension.account.bills.open().exists()
        assert (self.wangs.reminders_counted, self.wangs.charges_fen) == (2, 98)
        assert Repayment.objects.filter(allocations__charges_fen__gt=0).exists()

    def account_of(self, person: Any) -> CreditAccount:
        return self.town.account(person)

    def place(self, kind: str, **more: Any) -> int:
        return LedgerAccount.objects.get(kind=kind, lender=self.town.bank, **more).pk
