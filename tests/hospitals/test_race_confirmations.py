"""Two who decide at the same moment, on two connections: one decision, and nothing twice."""

from datetime import timedelta

import pytest

from accounts.models import User
from hospitals.models import Hospital, PayoutAccount, RetrofitClaim
from hospitals.operations.claims import CannotDecideClaim, check_claim, decide_claim, file_claim
from hospitals.operations.onboarding import CannotChangeScene, open_scene, register_hospital
from hospitals.operations.payout import (
    CannotChangePayoutAccount,
    confirm_payout_account,
    enter_payout_account,
    propose_payout_account,
    reject_payout_account,
)
from hospitals.operations.readiness import take_back
from tests.connections import Elsewhere, held_open
from tests.hospitals.acts import tick_all
from tests.hospitals.days import NOW, TODAY

pytestmark = pytest.mark.django_db(transaction=True)
NEXT_WEEK = TODAY + timedelta(days=7)


def a_hospital() -> Hospital:
    return register_hospital(
        code="XM001",
        name_zh="第一医院",
        name_en="First",
        kind="public",
        district="思明区",
        online_on=TODAY,
        at=NOW,
    )


def staff(*names: str) -> list[User]:
    return [User.objects.create_user(name, role=User.Role.OPERATOR) for name in names]


@pytest.mark.parametrize("second", ["confirm", "reject"])
def test_a_proposal_is_confirmed_once(second: str) -> None:
    hospital = a_hospital()
    ou, wu, zhou = staff("ou", "wu", "zhou")
    enter_payout_account(
        hospital=hospital,
        holder="医院",
        bank_name="鹭岛银行",
        number="351001888001234",
        from_on=TODAY,
        at=NOW,
    )
    proposal = propose_payout_account(
        hospital=hospital,
        holder="医院",
        bank_name="海湾银行",
        number="440012345678",
        from_on=NEXT_WEEK,
        by=ou,
        at=NOW,
    )

    with held_open(lambda: confirm_payout_account(proposal=proposal, by=wu, at=NOW)) as finish:
        if second == "confirm":
            late = Elsewhere(lambda: confirm_payout_account(proposal=proposal, by=zhou, at=NOW))
        else:
            late = Elsewhere(lambda: reject_payout_account(proposal=proposal, by=zhou, reason="不", at=NOW))
        account = finish()
        with pytest.raises(CannotChangePayoutAccount):
            late.join()

    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == ("confirmed", wu)
    assert list(PayoutAccount.objects.filter(to_on=None)) == [account]


def test_of_two_proposals_at_once_one_waits() -> None:
    hospital = a_hospital()
    ou, wu = staff("ou", "wu")
    terms = {"holder": "医院", "bank_name": "海湾银行", "number": "440012345678", "from_on": NEXT_WEEK}

    with held_open(
        lambda: propose_payout_account(hospital=hospital, **terms, by=ou, at=NOW)  # type: ignore[arg-type]
    ) as finish:
        late = Elsewhere(
            lambda: propose_payout_account(hospital=hospital, **terms, by=wu, at=NOW)  # type: ignore[arg-type]
        )
        finish()
        with pytest.raises(CannotChangePayoutAccount):
            late.join()

    assert hospital.payout_proposals.count() == 1


def test_a_claim_is_decided_once() -> None:
    hospital = a_hospital()
    [ou] = staff("ou")
    office = User.objects.create_user("zhao", role=User.Role.HOSPITAL_ADMIN)
    cai, fang = (
        User.objects.create_user(name, role="regulator", bureau="finance") for name in ("cai", "fang")
    )
    claim = file_claim(hospital=hospital, amount_fen=100, purpose="改造", evidence="合同", by=office, at=NOW)
    check_claim(claim=claim, complete=True, note="齐全", by=ou, at=NOW)

    with held_open(
        lambda: decide_claim(claim=claim, granted_fen=100, reasons="同意", by=cai, at=NOW)
    ) as finish:
        late = Elsewhere(lambda: decide_claim(claim=claim, granted_fen=0, reasons="不同意", by=fang, at=NOW))
        finish()
        with pytest.raises(CannotDecideClaim):
            late.join()

    kept = RetrofitClaim.objects.get()
    assert (kept.state, kept.granted_fen, kept.decided_by) == ("granted", 100, cai)


def test_no_scene_opens_while_an_item_is_being_taken_back() -> None:
    hospital = a_hospital()
    [ou] = staff("ou")
    tick_all(hospital, ou, ["parking"])
    check = hospital.checks.get(item="gate")

    with held_open(lambda: take_back(check=check, at=NOW)) as finish:
        late = Elsewhere(lambda: open_scene(hospital=hospital, scene="parking", on=TODAY, at=NOW))
        finish()
        with pytest.raises(CannotChangeScene):
            late.join()

    assert not hospital.scenes.exists()
