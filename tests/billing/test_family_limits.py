"""What one relative may have outstanding at a time, as the one who pays has limited it."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from accounts.models import Notice, Person
from billing.models import Bill, Visit
from billing.operations.charges import (
    Charge,
    Line,
    cancel_visit,
    charge_many,
    settle_visit,
)
from billing.operations.eligibility import eligibility_of
from billing.operations.refunds import refund
from common.errors import Refusal
from credit.models import AccountEvent, FamilyLink
from credit.operations.family import (
    CannotShare,
    accept_offer,
    add_child,
    end_link,
    limit_relative,
    offer_to_pay,
)
from credit.operations.limits import CannotDraw
from hospitals.models import Scene
from tests.cast import Town
from tests.connections import Elsewhere, held_open

LINKED = date(2026, 2, 2)
TREATED = date(2026, 3, 2)
OLD = date(1955, 6, 1)
CAP = 50_000

pytestmark = pytest.mark.article(24)


def family(town: Town, limit_fen: int | None = CAP) -> tuple[Person, Person, FamilyLink]:
    """Lin, with ¥3,000, and a child with a limit of its own."""
    lin = town.enrol("林志明")
    child = town.move_in("林小雨", born_on=date(2014, 4, 10))
    link = add_child(parent=lin, child=child, at=town.at(LINKED))
    if limit_fen:
        link = limit_relative(link=link, limit_fen=limit_fen, at=town.at(LINKED, 11))
    return lin, child, link


def one(patient: Person, fen: int) -> Charge:
    return Charge(patient, Scene.OUTPATIENT, [Line("诊查费", fen)], None, fen)


def financed(answers: list[Bill | Refusal]) -> list[int | str]:
    return [answer.financed_fen if isinstance(answer, Bill) else answer.code for answer in answers]


def test_what_is_above_the_limit_is_paid_on_the_spot(town: Town) -> None:
    lin, child, _link = family(town)

    bill = town.treat(child, TREATED, 80_000)

    assert (bill.financed_fen, bill.paid_on_site_fen, bill.payer) == (50_000, 30_000, lin)
    assert town.account(lin).available_fen == 250_000
    with pytest.raises(CannotDraw) as refused:
        town.treat(child, TREATED, 1, hour=11)
    assert refused.value.article == 24
    with override("en"):
        assert "the relative who pays has set for this patient is used up" in str(refused.value)
    assert not eligibility_of(patient=child, on=TREATED).eligible
    assert town.treat(lin, TREATED, 100_000, hour=12).paid_on_site_fen == 0
    assert town.broken_books(TREATED) == {}


def test_what_is_paid_or_given_back_is_there_again(town: Town) -> None:
    lin, child, _link = family(town)
    bill = town.treat(child, TREATED, 50_000)

    refund(bill=bill, amount_fen=20_000, reason="not_used", at=town.at(TREATED, 11))
    assert eligibility_of(patient=child, on=TREATED).available_fen == 20_000
    town.pay(lin, 30_000, TREATED)

    assert town.treat(child, TREATED, 60_000, hour=13).financed_fen == 50_000


def test_several_charges_of_one_child_in_a_batch_share_the_limit(town: Town) -> None:
    lin, child, _link = family(town)
    charges = [one(child, 30_000), one(lin, 40_000), one(child, 30_000), one(child, 10_000)]

    answers = charge_many(hospital=town.hospital, charges=charges, at=town.at(TREATED))

    assert financed(answers) == [30_000, 40_000, 20_000, "over_limit"]
    assert isinstance(answers[2], Bill) and answers[2].paid_on_site_fen == 10_000
    assert town.account(lin).outstanding_fen == 90_000


def test_the_smaller_of_limit_and_account_decides(town: Town) -> None:
    lin, child, _link = family(town)
    town.treat(lin, TREATED, 280_000)

    assert town.treat(child, TREATED, 60_000, hour=11).financed_fen == 20_000


def test_a_hold_counts_and_what_it_is_settled_for_stays_within_the_limit(town: Town) -> None:
    _lin, child, _link = family(town)
    with pytest.raises(CannotDraw) as refused:
        town.admit(child, TREATED, 60_000)
    with override("en"):
        assert "¥600.00 is more than the ¥500.00 left" in str(refused.value)
    assert not Visit.objects.exists()

    visit = town.admit(child, TREATED, 40_000)
    assert town.treat(child, TREATED, 20_000, hour=11).financed_fen == 10_000
    bill = settle_visit(visit=visit, items=[Line("住院", 70_000)], at=town.at(TREATED, 15))

    assert (bill.financed_fen, bill.paid_on_site_fen) == (40_000, 30_000)
    assert town.broken_books(TREATED) == {}


def test_a_visit_opened_before_the_end_keeps_the_limit_it_was_opened_under(town: Town) -> None:
    _lin, child, link = family(town)
    visit = town.admit(child, TREATED, 40_000)
    end_link(link=link, at=town.at(TREATED, 11))

    bill = settle_visit(visit=visit, items=[Line("住院", 70_000)], at=town.at(TREATED, 15))

    assert bill.financed_fen == 50_000


def test_a_lowered_limit_calls_nothing_in_and_a_lifted_one_is_gone(town: Town) -> None:
    lin, child, link = family(town)
    town.treat(child, TREATED, 50_000)

    limit_relative(link=link, limit_fen=10_000, at=town.at(TREATED, 11))
    assert Bill.objects.get().owed_fen == 50_000
    with pytest.raises(CannotDraw):
        town.treat(child, TREATED, 1, hour=12)

    limit_relative(link=link, limit_fen=None, at=town.at(TREATED, 12))
    assert town.treat(child, TREATED, 250_000, hour=13).paid_on_site_fen == 0
    assert not town.account(lin).caps_family
    kinds = [event.kind for event in town.account(lin).events.all()]
    assert kinds.count(AccountEvent.Kind.FAMILY) == 3
    told = Notice.objects.filter(person=child, kind__startswith="credit.family_").order_by("pk")
    assert [notice.kind for notice in told][1:] == [
        "credit.family_limited", "credit.family_limited", "credit.family_unlimited",
    ]  # fmt: skip
    assert town.broken_books(TREATED) == {}


def test_the_same_limit_again_changes_nothing_and_none_is_set_after_the_end(town: Town) -> None:
    lin, _child, link = family(town)
    before = town.account(lin).seq

    limit_relative(link=link, limit_fen=CAP, at=town.at(TREATED))
    assert town.account(lin).seq == before

    end_link(link=link, at=town.at(TREATED, 11))
    with pytest.raises(CannotShare):
        limit_relative(link=link, limit_fen=1, at=town.at(TREATED, 12))


def test_the_limit_of_a_parent_counts_what_the_child_owes_on_whichever_account(town: Town) -> None:
    lin, mother = town.enrol("林志明"), town.enrol("陈秀英", born_on=OLD)
    link = accept_offer(link=offer_to_pay(child=lin, parent=mother, at=town.at(LINKED)), at=town.at(LINKED))
    limit_relative(link=link, limit_fen=CAP, at=town.at(LINKED, 11))

    first, second = (town.treat(mother, TREATED, 40_000, hour=hour) for hour in (10, 11))

    assert (first.account, first.payer) == (town.account(mother), lin)
    assert (second.financed_fen, second.paid_on_site_fen) == (10_000, 30_000)


def test_who_has_capped_nobody_pays_no_statement_for_it(town: Town) -> None:
    _lin, child, link = family(town, limit_fen=None)
    town.treat(child, TREATED, 100)

    def statements() -> int:
        with CaptureQueriesContext(connection) as counted:
            town.treat(child, TREATED, 100, hour=12)
        return len(counted)

    plain = statements()
    limit_relative(link=link, limit_fen=CAP, at=town.at(TREATED, 11))
    assert statements() == plain + 1


def test_two_charges_at_once_never_go_above_a_childs_limit(real_town: Town) -> None:
    lin, child, _link = family(real_town)

    with held_open(lambda: real_town.treat(child, TREATED, 40_000)) as commit:
        second = Elsewhere(lambda: real_town.treat(child, TREATED, 40_000))
        first = commit()

    assert first.financed_fen == 40_000
    assert (second.join().financed_fen, second.join().paid_on_site_fen) == (10_000, 30_000)
    assert real_town.account(lin).outstanding_fen == 50_000


def test_a_charge_that_waits_for_the_first_limit_is_held_to_it(real_town: Town) -> None:
    _lin, child, link = family(real_town, limit_fen=None)

    with held_open(lambda: limit_relative(link=link, limit_fen=CAP, at=real_town.at(TREATED))) as commit:
        charge = Elsewhere(lambda: real_town.treat(child, TREATED, 80_000))
        commit()

    assert charge.join().financed_fen == 50_000


def test_a_limit_that_waits_for_a_charge_comes_after_it(real_town: Town) -> None:
    lin, child, link = family(real_town, limit_fen=None)

    with held_open(lambda: real_town.treat(child, TREATED, 80_000)) as commit:
        limiting = Elsewhere(lambda: limit_relative(link=link, limit_fen=CAP, at=real_town.at(TREATED)))
        commit()
    limiting.join()

    kinds = [event.kind for event in real_town.account(lin).events.all()]
    assert kinds == ["opened", "charge", "family"]


def test_a_hold_and_a_charge_at_once_share_the_limit(real_town: Town) -> None:
    _lin, child, _link = family(real_town)

    with held_open(lambda: real_town.admit(child, TREATED, 40_000)) as commit:
        charge = Elsewhere(lambda: real_town.treat(child, TREATED, 40_000))
        visit = commit()

    assert charge.join().financed_fen == 10_000
    with transaction.atomic():
        cancel_visit(visit=visit, at=real_town.at(TREATED, 12))
    assert eligibility_of(patient=child, on=TREATED).available_fen == 40_000
