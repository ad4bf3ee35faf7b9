"""Amount, check, charge, slip; and every reason not to."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.models import Person
from accounts.operations.consents import withdraw_consent
from billing.models import Bill, DeskAct, Visit
from billing.operations.charges import void_bill
from lenders.operations.facilities import close_facility
from tests.cast import Town, row_counts
from tests.connections import held_open
from tests.desk.conftest import DUE, FRIDAY, Desk, hire, text_of, ticket_of


def slip_of(desk: Desk, answer) -> str:
    assert answer.status_code == 302, answer.content.decode()
    return text_of(desk.client.get(answer.url))


@pytest.mark.article(17)
def test_scan_amount_enter_enter_makes_a_bill_and_its_slip(chen: Desk, lin: Person, town: Town) -> None:
    page = slip_of(chen, chen.charge(lin, "86.50"))
    bill = Bill.objects.get()

    assert (bill.self_paid_fen, bill.financed_fen, bill.paid_on_site_fen) == (8_650, 8_650, 0)
    assert (bill.hospital, bill.cashier, bill.scene) == (town.hospital, chen.user, "outpatient")
    assert [item.name for item in bill.visit.items.all()] == ["门诊"]
    for shown in (bill.number, "林*明", "¥86.50", "24 Feb 2026", "BANK1 Bank", "chen"):
        assert shown in page


def test_the_check_changes_nothing(chen: Desk, lin: Person, town: Town) -> None:
    chen.find(lin)
    before = row_counts()
    checked = chen.check(lin)
    page = text_of(checked)

    assert row_counts() == before
    assert town.account(lin).available_fen == 300_000
    assert "¥86.50" in page and "24 Feb 2026" in page and "BANK1 Bank" in page
    assert "F4" in page


@pytest.mark.article(17)
def test_insurance_is_not_done_until_somebody_says_so_and_the_page_says_what_follows(
    chen: Desk, lin: Person
) -> None:
    chen.find(lin)
    checked = chen.check(lin)
    page = text_of(checked)
    chen.confirm(lin, checked)

    assert "Insurance not settled" in page and "refunded to the credit account first" in page
    assert Bill.objects.get().insurance == Bill.Insurance.MISSING


@pytest.mark.article(17)
def test_the_three_parts_of_insurance_make_the_total(chen: Desk, lin: Person) -> None:
    parts = {"pooled_fund_fen": "320", "personal_account_fen": "４５．２", "other_fen": "0"}
    page = slip_of(chen, chen.charge(lin, "581.50", insured="settled", **parts))
    bill = Bill.objects.get()

    assert (bill.total_fen, bill.pooled_fund_fen, bill.personal_account_fen) == (94_670, 32_000, 4_520)
    assert (bill.financed_fen, bill.insurance) == (58_150, Bill.Insurance.SETTLED)
    assert "¥946.70" in page and "¥320.00" in page


def test_somebody_without_insurance_is_charged_without_the_reminder(chen: Desk, lin: Person) -> None:
    chen.charge(lin, "20", insured="none")
    bill = Bill.objects.get()

    assert (bill.insurance, bill.total_fen) == (Bill.Insurance.SETTLED, 2_000)


def test_insurance_that_is_half_said_is_asked_for(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    nothing = chen.check(lin, insured="settled")
    too_much = chen.check(lin, insured="missing", other_fen="5")
    nonsense = chen.check(lin, insured="perhaps")

    assert list(nothing.context["form"].errors) == ["pooled_fund_fen"]
    assert list(too_much.context["form"].errors) == ["insured"]
    assert list(nonsense.context["form"].errors) == ["insured"]


@pytest.mark.article(24)
def test_where_credit_is_short_the_rest_is_paid_on_the_spot_and_both_are_shown(
    chen: Desk, huang: Person
) -> None:
    chen.find(huang)
    checked = chen.check(huang, "581.50")
    page = text_of(checked)
    slip = slip_of(chen, chen.confirm(huang, checked))
    bill = Bill.objects.get()

    assert (bill.financed_fen, bill.paid_on_site_fen) == (50_000, 8_150)
    assert "Credit reaches for ¥500.00 only. Take ¥81.50" in page
    assert "Charge ¥500.00 to credit, take ¥81.50 now" in page
    assert "Paid on the spot" in slip and "¥81.50" in slip


BAD_AMOUNTS = [
    "", " ", "0", "0.00", "-1", "−1", "1e18", "1e3", "0.001", "NaN", "inf", "１２.３４５", "99999999999",
    "10000000", "12\x003", "\u202e12", "12\u200b3", "1,23", "1 2 3.4.5", "十元", "¥", "<b>1</b>",
    "350203198503070016", "B20260109-0000001-1", "6901234567892",
]  # fmt: skip


def test_a_bad_amount_is_refused_by_name_and_nothing_is_lost(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    insured = ["pooled_fund_fen", "personal_account_fen", "other_fen"]
    for text in BAD_AMOUNTS:
        answer = chen.check(lin, text, insured="settled", item="药费", **dict.fromkeys(insured, text))
        # Insurance may pay nothing of a part; an amount to charge is more than nothing.
        wrong = ["self_paid_fen"] if text in ("", " ", "0", "0.00") else ["self_paid_fen", *insured]

        assert (answer.status_code, list(answer.context["form"].errors)) == (422, wrong), text
        assert "药费" in text_of(answer), text
    assert not Bill.objects.exists()


def test_a_scan_that_lands_in_the_amount_is_called_so(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    for scanned in (lin.resident_id, lin.credit_code, "ZKHBQFAGDKDZ", "6901234567892", "B20260109-0000001-1"):
        assert "A scan landed here" in text_of(chen.check(lin, scanned)), scanned


def test_amounts_are_read_in_any_width(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    for text in ("１２３．５０", "¥123.5", " 123.50 ", "￥１２３.５", "123。50"):
        assert chen.check(lin, text).context["check"].terms.financed_fen == 12_350, text


def test_other_fields_refuse_what_they_cannot_hold(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    for field, text in (
        ("scene", ""), ("scene", "casino"), ("item", "a\x00b"), ("item", "长" * 101),
        ("hospital_visit_no", "9" * 65),
    ):  # fmt: skip
        answer = chen.check(lin, **{field: text})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field]), text


def test_directions_and_controls_are_taken_out_of_words(chen: Desk, lin: Person) -> None:
    chen.charge(lin, item="\u202e药费\u200b\t", hospital_visit_no="ＭＺ００1\x1b")
    visit = Visit.objects.get()

    assert (visit.items.get().name, visit.hospital_visit_no) == ("药费", "MZ001")


@pytest.mark.article(23)
def test_the_patient_may_name_another_of_their_lenders_for_one_bill(
    chen: Desk, lin: Person, town: Town
) -> None:
    other = town.found_bank("BANK2")
    stranger = town.found_bank("BANK3")
    town.agree_with(lin, other)
    chen.find(lin)
    refused = chen.check(lin, lender=stranger.code)
    chen.confirm(lin, chen.check(lin, lender=other.code))

    assert list(refused.context["form"].errors) == ["lender"]
    assert Bill.objects.get().lender == other


@pytest.mark.article(23)
def test_without_a_default_the_lender_has_to_be_named(chen: Desk, lin: Person, town: Town) -> None:
    other = town.found_bank("BANK2")
    town.agree_with(lin, other)
    close_facility(person=lin, lender=town.bank, at=town.at(FRIDAY, 9))
    chen.find(lin)

    assert list(chen.check(lin).context["form"].errors) == ["lender"]
    assert chen.check(lin, lender=other.code).context["check"].terms.lender == other.code


@pytest.mark.article(25)
def test_a_lender_that_may_not_see_the_patient_any_more_is_refused_at_the_charge(
    chen: Desk, lin: Person, town: Town
) -> None:
    chen.find(lin)
    checked = chen.check(lin)
    withdraw_consent(person=lin, purpose="lender", subject=town.bank.code, at=town.at(FRIDAY, 9))
    answer = chen.confirm(lin, checked)

    assert answer.status_code == 409
    assert "No lender has agreed" in text_of(answer) and "Article 23" in text_of(answer)
    assert not Bill.objects.exists() and not DeskAct.objects.exists()


def test_the_same_form_sent_again_leads_to_the_same_slip(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    checked = chen.check(lin)
    first, second, third = (chen.confirm(lin, checked) for _time in range(3))

    assert first.url == second.url == third.url
    assert Bill.objects.count() == 1


def test_the_same_patient_and_amount_within_ten_minutes_is_asked_again(
    chen: Desk, lin: Person, clock: time_machine.Traveller
) -> None:
    chen.charge(lin, "86.50")
    first = Bill.objects.get()
    clock.shift(timedelta(minutes=9))
    chen.find(lin)
    checked = chen.check(lin, "86.50")
    asked = chen.confirm(lin, checked)

    assert "Charged twice?" in text_of(checked) and first.number in text_of(checked)
    assert asked.status_code == 409 and "Charged twice?" in text_of(asked)
    assert Bill.objects.count() == 1
    assert chen.confirm(lin, checked, again="yes").status_code == 302
    assert Bill.objects.count() == 2


def test_another_amount_a_later_time_or_a_void_bill_is_no_repetition(
    chen: Desk, lin: Person, huang: Person, town: Town, clock: time_machine.Traveller
) -> None:
    chen.charge(lin, "86.50")
    assert chen.charge(lin, "86.51").status_code == 302
    assert chen.charge(huang, "86.50").status_code == 302
    clock.shift(timedelta(minutes=11))
    assert chen.charge(lin, "86.50").status_code == 302
    void_bill(bill=Bill.objects.latest("pk"), at=town.at(FRIDAY, 10, 12))
    assert chen.charge(lin, "86.50").status_code == 302


def test_a_repetition_at_the_next_desk_is_seen_even_if_checked_before(
    chen: Desk, lin: Person, town: Town
) -> None:
    zhou = Desk(hire(town.hospital, "zhou"))
    chen.find(lin)
    zhou.find(lin)
    checked, also = chen.check(lin), zhou.check(lin)
    chen.confirm(lin, checked)

    assert zhou.confirm(lin, also).status_code == 409
    assert Bill.objects.count() == 1


def test_figures_that_changed_since_the_check_are_shown_again_before_anything_is_charged(
    chen: Desk, huang: Person, town: Town
) -> None:
    chen.find(huang)
    checked = chen.check(huang, "300")
    town.treat(huang, FRIDAY, 40_000, hour=10)
    answer = chen.confirm(huang, checked)
    page = text_of(answer)

    assert answer.status_code == 409
    assert "figures have changed" in page and "Credit reaches for ¥100.00 only" in page
    assert Bill.objects.count() == 1
    again = chen.post(f"patients/{huang.credit_code}/charge/", ticket=answer.context["ticket"])
    assert again.status_code == 302


def test_a_check_past_midnight_is_made_anew(
    chen: Desk, lin: Person, clock: time_machine.Traveller, town: Town
) -> None:
    clock.move_to(town.at(FRIDAY, 23, 59))
    chen.find(lin)
    checked = chen.check(lin)
    clock.shift(timedelta(minutes=2))
    answer = chen.confirm(lin, checked)

    bill = answer.context["bill"] if answer.status_code == 409 else Bill.objects.get()
    assert bill.due_on >= DUE


def test_a_ticket_is_for_its_cashier_its_patient_and_its_act_alone(
    chen: Desk, lin: Person, huang: Person, town: Town
) -> None:
    zhou = Desk(hire(town.hospital, "zhou"))
    for desk in (chen, zhou):
        desk.find(lin)
        desk.find(huang)
    checked = chen.check(lin)
    ticket = ticket_of(checked)
    bill = town.treat(lin, FRIDAY, hour=9)

    for answer in (
        zhou.confirm(lin, checked),
        chen.confirm(huang, checked),
        chen.post(f"refund/{bill.number}/give/", ticket=ticket),
        chen.post(f"patients/{lin.credit_code}/charge/", ticket=ticket[:-1] + "x"),
        chen.post(f"patients/{lin.credit_code}/charge/", ticket="\x00"),
        chen.post(f"patients/{lin.credit_code}/charge/"),
    ):
        assert answer.status_code == 302 and "bills" not in answer.url
    assert Bill.objects.get() == bill


def test_charging_is_never_done_by_a_link(chen: Desk, lin: Person) -> None:
    chen.find(lin)

    assert chen.get(f"patients/{lin.credit_code}/charge/").status_code == 405


def test_the_next_patient_starts_with_the_last_service(chen: Desk, lin: Person, huang: Person) -> None:
    chen.charge(lin, scene="checkup")
    chen.find(huang)
    page = chen.get(f"patients/{huang.credit_code}/")

    assert page.context["form"].initial["scene"] == "checkup"


def test_a_void_bill_says_so_on_its_slip(chen: Desk, lin: Person, town: Town) -> None:
    chen.charge(lin)
    bill = void_bill(bill=Bill.objects.get(), at=town.at(FRIDAY, 11))

    assert "VOID" in text_of(chen.get(f"bills/{bill.number}/"))


def test_slips_keep_names_masked(chen: Desk, lin: Person) -> None:
    page = slip_of(chen, chen.charge(lin))

    assert lin.name not in page and lin.resident_id not in page and lin.credit_code not in page


@pytest.mark.django_db(transaction=True)
def test_while_the_same_form_is_still_under_way_nobody_is_told_to_charge_again(
    chen: Desk, lin: Person
) -> None:
    chen.find(lin)
    checked = chen.check(lin)
    with held_open(lambda: chen.confirm(lin, checked)) as finish:
        meanwhile = chen.confirm(lin, checked)
        first = finish()
    recheck = chen.post("recheck/", ticket=meanwhile.context["ticket"])

    assert meanwhile.status_code == 503
    assert "do not charge again" in text_of(meanwhile) and "Ask whether it is done" in text_of(meanwhile)
    assert recheck.url == first.url
    assert Bill.objects.count() == 1
