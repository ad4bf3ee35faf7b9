"""`python -m faults.days ZONE`: lives the days at which programs break, and prints what came of it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from accounts.models import Person
from billing.books import check
from billing.models import Bill, LateCharge, Refund, Reminder, Settlement, Transfer
from billing.operations.charges import Line, charge
from common.errors import Refusal
from config.day import run_day, settle_messages
from credit.models import AccountEvent, DueDateOutcome, FamilyLink
from credit.operations.family import add_child
from faults.place import Place
from tests.sandbox_process import SandboxProcess

CHARGED_ON = date(2028, 3, 2)
DAY_42 = date(2028, 4, 13)
BORN_ON, OF_AGE_ON = date(2010, 3, 1), date(2028, 3, 1)
WINDOWS = (
    (date(2027, 12, 30), date(2028, 1, 2)),  # a year's end
    (date(2028, 1, 30), date(2028, 2, 1)),  # a month's end
    (date(2028, 2, 27), CHARGED_ON),  # 29 February, and on the next day somebody is 18
    (DAY_42 - timedelta(days=1), DAY_42 + timedelta(days=2)),
)


class Story:
    """A family, and every day of the windows with a charge a second before and one at midnight."""

    def __init__(self) -> None:
        self.place = Place(SandboxProcess(os.environ["SANDBOX_URL"]))
        self.lin, self.chen = self.place.enrol("林志明"), self.place.enrol("陈建国")
        self.child = self.place.move_in("林小雨", born_on=BORN_ON)
        add_child(parent=self.lin, child=self.child, at=self.place.at(WINDOWS[0][0], 9))
        self.violations: list[str] = []
        self.days = 0

    def live(self) -> None:
        for first, last in WINDOWS:
            for day in range((last - first).days + 1):
                self._live_day(first + timedelta(days=day))
            self._pay_all(last)
        at = self.place.at(WINDOWS[-1][1], 23, 45)
        settle_messages(at=at)
        self.violations += [
            f"books {f.number}: {f.sentence}: {f.broken[:5]}" for f in check(at=at) if f.count
        ]

    def _pay_all(self, on: date) -> None:
        """More than is owed, so that the next window begins with a credit balance and no old debts."""
        for payer in (self.lin, self.chen) if on > DAY_42 else (self.lin,):
            owed_fen = Bill.objects.owed_by(payer).total_owed_fen()
            self.place.pay(payer, owed_fen + 1_000, on, hour=23)

    def _live_day(self, on: date) -> None:
        midnight = self.place.at(on, 0)
        failed = run_day(on=on)
        self._expect(not failed, f"{on}: {failed} failed")
        for at, wanted in (
            (midnight + timedelta(days=1, seconds=-1), on),
            (midnight + timedelta(days=1), on + timedelta(days=1)),
        ):
            bill = self._charge(self.lin, at)
            self._expect(bill.business_on == wanted, f"charged at {at}, posted into {bill.business_on}")
        self._look_at_child(on)
        if on == CHARGED_ON:
            self.late = self._charge(self.chen, self.place.at(on, 12), 50_000)
            self._expect(self.late.due_on == DAY_42, f"day 42 is {self.late.due_on}")
        if DAY_42 <= on <= DAY_42 + timedelta(days=2):
            days = LateCharge.objects.filter(bill=self.late).count()
            self._expect(days == max(0, (on - DAY_42).days - 1), f"{on}: {days} days charged")
            missed = DueDateOutcome.objects.filter(payer=self.chen, met=False).exists()
            self._expect(missed == (on > DAY_42), f"{on}: in default is {missed}")
        self.days += 1

    def _look_at_child(self, on: date) -> None:
        """Until the end of the day before the birthday the child shares the pool; from 00:00 on, no more."""
        if abs((on - OF_AGE_ON).days) > 1:
            return
        for at in (self.place.at(on, 0), self.place.at(on, 23, 59)):
            try:
                self._charge(self.child, at)
                charged = True
            except Refusal:
                charged = False
            self._expect(charged == (on < OF_AGE_ON), f"the child is charged at {at}: {charged}")

    def _charge(self, patient: Person, at: datetime, fen: int = 100) -> Bill:
        return charge(
            hospital=self.place.hospital, patient=patient, scene="outpatient", items=[Line("诊查费", fen)],
            insurance=None, self_paid_fen=fen, at=at,
        )  # fmt: skip

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.violations.append(otherwise)


def tables() -> dict[str, QuerySet[Any, Any]]:
    """What must be the same everywhere: amounts, dates, moments, and in which order they came."""
    return {
        "bills": Bill.objects.order_by("number").values_list(
            "number", "business_on", "due_on", "posted_at", "state", "owed_fen", "charges_fen",
            "accrued_through_on", "reminders_counted", "next_step_day",
        ),
        "refunds": Refund.objects.order_by("number").values_list("number", "business_on", "amount_fen", "at"),
        "settlements": Settlement.objects.order_by("number").values_list(
            "number", "business_on", "pay_on", "net_fen", "state", "closed_at"
        ),
        "transfers": Transfer.objects.order_by("pk").values_list(
            "kind", "reference", "amount_fen", "business_on", "at"
        ),
        "account events": AccountEvent.objects.order_by("account", "seq").values_list(
            "seq", "kind", "amount_fen", "outstanding_after_fen", "limit_fen", "at"
        ),
        "late charges": LateCharge.objects.order_by("bill__number", "on").values_list(
            "bill__number", "on", "charge_fen"
        ),
        "due dates": DueDateOutcome.objects.order_by("pk").values_list("due_on", "met", "streak"),
        "reminders": Reminder.objects.order_by("pk").values_list("on", "delivered_on"),
        "family": FamilyLink.objects.order_by("pk").values_list("state", "ends_on"),
    }  # fmt: skip


def main(zone: str) -> None:
    # Django has put its own time zone in the way; here the process stands where we say.
    os.environ["TZ"] = zone
    time.tzset()
    story = Story()
    story.live()
    rows = {name: [[str(value) for value in row] for row in found] for name, found in tables().items()}
    digests = {name: hashlib.sha256(json.dumps(found).encode()).hexdigest() for name, found in rows.items()}
    print(
        json.dumps(
            {
                "days": story.days,
                "rows": sum(len(found) for found in rows.values()),
                "digests": digests,
                "violations": story.violations,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
