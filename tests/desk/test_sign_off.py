"""The end of a day: three sides, what differs first, prepared by one who leads and signed by another."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine

from accounts.models import Person
from billing.closing import SENTENCES
from billing.models import DayPreparation, DaySignOff, Difference, HospitalTotal, Settlement
from billing.operations.days import close_day
from billing.operations.reconciling import state_day
from billing.operations.settlements import confirm_payout, instruct_payout, return_payout
from billing.operations.shifts import hand_over_shift, open_shift, receive_shift
from billing.operations.statements import Row
from hospitals.models import HospitalStaff
from tests.cast import Town, row_counts
from tests.desk.conftest import FRIDAY, Desk, hire, text_of

pytestmark = [pytest.mark.article(2), pytest.mark.article(17)]

MONDAY, TUESDAY = date(2026, 1, 12), date(2026, 1, 13)
CLOSE = "close/2026-01-09/"


@pytest.fixture
def boss(town: Town, clock: time_machine.Traveller) -> Desk:
    """The hospital's administrator, who leads as well."""
    return Desk(hire(town.hospital, "zheng", HospitalStaff.Position.ADMIN))


@pytest.fixture
def closed(chen: Desk, lin: Person, huang: Person, town: Town, clock: time_machine.Traveller) -> None:
    """Two bills of ¥100 and ¥40 by BANK1 on Friday; the day is closed, it is Saturday morning."""
    chen.charge(lin, "100")
    chen.charge(huang, "40")
    close_day(on=FRIDAY, at=town.at(date(2026, 1, 10), 1))
    clock.move_to(town.at(date(2026, 1, 10), 9))


def state(
    desk: Desk, bills: str = "2", bills_fen: str = "140", refunds: str = "0", refunds_fen: str = "0"
) -> Any:
    figures = {"bills": bills, "bills_fen": bills_fen, "refunds": refunds, "refunds_fen": refunds_fen}
    return desk.post(f"{CLOSE}totals/", **{f"{name}_BANK1": text for name, text in figures.items()})


def prepare(desk: Desk, reason: str = "") -> Any:
    return desk.post(f"{CLOSE}prepare/", reason=reason)


def sign(desk: Desk, ticket: str | None = None) -> Any:
    if ticket is None:
        ticket = desk.get(CLOSE).context["ticket"]
    return desk.post(f"{CLOSE}sign/", ticket=ticket)


def kinds(desk: Desk) -> list[str]:
    return [found.kind for _lender, found in desk.get(CLOSE).context["standing"].comparison.differences]


def test_three_sides_that_agree_are_prepared_by_one_and_signed_by_another(
    closed: None, lead: Desk, boss: Desk
) -> None:
    assert state(lead).url == f"/en/desk/{CLOSE}"
    assert kinds(lead) == []
    assert prepare(lead).url == f"/en/desk/{CLOSE}"
    assert sign(boss).url == f"/en/desk/{CLOSE}"
    signed = DaySignOff.objects.get()
    page = text_of(lead.get(CLOSE))

    assert (signed.signed_by, signed.preparation.prepared_by, signed.business_on) == (
        boss.user,
        lead.user,
        FRIDAY,
    )
    assert signed.preparation.figures["lines"][0]["hospital"] == {
        "bills": 2, "bills_fen": 14_000, "refunds": 0, "refunds_fen": 0,
    }  # fmt: skip
    assert "signed off" in page and "zheng" in page and "no difference" in page


def test_whoever_prepared_it_does_not_sign_it(closed: None, lead: Desk, boss: Desk) -> None:
    state(lead)
    prepare(lead)
    ticket = boss.get(CLOSE).context["ticket"]
    prepare(boss)

    assert lead.get(CLOSE).context["ticket"] != "" and boss.get(CLOSE).context["ticket"] == ""
    assert "somebody else who leads signs it" in text_of(boss.get(CLOSE))
    own = sign(boss, ticket)
    assert own.status_code == 409 and "You prepared this day yourself" in text_of(own)
    assert sign(lead, ticket).status_code == 302, "another's ticket opens nothing"
    assert not DaySignOff.objects.exists()


def test_differences_come_first_and_are_explained_before_anybody_prepares(
    closed: None, lead: Desk, boss: Desk
) -> None:
    state(lead, bills="3", bills_fen="150")
    assert kinds(lead) == ["bills", "bills_fen"]
    page = text_of(lead.get(CLOSE))
    refused = prepare(lead)

    assert page.index("the hospital 3") < page.index("By service")
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["reason"])
    assert "2 differences are not explained" in text_of(refused)
    assert not DayPreparation.objects.exists()
    assert prepare(lead, "医院系统多记一笔,已更正").status_code == 302
    assert sign(boss).status_code == 302
    kept = DaySignOff.objects.get().preparation
    assert (kept.differences, kept.reason) == (2, "医院系统多记一笔,已更正")


def test_a_total_that_nobody_entered_is_a_difference(closed: None, lead: Desk) -> None:
    assert kinds(lead) == ["not_stated"]
    assert prepare(lead).status_code == 422


def test_a_statement_of_the_day_stands_for_totals_and_its_differences_count(
    closed: None, lead: Desk, boss: Desk, town: Town
) -> None:
    rows = [Row("MZ-404", "bill", 900)]
    at = town.at(date(2026, 1, 10), 8)
    state_day(source="hospital", hospital=town.hospital, business_on=FRIDAY, rows=rows, by=None, at=at)
    standing = Difference.objects.standing().count()
    page = text_of(lead.get(CLOSE))

    assert kinds(lead) == ["statement"]
    assert f"{standing} differences between statements and the platform" in page
    assert prepare(lead).status_code == 422


def test_a_day_that_is_still_open_is_compared_and_not_signed(chen: Desk, lin: Person, lead: Desk) -> None:
    chen.charge(lin, "100")
    assert state(lead, bills="1", bills_fen="100").status_code == 302
    refused = prepare(lead)

    assert kinds(lead) == []
    assert refused.status_code == 409 and "is still open" in text_of(refused)
    assert "Sign off 9" not in text_of(lead.get(CLOSE))


def test_figures_that_changed_since_are_prepared_anew(closed: None, lead: Desk, boss: Desk) -> None:
    state(lead)
    prepare(lead)
    ticket = boss.get(CLOSE).context["ticket"]
    state(lead, bills="1")
    answer = sign(boss, ticket)

    assert answer.status_code == 409 and "have changed since they were prepared" in text_of(answer)
    assert "Prepare the day anew" in text_of(lead.get(CLOSE))
    assert not DaySignOff.objects.exists()


def test_a_signed_day_is_kept_as_it_was_signed(closed: None, lead: Desk, boss: Desk, town: Town) -> None:
    state(lead)
    prepare(lead)
    first = sign(boss)
    settlement = Settlement.objects.get()
    instruct_payout(settlement=settlement, at=town.at(MONDAY))
    before = row_counts()

    assert first.status_code == 302
    assert "was signed off by zheng" in text_of(state(lead))
    assert "was signed off by zheng" in text_of(prepare(lead))
    assert row_counts() == before
    assert lead.get(CLOSE).context["standing"].comparison.lines[0].payout.state == "due"


def test_a_payment_on_its_way_does_not_undo_a_preparation(
    closed: None, lead: Desk, boss: Desk, town: Town
) -> None:
    state(lead)
    prepare(lead)
    instruct_payout(settlement=Settlement.objects.get(), at=town.at(MONDAY))

    assert sign(boss).status_code == 302 and DaySignOff.objects.exists()


def test_a_lender_that_has_not_paid_in_time_or_whose_bank_sent_it_back_differs(
    closed: None, lead: Desk, town: Town, clock: time_machine.Traveller
) -> None:
    state(lead)
    settlement = Settlement.objects.get()
    clock.move_to(town.at(MONDAY, 12))
    lead = Desk(lead.user)
    assert kinds(lead) == []
    clock.move_to(town.at(TUESDAY, 9))
    lead = Desk(lead.user)
    assert kinds(lead) == ["late"]
    instruct_payout(settlement=settlement, at=town.at(TUESDAY))
    settlement.refresh_from_db()
    confirm_payout(settlement=settlement, bank_reference="W1", value_on=TUESDAY, at=town.at(TUESDAY))
    assert kinds(lead) == [] and "W1" in text_of(lead.get(CLOSE))
    settlement.refresh_from_db()
    return_payout(settlement=settlement, bank_reference="W2", reason="账号有误", at=town.at(TUESDAY, 10))
    assert kinds(lead) == ["returned"]


def test_shifts_that_nobody_received_are_open_points(
    chen: Desk, lead: Desk, lin: Person, town: Town, clock: time_machine.Traveller
) -> None:
    shift = open_shift(hospital=town.hospital, cashier=chen.user, float_fen=0, at=town.at(FRIDAY, 9))
    chen.charge(lin, "100")
    assert kinds(lead) == ["not_stated", "shift_open"]
    hand_over_shift(
        hospital=town.hospital, cashier=chen.user, to=lead.user, counted_fen=0, at=town.at(FRIDAY, 11)
    )
    assert kinds(lead) == ["not_stated", "shift_not_received"]
    receive_shift(
        hospital=town.hospital, number=shift.number, receiver=lead.user, counted_fen=0, at=town.at(FRIDAY, 12)
    )
    assert kinds(lead) == ["not_stated"]
    assert shift.number in text_of(lead.get(CLOSE))


def test_bad_totals_are_refused_by_name_and_nothing_is_lost(closed: None, lead: Desk) -> None:
    for name, text in (
        ("bills", "-1"), ("bills", "1.5"), ("bills", "x"), ("bills", "1" * 30), ("bills", "\x00"),
        ("bills_fen", "-1"), ("bills_fen", "1e9"), ("bills_fen", "350203198503070016"),
        ("refunds_fen", "NaN"),
    ):  # fmt: skip
        answer = state(lead, **{name: text})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [f"{name}_BANK1"]), text
        assert "140" in text_of(answer) or name == "bills_fen"
    assert lead.post(f"{CLOSE}totals/").status_code == 422
    assert not HospitalTotal.objects.exists()


def test_totals_are_typed_in_any_width_and_the_newest_counts(closed: None, lead: Desk) -> None:
    state(lead, bills="9")
    state(lead, bills="２", bills_fen="１４０．００", refunds="", refunds_fen="")

    assert HospitalTotal.objects.count() == 2
    assert kinds(lead) == []
    assert 'value="140.00"' in text_of(lead.get(f"{CLOSE}totals/"))


@pytest.mark.article(32)
def test_a_cashier_and_another_hospital_s_lead_reach_none_of_it(
    closed: None, chen: Desk, lead: Desk, town: Town
) -> None:
    other = Desk(hire(town.build_hospital("XM002"), "sun", HospitalStaff.Position.LEAD))
    state(lead)
    prepare(lead)
    before = row_counts()
    for path in ("totals/", "prepare/", "sign/"):
        assert chen.post(f"{CLOSE}{path}").status_code == 404, path
    assert chen.get(f"{CLOSE}totals/").status_code == 404
    assert "Side by side" not in text_of(chen.get(CLOSE))
    page = text_of(other.get(CLOSE))
    assert "Side by side" not in page and "¥140.00" not in page and "wu" not in page
    assert other.get(CLOSE).context["ticket"] == ""
    assert row_counts() == before


def test_a_day_to_come_and_one_before_the_scheme_have_none_of_it(lead: Desk) -> None:
    for day in ("2026-01-10", "2019-12-31"):
        for path in ("totals/", "prepare/", "sign/"):
            assert lead.post(f"close/{day}/{path}").status_code == 404, (day, path)


def test_every_kind_of_difference_has_its_sentence() -> None:
    assert {str(sentence) for sentence in SENTENCES.values()} and len(SENTENCES) == 12
