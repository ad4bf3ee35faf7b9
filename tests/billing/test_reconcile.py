"""Every difference is found, none is invented, and nobody's evidence is lost (Article 17)."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from accounts.models import User
from billing.models import Bill, Difference, DifferenceStep, Reconciliation, Settlement, Statement
from billing.operations.charges import void_bill
from billing.operations.days import close_day
from billing.operations.differences import (
    CannotSettleDifference,
    answer_difference,
    close_difference,
    send_back_difference,
)
from billing.operations.reconciling import DayStillOpen, reconcile_hospital, reconcile_side
from billing.operations.refunds import refund, settle_insurance
from billing.operations.settlements import confirm_payout
from billing.operations.statements import Row, take_statement
from billing.parts import Insurance
from common.errors import BadInput
from lenders.models import Lender
from tests.billing.books_of_a_day import copy_bill, hospital_rows, insurer_rows, lender_rows
from tests.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.article(17)]

ON = date(2026, 3, 2)
NEXT = ON + timedelta(days=1)


@pytest.fixture
def town(shared_town: Town) -> Town:
    return shared_town


def state(
    town: Town, rows: list[Row], *, source: str = "hospital", on: date = ON, hour: int = 22
) -> Statement:
    lender = town.bank if source == "lender" else None
    return take_statement(
        source=source,
        hospital=town.hospital,
        lender=lender,
        business_on=on,
        rows=rows,
        by=None,
        at=town.at(max(on, ON), hour),
    )


def compare(town: Town, source: str = "hospital", on: date = ON, at_on: date = NEXT) -> Any:
    lender: Lender | None = town.bank if source == "lender" else None
    return reconcile_side(hospital=town.hospital, on=on, source=source, lender=lender, at=town.at(at_on, 2))


def close(town: Town, on: date = ON) -> None:
    close_day(on=on, at=town.at(on + timedelta(days=1), 0, 30))


def found(**which: object) -> list[tuple[str, str, str]]:
    rows = Difference.objects.standing().filter(**which).order_by("pk")
    return [(row.kind, row.item, row.reference) for row in rows]


class TestAHundredOfEachKind:
    """Three thousand bills stated by a hospital that errs."""

    @pytest.fixture
    def bill(self, town: Town) -> Bill:
        bill = town.treat(town.enrol(), ON)
        copy_bill(bill, 3_000)
        close(town)
        return bill

    def test_all_that_is_planted_is_found_and_nothing_else(self, town: Town, bill: Bill) -> None:
        rows = hospital_rows(ON)
        lost, wrong, twice, undone = rows[0:100], rows[100:200], rows[200:300], rows[300:400]
        unknown = [Row(f"MZ-X{n}", "bill", 777) for n in range(100)]
        stated = [
            *rows[400:],
            *(row._replace(amount_fen=row.amount_fen + 1) for row in wrong),
            *twice, *twice,
            *(row._replace(kind="void") for row in undone),
            *unknown,
        ]  # fmt: skip
        state(town, stated)

        side = compare(town)

        assert side.kinds == {
            "missing_there": 100, "amount": 100, "duplicate": 100, "status": 100, "missing_here": 100,
        }  # fmt: skip
        planted = {
            *(("missing_there", row.reference) for row in lost),
            *(("amount", row.reference) for row in wrong),
            *(("duplicate", row.reference) for row in twice),
            *(("status", row.reference) for row in undone),
            *(("missing_here", row.reference) for row in unknown),
        }
        assert {(row.kind, row.reference) for row in Difference.objects.all()} == planted
        assert (side.here, side.agreed, side.differences) == (3_001, 2_601, 500)
        owners = Counter(Difference.objects.values_list("owner", flat=True))
        assert owners == {"operator": 100, "hospital": 400}

    def test_a_hospital_that_agrees_by_its_own_visit_numbers_has_no_difference(
        self, town: Town, bill: Bill
    ) -> None:
        rows = [
            row._replace(reference=row.reference or bill.number) for row in hospital_rows(ON, by_visit=True)
        ]
        state(town, rows)

        assert (compare(town).kinds, found()) == ({}, [])

    def test_the_insurer_and_the_lender_agree_as_well(self, town: Town, bill: Bill) -> None:
        state(town, insurer_rows(ON), source="insurer")
        state(town, lender_rows(ON), source="lender")

        insurer, lender = compare(town, "insurer"), compare(town, "lender")

        assert (insurer.here, insurer.here_fen, insurer.agreed) == (3_001, 3_001 * 30_000, 3_001)
        assert (lender.here, lender.agreed) == (3_001, 3_001)
        assert found() == []


@pytest.fixture
def day(town: Town) -> Bill:
    """Two bills, one of them void, and a refund of an earlier one, on a closed day."""
    lin = town.enrol("林志明")
    early = town.treat(lin, ON - timedelta(days=1), 40_000)
    close(town, ON - timedelta(days=1))
    kept = town.treat(lin, ON, 50_000)
    void_bill(bill=town.treat(lin, ON, 60_000), at=town.at(ON, 11))
    refund(bill=early, amount_fen=3_000, reason="not_used", at=town.at(ON, 12))
    refund(bill=early, amount_fen=2_000, reason="not_used", at=town.at(ON, 13))
    close(town)
    return kept


def test_a_void_bill_may_be_stated_as_void_or_not_at_all(town: Town, day: Bill) -> None:
    undone = Bill.objects.get(state="void")
    void = Row(undone.number, "void", 60_000)

    for extra in ([], [void], [Row(undone.number, "bill", 60_000), void]):
        state(town, [*hospital_rows(ON), *extra])
        assert compare(town).kinds == {}, extra

    state(town, [*hospital_rows(ON), Row(undone.number, "bill", 60_000)])
    compare(town)
    [difference] = Difference.objects.all()
    assert (difference.kind, difference.here_void, difference.there_void) == ("status", True, False)
    assert (difference.here_fen, difference.there_fen) == (60_000, 60_000)


def test_what_was_undone_there_and_never_came_here_is_no_difference(town: Town, day: Bill) -> None:
    state(town, [*hospital_rows(ON), Row("MZ-9", "bill", 5), Row("MZ-9", "void", 5)])

    assert compare(town).kinds == {}


def test_refunds_may_be_stated_each_or_together_by_the_bill(town: Town, day: Bill) -> None:
    rows = hospital_rows(ON)
    [first, second] = [row for row in rows if row.kind == "refund"]
    bills = [row for row in rows if row.kind == "bill"]
    early = Bill.objects.get(business_on=ON - timedelta(days=1))

    for stated in (
        [first, second],
        [Row(early.number, "refund", 5_000)],
        [Row(early.number, "refund", 3_000), Row(early.number, "refund", 2_000)],
        [first, Row(early.number, "refund", second.amount_fen)],
    ):
        state(town, [*bills, *stated])
        assert compare(town).kinds == {}, stated

    state(town, [*bills, first])
    assert (compare(town).kinds, found()) == (
        {"missing_there": 1}, [("missing_there", "refund", second.reference)],
    )  # fmt: skip


def test_several_bills_of_one_visit_number_are_taken_together(town: Town) -> None:
    lin = town.enrol()
    bills = [town.treat(lin, ON, fen) for fen in (1_000, 2_000, 4_000)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE billing_visit SET hospital_visit_no = 'MZ-1'")
    void_bill(bill=bills[2], at=town.at(ON, 11))
    close(town)

    for stated in ([3_000], [1_000, 2_000], [2_000, 1_000]):
        state(town, [Row("MZ-1", "bill", fen) for fen in stated])
        assert compare(town).kinds == {}, stated
    for stated, kind in (
        ([1_000], "amount"), ([1_000, 2_000, 2_000], "duplicate"), ([1_000, 2_000, 4_000], "status"),
    ):  # fmt: skip
        state(town, [Row("MZ-1", "bill", fen) for fen in stated])
        assert compare(town).kinds == {kind: 1}, stated


def test_insurance_that_came_late_is_stated_on_the_day_it_came(town: Town) -> None:
    bill = town.treat(town.enrol(), ON, insurance=None)
    close(town)
    settle_insurance(bill=bill, insurance=Insurance(pooled_fund_fen=20_000), at=town.at(NEXT))
    close(town, NEXT)
    row = Row(bill.number, "bill", 20_000)

    state(town, [], source="insurer")
    assert compare(town, "insurer").kinds == {}
    state(town, [row], source="insurer", on=NEXT)
    assert compare(town, "insurer", NEXT, NEXT + timedelta(days=1)).kinds == {}
    state(town, [row], source="insurer", hour=23)
    assert compare(town, "insurer").kinds == {"missing_here": 1}


class TestPayouts:
    @pytest.fixture
    def settlement(self, town: Town) -> Settlement:
        town.treat(town.enrol(), ON)
        close(town)
        return Settlement.objects.get()

    def test_one_that_the_bank_states_and_the_platform_does_not_know_differs_in_status(
        self, town: Town, settlement: Settlement
    ) -> None:
        state(town, [*lender_rows(ON), Row(settlement.number, "payout", settlement.net_fen)], source="lender")

        assert compare(town, "lender").kinds == {"status": 1}
        assert found() == [("status", "payout", settlement.number)]

        confirm_payout(settlement=settlement, bank_reference="W1", value_on=NEXT, at=town.at(NEXT))
        assert compare(town, "lender").kinds == {}
        [difference] = Difference.objects.all()
        assert (difference.state, difference.closed_by) == ("closed", Statement.objects.get())

    def test_one_made_after_the_statement_need_not_stand_in_it(
        self, town: Town, settlement: Settlement
    ) -> None:
        state(town, lender_rows(ON), source="lender")
        confirm_payout(settlement=settlement, bank_reference="W1", value_on=NEXT, at=town.at(NEXT))

        assert compare(town, "lender").kinds == {}

    def test_one_made_before_it_must(self, town: Town, settlement: Settlement) -> None:
        confirm_payout(settlement=settlement, bank_reference="W1", value_on=NEXT, at=town.at(NEXT))
        take_statement(
            source="lender", hospital=town.hospital, lender=town.bank, business_on=ON,
            rows=hospital_rows(ON), by=None, at=town.at(NEXT, 20),
        )  # fmt: skip

        assert compare(town, "lender").kinds == {"missing_there": 1}

    def test_one_that_was_carried_is_paid_by_nobody(self, town: Town, settlement: Settlement) -> None:
        refund(bill=Bill.objects.get(), amount_fen=1_000, reason="not_used", at=town.at(NEXT))
        close(town, NEXT)
        carried = Settlement.objects.get(state="carried")
        state(town, lender_rows(NEXT), source="lender", on=NEXT)
        assert compare(town, "lender", NEXT, NEXT + timedelta(days=1)).kinds == {}

        state(town, [*lender_rows(NEXT), Row(carried.number, "payout", 1_000)], source="lender", on=NEXT)
        assert compare(town, "lender", NEXT, NEXT + timedelta(days=1)).kinds == {"status": 1}


def test_an_open_day_is_not_compared(town: Town) -> None:
    town.treat(town.enrol(), ON)
    state(town, hospital_rows(ON))

    with pytest.raises(DayStillOpen):
        compare(town)
    with pytest.raises(DayStillOpen):
        reconcile_hospital(hospital=town.hospital, on=ON, at=town.at(NEXT))
    assert Reconciliation.objects.count() == 0


def test_without_a_statement_nothing_is_made_up(town: Town, day: Bill) -> None:
    assert reconcile_hospital(hospital=town.hospital, on=ON, at=town.at(NEXT)) == []
    assert compare(town) is None
    assert Difference.objects.count() == 0


def test_run_twice_it_finds_the_same_rows(town: Town, day: Bill) -> None:
    state(town, [])
    compare(town)
    before = list(Difference.objects.order_by("pk").values())

    compare(town, at_on=NEXT + timedelta(days=3))

    assert list(Difference.objects.order_by("pk").values()) == before
    assert all(row.steps.count() == 1 for row in Difference.objects.all())


def test_a_new_statement_closes_what_it_explains_and_the_old_one_is_kept(town: Town, day: Bill) -> None:
    whole = hospital_rows(ON)
    state(town, whole[1:])
    compare(town)
    corrected = state(town, whole)
    assert compare(town).kinds == {}

    [difference] = Difference.objects.all()
    assert (difference.state, difference.closed_by, difference.closed_on) == ("closed", corrected, NEXT)
    assert [(step.state, step.statement and step.statement.revision) for step in difference.steps.all()] == [
        ("open", 1), ("closed", 2),
    ]  # fmt: skip
    # Said again as at first, it stands again: the same row, its history with it.
    later = NEXT + timedelta(days=1)
    state(town, whole[1:], hour=23)
    compare(town, at_on=later)
    [difference] = Difference.objects.all()
    assert (difference.state, difference.closed_by, difference.found_on) == ("open", None, later)
    assert difference.steps.count() == 3


def test_a_hospital_and_a_lender_that_agree_against_the_platform_make_it_the_operators(
    town: Town, day: Bill
) -> None:
    rows = [row._replace(amount_fen=row.amount_fen - 1) for row in hospital_rows(ON)]
    state(town, rows)
    state(town, rows, source="lender")
    reconcile_hospital(hospital=town.hospital, on=ON, at=town.at(NEXT))

    assert set(Difference.objects.values_list("kind", "owner")) == {("amount", "operator")}

    state(town, hospital_rows(ON), source="lender")
    reconcile_hospital(hospital=town.hospital, on=ON, at=town.at(NEXT))
    assert set(Difference.objects.standing().values_list("source", "owner")) == {("hospital", "hospital")}


class TestAnswers:
    @pytest.fixture
    def difference(self, town: Town, day: Bill) -> Difference:
        state(town, hospital_rows(ON)[1:])
        compare(town)
        return Difference.objects.get()

    @pytest.fixture
    def people(self) -> tuple[User, User]:
        [one, two] = [User.objects.create_user(name, role="operator") for name in ("maker", "checker")]
        return one, two

    def test_an_explanation_is_closed_by_whoever_gave_it(self, town, difference, people) -> None:
        row = answer_difference(
            difference=difference, evidence="次日补录", moves_money=False, by=people[0], at=town.at(NEXT)
        )
        assert row.state == "explained"
        row = close_difference(difference=row, evidence="已核对", by=people[0], at=town.at(NEXT))
        assert (row.state, row.checker, row.closed_on) == ("closed", people[0], NEXT)

    def test_what_moved_money_takes_a_second_person(self, town, difference, people) -> None:
        maker, checker = people
        row = answer_difference(
            difference=difference, evidence="退款 R1", moves_money=True, by=maker, at=town.at(NEXT)
        )
        with pytest.raises(CannotSettleDifference):
            close_difference(difference=row, evidence="已核对", by=maker, at=town.at(NEXT))
        row = close_difference(difference=row, evidence="已核对", by=checker, at=town.at(NEXT))
        assert [step.by for step in row.steps.all()] == [None, maker, checker]

    def test_the_database_asks_for_the_second_person_too(self, town, difference, people) -> None:
        answer_difference(
            difference=difference, evidence="退款 R1", moves_money=True, by=people[0], at=town.at(NEXT)
        )
        rows = Difference.objects.filter(pk=difference.pk)
        with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
            rows.update(state="closed", checker=people[0], closed_on=NEXT)
        with pytest.raises(InternalError), transaction.atomic():
            DifferenceStep.objects.filter(difference=difference).delete()

    def test_a_closed_one_stays_closed_however_often_it_is_run(self, town, difference, people) -> None:
        row = answer_difference(
            difference=difference, evidence="次日补录", moves_money=False, by=people[0], at=town.at(NEXT)
        )
        close_difference(difference=row, evidence="已核对", by=people[1], at=town.at(NEXT))

        assert compare(town).kinds == {"missing_there": 1}
        difference.refresh_from_db()
        assert (difference.state, difference.steps.count()) == ("closed", 3)

    def test_other_figures_open_it_again(self, town, difference, people) -> None:
        answer_difference(
            difference=difference, evidence="次日补录", moves_money=False, by=people[0], at=town.at(NEXT)
        )
        rows = hospital_rows(ON)
        state(town, [rows[0]._replace(amount_fen=1), *rows[1:]])
        compare(town)
        # Another kind is another row; the answered one is closed by the statement.
        assert found() == [("amount", "bill", rows[0].reference)]

        [row] = Difference.objects.standing()
        answer_difference(
            difference=row, evidence="录入错", moves_money=False, by=people[0], at=town.at(NEXT)
        )
        state(town, [rows[0]._replace(amount_fen=2), *rows[1:]])
        compare(town)
        row.refresh_from_db()
        assert (row.state, row.maker, row.there_fen) == ("open", None, 2)

    def test_an_answer_that_does_not_hold_is_sent_back(self, town, difference, people) -> None:
        row = answer_difference(
            difference=difference, evidence="次日补录", moves_money=False, by=people[0], at=town.at(NEXT)
        )
        row = send_back_difference(difference=row, evidence="次日没有", by=people[1], at=town.at(NEXT))
        assert (row.state, row.maker) == ("open", None)
        with pytest.raises(CannotSettleDifference):
            close_difference(difference=row, evidence="已核对", by=people[1], at=town.at(NEXT))

    def test_an_answer_without_evidence_is_none(self, town, difference, people) -> None:
        with pytest.raises(BadInput):
            answer_difference(
                difference=difference, evidence=" ", moves_money=False, by=people[0], at=town.at(NEXT)
            )
