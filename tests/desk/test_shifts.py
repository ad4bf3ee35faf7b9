"""A shift: opened with a float, handed over with counted cash, received by a second person, on paper."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from accounts.models import Person
from billing.models import Bill, DeskVoid, HandOver, Receipt, Shift
from billing.operations.charges import void_bill
from billing.operations.desk import void_at_desk
from billing.operations.once import ShiftEnded
from billing.operations.shifts import CannotReceive, hand_over_shift, open_shift, receive_shift
from hospitals.models import HospitalStaff
from tests.cast import Town, row_counts
from tests.connections import Elsewhere, held_open
from tests.desk.conftest import FRIDAY, Desk, hire, text_of, ticket_of

pytestmark = pytest.mark.article(17)


def begin(desk: Desk, float_yuan: str = "200") -> Shift:
    assert desk.post("shift/open/", float_fen=float_yuan).status_code == 302
    return Shift.objects.going_on().get(cashier=desk.user)


def hand_over(desk: Desk, counted: str, to: str = "wu", **changes: Any) -> Any:
    return desk.post("shift/hand-over/", counted_fen=counted, to=to, **changes)


def refund_all(desk: Desk, bill: Bill) -> None:
    checked = desk.post(f"refund/{bill.number}/", amount_fen=str(bill.self_paid_fen / 100), reason="not_used")
    assert desk.post(f"refund/{bill.number}/give/", ticket=ticket_of(checked)).status_code == 302


@pytest.fixture
def busy_shift(chen: Desk, lead: Desk, lin: Person, huang: Person, clock: time_machine.Traveller) -> Shift:
    """Opened with ¥200. Huang pays ¥81.50 on the spot and gets it back; a bill of Lin's is undone."""
    shift = begin(chen)
    clock.shift(60)
    chen.charge(huang, "581.50")
    refund_all(chen, Bill.objects.get())
    chen.charge(huang, "520")
    chen.charge(lin, "40")
    chen.post(f"refund/{lin.bills.get().number}/void/")
    chen.charge(lin, "60")
    clock.shift(60)
    return shift


def test_the_totals_are_what_the_cashier_did_and_the_cash_is_counted_against_them(
    busy_shift: Shift, chen: Desk, lin: Person
) -> None:
    page = text_of(chen.get("shift/"))
    handed = hand_over(chen, "220")
    given = HandOver.objects.get()

    assert "¥220.00" in page and busy_shift.number in page
    assert handed.url == f"/en/desk/shifts/{busy_shift.number}/"
    assert (given.bills, given.refunds, given.voids) == (4, 1, 1)
    assert (given.credit_fen, given.refunded_fen, given.void_fen) == (110_000, 50_000, 4_000)
    assert (given.on_site_fen, given.given_on_site_fen, given.void_on_site_fen) == (10_150, 8_150, 0)
    assert (given.expected_fen, given.difference_fen) == (22_000, 0)


def test_a_void_gives_back_out_of_the_drawer_of_who_made_it(
    chen: Desk, lead: Desk, huang: Person, clock: time_machine.Traveller
) -> None:
    begin(chen, "0")
    begin(lead, "100")
    clock.shift(60)
    chen.charge(huang, "581.50")
    lead.post(f"refund/{Bill.objects.get().number}/void/")
    lead.post(f"refund/{Bill.objects.get().number}/void/")

    assert DeskVoid.objects.get().cashier == lead.user
    assert chen.get("shift/").context["desk"].expected_fen == 8_150
    assert lead.get("shift/").context["desk"].expected_fen == 10_000 - 8_150


def test_what_the_hospital_s_system_undid_was_never_this_drawer_s(
    chen: Desk, huang: Person, town: Town, clock: time_machine.Traveller
) -> None:
    begin(chen, "0")
    clock.shift(60)
    chen.charge(huang, "581.50")
    void_bill(bill=Bill.objects.get(), at=town.at(FRIDAY, 10, 5))
    clock.shift(600)

    assert chen.get("shift/").context["desk"].expected_fen == 0


def test_nothing_falls_between_two_shifts(
    chen: Desk, lead: Desk, lin: Person, clock: time_machine.Traveller
) -> None:
    chen.charge(lin, "1")
    clock.shift(60)
    begin(chen, "0")
    hand_over(chen, "0")
    clock.shift(60)
    chen.charge(lin, "2")
    clock.shift(60)
    begin(chen, "0")

    assert HandOver.objects.get().bills == 1
    assert chen.get("shift/").context["desk"].totals.bills == 1


def test_a_shift_is_opened_once_and_not_below_nothing(chen: Desk) -> None:
    for text in ("", "-1", "1e9", "0.001", "NaN", "1\x00"):
        assert chen.post("shift/open/", float_fen=text).status_code == 422, text
    assert begin(chen) == begin(chen, "900")


def test_a_difference_needs_a_note_and_both_are_kept(busy_shift: Shift, chen: Desk) -> None:
    refused = hand_over(chen, "219")
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["note"])
    assert "¥219.00 was counted, ¥220.00 should be there" in text_of(refused)
    hand_over(chen, "219", note="找零少收 1 元")
    given = HandOver.objects.get()

    assert (given.difference_fen, given.note) == (-100, "找零少收 1 元")
    assert "−¥1.00" in text_of(chen.get(f"shifts/{busy_shift.number}/"))


def test_it_is_handed_to_somebody_else_of_the_same_hospital(
    busy_shift: Shift, chen: Desk, wang: Desk
) -> None:
    for name in ("chen", "wang", "nobody", ""):
        answer = hand_over(chen, "220", to=name)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["to"]), name
    assert not HandOver.objects.exists()


def test_without_a_shift_there_is_nothing_to_hand_over(chen: Desk, lead: Desk) -> None:
    assert "You have no shift open" in text_of(hand_over(chen, "0"))


def test_a_second_person_counts_again_and_receives_it_once(busy_shift: Shift, chen: Desk, lead: Desk) -> None:
    hand_over(chen, "220")
    waiting = text_of(lead.get("shift/"))
    address = f"shifts/{busy_shift.number}/receive/"
    other_count = lead.post(address, counted_fen="219")
    received = lead.post(address, counted_fen="219", note="少一元")
    again = lead.post(address, counted_fen="219")
    receipt = Receipt.objects.get()

    assert busy_shift.number in waiting
    assert list(other_count.context["form"].errors) == ["note"]
    assert received.url == again.url == f"/en/desk/shifts/{busy_shift.number}/"
    assert (receipt.received_by, receipt.counted_fen) == (lead.user, 21_900)
    paper = text_of(lead.get(address.removesuffix("receive/")))
    assert "少一元" in paper and "¥219.00" in paper and "not received yet" not in paper


def test_nobody_receives_their_own_nor_what_was_meant_for_another(
    busy_shift: Shift, chen: Desk, lead: Desk, town: Town
) -> None:
    zhou = Desk(hire(town.hospital, "zhou"))
    hand_over(chen, "220", to="zhou")
    own = chen.post(f"shifts/{busy_shift.number}/receive/", counted_fen="220")
    yan = Desk(hire(town.hospital, "yan"))
    stranger = yan.post(f"shifts/{busy_shift.number}/receive/", counted_fen="220")

    assert own.status_code == 409 and "Nobody receives their own shift" in text_of(own)
    assert stranger.status_code == 404
    with pytest.raises(CannotReceive, match="zhou"):
        receive_shift(
            hospital=town.hospital, number=busy_shift.number, receiver=yan.user, counted_fen=22_000,
            at=town.at(FRIDAY, 11),
        )  # fmt: skip
    assert zhou.post(f"shifts/{busy_shift.number}/receive/", counted_fen="220").status_code == 302
    refused = lead.post(f"shifts/{busy_shift.number}/receive/", counted_fen="220")
    assert "has been received by zhou" in text_of(refused)


def test_the_next_cashier_begins_with_what_was_received(busy_shift: Shift, chen: Desk, town: Town) -> None:
    zhou = Desk(hire(town.hospital, "zhou"))
    hand_over(chen, "220", to="zhou")
    zhou.post(f"shifts/{busy_shift.number}/receive/", counted_fen="220")

    assert zhou.get("shift/").context["form"].initial == {"float_fen": 22_000}


@pytest.mark.article(32)
def test_a_shift_is_read_by_whom_it_concerns(busy_shift: Shift, chen: Desk, lead: Desk, town: Town) -> None:
    hand_over(chen, "220")
    zhou = Desk(hire(town.hospital, "zhou"))
    missing = zhou.get("shifts/H20260109-9999998-9/")
    answer = zhou.get(f"shifts/{busy_shift.number}/")

    assert answer.status_code == 404
    assert text_of(answer).replace(busy_shift.number, "") == text_of(missing).replace(
        "H20260109-9999998-9", ""
    )
    for desk in (chen, lead):
        page = text_of(desk.get(f"shifts/{busy_shift.number}/"))
        assert "¥220.00" in page and "not received yet" in page and "Hand-over of a shift" in page
    assert "slip--a4" in text_of(chen.get(f"shifts/{busy_shift.number}/?paper=a4"))
    assert "slip--a4" in text_of(chen.get(f"shifts/{busy_shift.number}/")), "the paper is remembered"


def test_a_shift_that_goes_on_has_no_paper_yet(busy_shift: Shift, chen: Desk) -> None:
    assert chen.get(f"shifts/{busy_shift.number}/").status_code == 404


def test_the_start_page_says_that_no_shift_is_open(chen: Desk) -> None:
    assert "no shift open" in text_of(chen.get(""))
    begin(chen)
    assert "no shift open" not in text_of(chen.get(""))


def test_what_was_asked_before_the_hand_over_and_comes_after_it_is_refused(
    busy_shift: Shift, chen: Desk, lin: Person, clock: time_machine.Traveller, town: Town
) -> None:
    chen.find(lin)
    checked = chen.check(lin, "3")
    hand_over(chen, "220")
    before = row_counts()
    late = chen.confirm(lin, checked)

    assert late.status_code == 409 and "shift was handed over while" in text_of(late)
    assert row_counts() == before
    clock.shift(1)
    assert chen.confirm(lin, checked).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_the_hand_over_waits_for_a_charge_under_way(chen: Desk, lead: Desk, lin: Person, town: Town) -> None:
    open_shift(hospital=town.hospital, cashier=chen.user, float_fen=0, at=town.at(FRIDAY, 9))
    chen.find(lin)
    checked = chen.check(lin, "3")
    with held_open(lambda: chen.confirm(lin, checked)) as finish:
        handing = Elsewhere(
            lambda: hand_over_shift(
                hospital=town.hospital, cashier=chen.user, to=lead.user, counted_fen=0, at=town.at(FRIDAY, 11)
            )
        )
        finish()
        handing.join()
    assert HandOver.objects.get().bills == 1


def test_a_charge_of_before_the_hand_over_is_no_charge_after_it(chen: Desk, lead: Desk, town: Town) -> None:
    open_shift(hospital=town.hospital, cashier=chen.user, float_fen=0, at=town.at(FRIDAY, 8))
    hand_over_shift(
        hospital=town.hospital, cashier=chen.user, to=lead.user, counted_fen=0, at=town.at(FRIDAY, 11)
    )
    bill = town.treat(town.enrol("黄小燕"), FRIDAY, hour=9)
    with pytest.raises(ShiftEnded):
        void_at_desk(bill=bill, cashier=chen.user, at=town.at(FRIDAY, 10))
    assert Bill.objects.get().state == Bill.State.OPEN


def test_whoever_has_left_the_hospital_reads_nothing(busy_shift: Shift, chen: Desk, lead: Desk) -> None:
    hand_over(chen, "220")
    HospitalStaff.objects.filter(user=lead.user).delete()

    assert lead.get(f"shifts/{busy_shift.number}/").status_code == 404
