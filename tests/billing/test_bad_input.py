"""What cannot be is refused by the name of its field, at every act, and leaves nothing half done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from billing.models import Bill, Collection, Objection, Settlement, Visit
from billing.operations.charges import (
    Insurance,
    Line,
    charge,
    open_visit,
    report_items,
    settle_visit,
)
from billing.operations.collections import finish_collection, start_repayment
from billing.operations.days import close_day
from billing.operations.objections import answer_objection, object_to
from billing.operations.refunds import refund, settle_insurance
from billing.operations.repayments import repay, withdraw_balance
from billing.operations.settlements import confirm_payout, reconcile_settlement, return_payout
from billing.operations.take_backs import enter_rate
from common.errors import Refusal
from tests.cast import Town, row_counts

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)
HUGE = 10**18
NO_AMOUNT = (0, -1, HUGE)
NOT_EVEN_ZERO = (-1, HUGE)
NO_TEXT = ("", " ", "\u3000\t\n")
NUL = "a\x00b"


@dataclass
class Scene:
    """Lin has one of everything, so that each act fails for its bad input and for nothing else."""

    town: Town
    visit: Visit = field(init=False)
    bill: Bill = field(init=False)
    uninsured: Bill = field(init=False)
    settlement: Settlement = field(init=False)
    objection: Objection = field(init=False)
    collection: Collection = field(init=False)

    def __post_init__(self) -> None:
        town = self.town
        self.lin = town.enrol(score=700)
        self.visit = town.admit(self.lin, MONDAY, 20_000)
        self.bill = town.treat(self.lin, MONDAY, 50_000)
        self.uninsured = town.treat(self.lin, MONDAY, 20_000, insurance=None)
        town.pay(town.enrol("王丽"), 5_000, MONDAY)
        town.pay(self.lin, 1_000, MONDAY)
        self.disputed = town.treat(self.lin, MONDAY, 10_000)
        self.collected = town.treat(self.lin, MONDAY, 10_000)
        [self.settlement] = close_day(on=MONDAY, at=town.at(TUESDAY, 0, 30))
        self.objection = object_to(bill=self.disputed, statement="收费重复", at=self.at)
        [self.collection] = start_repayment(
            payer=self.lin, bills=[self.collected], reference="one", at=self.at
        )

    @property
    def at(self) -> Any:
        return self.town.at(TUESDAY)

    def charge(self, **change: Any) -> None:
        good: dict[str, Any] = {
            "hospital": self.town.hospital,
            "patient": self.lin,
            "scene": "outpatient",
            "items": [Line("诊查费", 10_000)],
            "insurance": Insurance(),
            "self_paid_fen": 10_000,
            "at": self.at,
        }
        charge(**(good | change))

    def repay(self, **change: Any) -> None:
        good: dict[str, Any] = {
            "payer": self.lin,
            "lender": self.town.bank,
            "amount_fen": 1_000,
            "method": "lender",
            "bank_reference": "BK-new",
            "at": self.at,
        }
        repay(**(good | change))

    def refund(self, **change: Any) -> None:
        good: dict[str, Any] = {"bill": self.bill, "amount_fen": 100, "reason": "other", "at": self.at}
        refund(**(good | change))

    def open_visit(self, **change: Any) -> None:
        good: dict[str, Any] = {
            "hospital": self.town.hospital,
            "patient": self.lin,
            "scene": "inpatient",
            "hold_fen": 100,
            "at": self.at,
        }
        open_visit(**(good | change))

    def confirm(self, **change: Any) -> None:
        good: dict[str, Any] = {
            "settlement": self.settlement,
            "bank_reference": "W1",
            "value_on": TUESDAY,
            "at": self.at,
        }
        confirm_payout(**(good | change))

    def send_back(self, **change: Any) -> None:
        good: dict[str, Any] = {
            "settlement": self.settlement,
            "bank_reference": "R1",
            "reason": "账号有误",
            "at": self.at,
        }
        return_payout(**(good | change))


Act = Callable[[Scene], object]
BAD: list[tuple[str, str, Act]] = []


def bad(name: str, field_name: str, values: tuple[Any, ...], act: Callable[[Scene, Any], object]) -> None:
    for value in values:
        BAD.append((f"{name} {value!r}", field_name, _with(act, value)))


def _with(act: Callable[[Scene, Any], object], value: Any) -> Act:
    return lambda scene: act(scene, value)


bad("charge: self-paid", "self_paid_fen", NO_AMOUNT, lambda s, v: s.charge(self_paid_fen=v))
bad("charge: another total", "self_paid_fen", (9_999, 10_001), lambda s, v: s.charge(self_paid_fen=v))
for part in ("pooled_fund_fen", "personal_account_fen", "other_fen"):
    bad(
        f"charge: {part}",
        part,
        NOT_EVEN_ZERO,
        lambda s, v, part=part: s.charge(insurance=Insurance(**{part: v})),  # type: ignore[misc]
    )
    bad(
        f"items: {part}",
        part,
        NOT_EVEN_ZERO,
        lambda s, v, part=part: report_items(  # type: ignore[misc]
            visit=s.visit, items=[Line("床位费", 1)], insurance=Insurance(**{part: v})
        ),
    )
    bad(
        f"late insurance: {part}",
        part,
        NOT_EVEN_ZERO,
        lambda s, v, part=part: settle_insurance(  # type: ignore[misc]
            bill=s.uninsured, insurance=Insurance(**{"pooled_fund_fen": 100, part: v}), at=s.at
        ),
    )
bad("charge: no items", "items", ([],), lambda s, v: s.charge(items=v))
bad("charge: item's name", "items", NO_TEXT, lambda s, v: s.charge(items=[Line(v, 10_000)]))
bad("charge: item's amount", "items", NOT_EVEN_ZERO, lambda s, v: s.charge(items=[Line("诊查费", v)]))
bad("charge: scene", "scene", (*NO_TEXT, "bakery"), lambda s, v: s.charge(scene=v))
bad("visit: hold", "hold_fen", NOT_EVEN_ZERO, lambda s, v: s.open_visit(hold_fen=v))
bad("visit: scene", "scene", (*NO_TEXT, "bakery"), lambda s, v: s.open_visit(scene=v))
bad("items: name", "items", NO_TEXT, lambda s, v: report_items(visit=s.visit, items=[Line(v, 1)]))
bad("items: amount", "items", NOT_EVEN_ZERO, lambda s, v: report_items(visit=s.visit, items=[Line("床", v)]))
bad(
    "settle: self-paid",
    "self_paid_fen",
    NO_AMOUNT,
    lambda s, v: settle_visit(visit=s.visit, items=[Line("床位费", 100)], self_paid_fen=v, at=s.at),
)
bad("settle: no items", "items", ([],), lambda s, v: settle_visit(visit=s.visit, self_paid_fen=1, at=s.at))
bad("repay: amount", "amount_fen", NO_AMOUNT, lambda s, v: s.repay(amount_fen=v))
bad("repay: reference", "bank_reference", NO_TEXT, lambda s, v: s.repay(bank_reference=v))
bad(
    "withdraw: amount",
    "amount_fen",
    NO_AMOUNT,
    lambda s, v: withdraw_balance(payer=s.lin, lender=s.town.bank, amount_fen=v, at=s.at),
)
bad("refund: amount", "amount_fen", NO_AMOUNT, lambda s, v: s.refund(amount_fen=v))
bad("refund: reason", "reason", (*NO_TEXT, "because"), lambda s, v: s.refund(reason=v))
bad("refund: note", "note", (NUL, "长" * 201), lambda s, v: s.refund(note=v))
bad(
    "late insurance: nothing",
    "pooled_fund_fen",
    (0,),
    lambda s, v: settle_insurance(bill=s.uninsured, insurance=Insurance(v), at=s.at),
)
bad(
    "portal: amount",
    "amount",
    (*NO_AMOUNT, 50_001),
    lambda s, v: start_repayment(payer=s.lin, bills=[s.bill], amount_fen=v, reference="two", at=s.at),
)
bad(
    "portal: bills",
    "bills",
    ([],),
    lambda s, v: start_repayment(payer=s.lin, bills=v, reference="two", at=s.at),
)
bad(
    "collected: reference",
    "bank_reference",
    (*NO_TEXT, NUL, "1" * 65),
    lambda s, v: finish_collection(collection=s.collection, succeeded=True, bank_reference=v, at=s.at),
)
bad(
    "not collected: reason",
    "reason",
    (*NO_TEXT, NUL, "长" * 201),
    lambda s, v: finish_collection(collection=s.collection, succeeded=False, reason=v, at=s.at),
)
bad(
    "payout: reference",
    "bank_reference",
    (*NO_TEXT, NUL, "1" * 65),
    lambda s, v: s.confirm(bank_reference=v),
)
bad("payout: value date", "value_on", (MONDAY, date(2026, 3, 4)), lambda s, v: s.confirm(value_on=v))
bad(
    "return: reference",
    "bank_reference",
    (*NO_TEXT, NUL, "1" * 65),
    lambda s, v: s.send_back(bank_reference=v),
)
bad("return: reason", "reason", (*NO_TEXT, NUL, "长" * 201), lambda s, v: s.send_back(reason=v))
bad(
    "objection: statement",
    "statement",
    (*NO_TEXT, NUL, "长" * 1001),
    lambda s, v: object_to(bill=s.bill, statement=v, at=s.at),
)
bad(
    "answer: words",
    "answer",
    (*NO_TEXT, NUL, "长" * 1001),
    lambda s, v: answer_objection(objection=s.objection, upheld=True, answer=v, at=s.at),
)
bad(
    "answer: refund",
    "refund_fen",
    (-1,),
    lambda s, v: answer_objection(objection=s.objection, upheld=True, answer="退", refund_fen=v, at=s.at),
)
bad(
    "answer: too much",
    "amount_fen",
    (10_001, HUGE),
    lambda s, v: answer_objection(objection=s.objection, upheld=True, answer="退", refund_fen=v, at=s.at),
)
bad("close: to come", "on", (date(2026, 3, 4), date.max), lambda s, v: close_day(on=v, at=s.at))
bad(
    "rate",
    "one_year_bp",
    (0, -1, 10_000, HUGE),
    lambda s, v: enter_rate(in_force_from=MONDAY, one_year_bp=v, at=s.at),
)


@pytest.fixture(scope="module")
def scene(shared_town: Town) -> Scene:
    return Scene(shared_town)


@pytest.mark.article(17)
@pytest.mark.parametrize(("field_name", "act"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_input_names_its_field_and_leaves_nothing_behind(scene: Scene, field_name: str, act: Act) -> None:
    before = row_counts()
    owed = Bill.objects.total_owed_fen()

    with pytest.raises(Refusal) as refused:
        act(scene)

    assert refused.value.field == field_name
    assert str(refused.value)
    assert row_counts() == before
    assert Bill.objects.total_owed_fen() == owed


@pytest.mark.article(17)
def test_a_reconciliation_of_another_amount_names_it(scene: Scene) -> None:
    scene.confirm()
    before = row_counts()

    for amount in (*NO_AMOUNT, scene.settlement.net_fen + 1):
        with pytest.raises(Refusal) as refused:
            reconcile_settlement(settlement=scene.settlement, received_fen=amount, at=scene.at)
        assert refused.value.field == "received_fen"

    assert row_counts() == before


def test_the_longest_bank_reference_is_paid_and_sent_back(scene: Scene) -> None:
    with transaction.atomic():
        scene.confirm(bank_reference="W" * 64)
        scene.send_back(bank_reference="R" * 64)
        assert Settlement.objects.get().state == Settlement.State.RETURNED
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["close_day", "--on", "2999-01-01"], "on: "),
        (["close_day"], "--on"),
        (["run_day"], "--on"),
        (["run_day", "--on", "2999-01-01"], "--on: "),
        (["explain_charges"], "bill"),
        (["explain_charges", ""], "bill: "),
        (["explain_charges", " "], "bill: "),
        (["explain_charges", "B20260302-0000001-0"], "bill: "),
        (["explain_charges", "0", "--on", "yesterday"], "--on"),
    ],
)
def test_a_command_says_what_was_wrong_with_which_argument(
    scene: Scene, command: list[str], says: str
) -> None:
    before = row_counts()
    printed = StringIO()

    with pytest.raises(CommandError, match=says):
        call_command(*command, stdout=printed)

    assert printed.getvalue() == ""
    assert row_counts() == before
