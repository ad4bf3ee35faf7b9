"""The pairs that race, each on the rows where the two could hurt each other."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from accounts.models import Message
from accounts.operations import outbox
from accounts.operations.notices import NewNotice, notify_many
from billing import notices
from billing.models import Bill, DayClose, DunningCase, Refund, Reminder, Settlement, Transfer, Withdrawal
from billing.operations.days import close_day
from billing.operations.dunning import send_reminders
from billing.operations.ledger import credit_balance_fen, payable_fen
from billing.operations.refunds import CannotRefund, refund
from billing.operations.repayments import CannotWithdraw, withdraw_balance
from billing.operations.settlements import CannotPay, confirm_payout
from config.day import settle_messages
from credit.models import AccountEvent
from credit.operations.limits import AccountNotActive, lock_accounts
from credit.operations.standing import suspend
from faults.races import Race, Work

MONDAY = date(2026, 3, 2)
DUE = date(2026, 4, 13)
REMINDED = tuple(DUE + timedelta(days=days) for days in (1, 8, 15))
SUSPENDED = DUE + timedelta(days=22)
MESSAGES = 12


class OnePayer(Race):
    """One person for all rounds."""

    def prepare(self, rounds: int) -> None:
        self.lin = self.place.enrol()

    def day(self, number: int) -> date:
        return MONDAY + timedelta(days=number)

    def ends_at(self) -> datetime:
        return self.place.at(self.day(self.rounds))


class RefundRepayment(OnePayer):
    name = "refund-repayment"
    sentence = (
        "a refund of ¥300 and a repayment of ¥500 of a bill of ¥500: nothing owed, ¥300 to the payer's credit"
    )

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        place, at = self.place, self.place.at(MONDAY, 12)
        self.bill = bill = place.treat(self.lin, MONDAY, 50_000)
        return (
            lambda: refund(bill=bill, amount_fen=30_000, reason=Refund.Reason.OTHER, at=at),
            lambda: place.pay(self.lin, 50_000, MONDAY),
        )

    def found(self, number: int, first: Any, second: Any) -> str:
        self.bill.refresh_from_db()
        balance = credit_balance_fen(payer=self.lin, lender=self.place.bank)
        left = (self.bill.state, self.bill.owed_fen, self.place.account(self.lin).outstanding_fen, balance)
        wanted = (Bill.State.CLOSED, 0, 0, 30_000 * (number + 1))
        return "" if left == wanted else f"{left} instead of {wanted}"


class TwoRefunds(OnePayer):
    name = "two-refunds"
    sentence = "two refunds of ¥300 of a bill of ¥500: one is refused"
    refusals = (CannotRefund,)

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        at = self.place.at(MONDAY, 12)
        self.bill = bill = self.place.treat(self.lin, MONDAY, 50_000)

        def give_back() -> Refund:
            return refund(bill=bill, amount_fen=30_000, reason=Refund.Reason.OTHER, at=at)

        return give_back, give_back

    def found(self, number: int, first: Any, second: Any) -> str:
        refunds = self.bill.refunds.count()
        self.place.pay(self.lin, 20_000, MONDAY)
        return "" if refunds == 1 else f"{refunds} refunds"


class LimitCharge(Race):
    name = "limit-charge"
    sentence = "a limit cut to ¥1,000 and a charge of ¥2,000: the lender pays by the limit that stood first"

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        place = self.place
        self.payer = payer = place.enrol(f"居民{number}")
        return (
            lambda: place.score(payer, 550, MONDAY),
            lambda: place.treat(payer, MONDAY, 200_000),
        )

    def found(self, number: int, first: Any, second: Any) -> str:
        events = dict(self.place.account(self.payer).events.values_list("kind", "seq"))
        charged_first = events[AccountEvent.Kind.CHARGE] < events[AccountEvent.Kind.LIMIT]
        wanted = 200_000 if charged_first else 100_000
        return "" if second.financed_fen == wanted else f"{second.financed_fen} fen instead of {wanted}"

    def ends_at(self) -> datetime:
        return self.place.at(MONDAY + timedelta(days=1))


class TwoCharges(Race):
    name = "two-charges"
    sentence = "two charges of ¥700 on an account of ¥1,000: the second is financed for what is left"

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        self.payer = payer = self.place.enrol(f"居民{number}", score=600)
        return (
            lambda: self.place.treat(payer, MONDAY, 70_000),
            lambda: self.place.treat(payer, MONDAY, 70_000, hour=11),
        )

    def found(self, number: int, first: Any, second: Any) -> str:
        financed = sorted((first.financed_fen, second.financed_fen))
        return "" if financed == [30_000, 70_000] else f"financed {financed}"

    def ends_at(self) -> datetime:
        return self.place.at(MONDAY + timedelta(days=1))


class SuspensionCharge(Race):
    name = "suspension-charge"
    sentence = "a suspension and a charge: the charge comes before it or is refused"
    refusals = (AccountNotActive,)

    def prepare(self, rounds: int) -> None:
        place = self.place
        self.payers = place.people(rounds)
        self.bills = [place.treat(payer, MONDAY, 50_000) for payer in self.payers]
        for on in REMINDED:
            send_reminders(on=on, at=place.at(on, 9, 30))
            settle_messages(at=place.at(on, 9, 31))

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        place, payer, bill = self.place, self.payers[number], self.bills[number]
        account = place.account(payer)

        @transaction.atomic
        def strike() -> None:
            locked = lock_accounts([account.pk])[account.pk]
            suspend(account=locked, bill_number=bill.number, at=place.at(SUSPENDED, 20, 30))

        # A sweep is told the moment at which it begins: what is charged while it runs is charged later.
        hour = lots.choice([20, 21])
        return strike, lambda: place.treat(payer, SUSPENDED, 10_000, hour=hour)

    def ends_at(self) -> datetime:
        return self.place.at(SUSPENDED, 22)


class CloseCharge(OnePayer):
    name = "close-charge"
    sentence = "a day close and a charge of that day: it is in the day's settlement or in the next day"

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        place, on = self.place, self.day(number)
        place.treat(self.lin, on, 100, hour=9)
        return (
            lambda: close_day(on=on, at=place.at(on, 23, 59)),
            lambda: place.treat(self.lin, on, 100, hour=23),
        )

    def found(self, number: int, first: Any, second: Any) -> str:
        on = self.day(number)
        bills = Bill.objects.filter(business_on=on).aggregate(fen=Sum("financed_fen"))["fen"]
        settled = Settlement.objects.get(business_on=on).bills_fen
        if second.business_on not in (on, on + timedelta(days=1)):
            return f"posted into {second.business_on}"
        return "" if bills == settled else f"{on}: {bills} fen charged, {settled} settled"


class ReminderRepayment(Race):
    name = "reminder-repayment"
    sentence = (
        "a reminder and the repayment of all that is owed: nothing stays open, nothing is counted after it"
    )

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        place = self.place
        self.payer = payer = place.enrol(f"居民{number}")
        self.bill = place.treat(payer, MONDAY + timedelta(days=number), 50_000)
        self.on = on = self.bill.due_on + timedelta(days=1)

        def remind() -> None:
            send_reminders(on=on, at=place.at(on, 9, 30))
            settle_messages(at=place.at(on, 9, 31))

        return remind, lambda: place.pay(payer, 50_000, on, hour=9)

    def found(self, number: int, first: Any, second: Any) -> str:
        self.bill.refresh_from_db()
        if self.bill.state != Bill.State.CLOSED or self.bill.reminders_counted > 1:
            return f"{self.bill.state}, {self.bill.reminders_counted} reminders counted"
        if Reminder.objects.filter(payer=self.payer).count() > 1:
            return "reminded twice"
        if DunningCase.objects.filter(payer=self.payer, closed_at=None).exists():
            return "a dunning case is open with nothing overdue"
        return ""

    def ends_at(self) -> datetime:
        return self.place.at(self.on, 23)


class TwoCloses(OnePayer):
    name = "two-closes"
    sentence = "two day closes: the same rows"

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        place, on = self.place, self.day(number)
        place.treat(self.lin, on, 100)

        def close() -> list[str]:
            return [settlement.number for settlement in close_day(on=on, at=place.at(on, 23, 59))]

        return close, close

    def found(self, number: int, first: Any, second: Any) -> str:
        closes = DayClose.objects.filter(on=self.day(number)).count()
        settled = [*Settlement.objects.filter(business_on=self.day(number)).values_list("number", flat=True)]
        return "" if first == second == settled and closes == 1 else f"{first} and {second}, {closes} closes"


class TwoPayouts(OnePayer):
    name = "two-payouts"
    sentence = "one payout told twice, or two of one settlement: the hospital is paid once"
    refusals = (CannotPay,)

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        place, on = self.place, self.day(number)
        place.treat(self.lin, on, 100)
        [self.settlement] = close_day(on=on, at=place.at(on, 23, 59))

        def pay(reference: str) -> Settlement:
            later = on + timedelta(days=1)
            return confirm_payout(
                settlement=self.settlement, bank_reference=reference, value_on=later, at=place.at(later)
            )

        self.other = lots.choice(["BK1", "BK2"])
        return lambda: pay("BK1"), lambda: pay(self.other)

    def found(self, number: int, first: Any, second: Any) -> str:
        if self.other == "BK1" and isinstance(first, CannotPay) | isinstance(second, CannotPay):
            return "the same payment told twice was refused"
        paid = Transfer.objects.filter(kind="payout", reference__startswith=self.settlement.number).count()
        left = payable_fen(lender=self.place.bank, hospital=self.place.hospital)
        return "" if (paid, left) == (1, 0) else f"{paid} payouts, {left} fen still owed"


class TwoWithdrawals(OnePayer):
    name = "two-withdrawals"
    sentence = "two withdrawals of ¥200 from a credit balance of ¥300: one is refused"
    refusals = (CannotWithdraw,)

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        self.place.pay(self.lin, 30_000, MONDAY)
        return lambda: self._withdraw(20_000), lambda: self._withdraw(20_000)

    def found(self, number: int, first: Any, second: Any) -> str:
        left = credit_balance_fen(payer=self.lin, lender=self.place.bank)
        if left != 10_000:
            return f"{left} fen left of the balance"
        self._withdraw(left)
        return ""

    def _withdraw(self, amount_fen: int) -> Withdrawal:
        at = self.place.at(MONDAY, 13)
        return withdraw_balance(payer=self.lin, lender=self.place.bank, amount_fen=amount_fen, at=at)


class TwoDeliveries(OnePayer):
    name = "two-deliveries"
    sentence = "two workers at the outbox: each message goes out once"

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        at = self.place.at(self.day(number))
        params = {"to_pay_fen": 1, "due_on": "2026-04-13"}
        new = [
            NewNotice(
                self.lin.pk, notices.DUE_TODAY, params, f"race:{self.lin.pk}:{number}:{place}", ("sms",)
            )
            for place in range(MESSAGES)
        ]
        notify_many(new, at=at)
        return lambda: outbox.deliver(at=at), lambda: outbox.deliver(at=at)

    def found(self, number: int, first: Any, second: Any) -> str:
        again = Message.objects.filter(attempts__gt=1).count()
        waiting = Message.objects.filter(state=Message.State.QUEUED).count()
        return f"{again} sent twice, {waiting} left" if again or waiting else ""


PAIRS: tuple[type[Race], ...] = (
    RefundRepayment,
    LimitCharge,
    SuspensionCharge,
    CloseCharge,
    ReminderRepayment,
    TwoCloses,
    TwoPayouts,
    TwoCharges,
    TwoRefunds,
    TwoWithdrawals,
    TwoDeliveries,
)
