"""Chen complains about a bill and objects to it: only the objection stops the clock; both are answered."""

from datetime import date, timedelta

import pytest

from accounts.models import Message, Notice, User
from billing.operations.objections import answer_objection, object_to
from complaints.matters import matters_of
from complaints.operations.cases import add_to_case, answer_case, open_case
from config.day import settle_messages
from tests.cast import Town
from tests.sandbox_process import SandboxProcess

TREATED = date(2026, 3, 2)
DUE = date(2026, 4, 13)  # a Monday
FIRST = DUE + timedelta(days=1)
FIFTH = date(2026, 4, 20)  # the fifth working day after the 13th


@pytest.mark.article(13)
@pytest.mark.article(29)
def test_a_complaint_stops_nothing_an_objection_does_and_each_has_its_answer(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    chen = town.enrol("陈建国", score=700)
    ou = User.objects.create_user("ou", role=User.Role.OPERATOR)
    bill = town.treat(chen, TREATED, 50_000)

    # On the due date Chen complains: it costs one touch, and the reminder of the next day comes all the same.
    case = open_case(
        person=chen, kind="complaint", cause="service", statement="", bill=bill, at=town.at(DUE, 21)
    )
    assert case.answer_by_on == FIFTH
    town.live(DUE, FIRST)
    bill.refresh_from_db()
    assert bill.reminders_counted == 1
    add_to_case(case=case, text="挂号窗口的人说信用不能用", at=town.at(FIRST, 12))

    # Chen objects to the bill itself: from that day nothing runs.
    objection = object_to(bill=bill, statement="没有做这项检查", at=town.at(FIRST, 13))
    town.live(FIRST + timedelta(days=1), FIFTH)
    bill.refresh_from_db()
    assert (bill.reminders_counted, bill.charges_fen) == (1, 0)

    # Both stand in one list, the newest first, and both are answered on the last day.
    _page, matters = matters_of(person=chen, page=None, on=FIFTH)
    assert [matter.row for matter in matters] == [objection, case]
    assert [matter.days_late for matter in matters] == [0, 0]
    answer_case(case=case, answer="已请医院培训窗口人员。", by=ou, at=town.at(FIFTH, 16))
    answer_objection(
        objection=objection, upheld=True, answer="项目有误。", refund_fen=20_000, by=ou, at=town.at(FIFTH, 17)
    )
    settle_messages(at=town.at(FIFTH, 18))
    _page, matters = matters_of(person=chen, page=None, on=FIFTH + timedelta(days=30))
    assert [matter.days_late for matter in matters] == [0, 0]

    # Chen was told by text message that there is an answer; its words stand on the page alone.
    assert Notice.objects.filter(person=chen, kind__startswith="case.").count() == 2
    texts = [message["text"] for message in fresh_sandbox.inbox(chen.phone) if case.number in message["text"]]
    assert len(texts) == 2 and not any("培训" in text for text in texts)
    assert not Message.objects.exclude(state="delivered").filter(notice__kind="case.answered").exists()
    assert town.broken_books(FIFTH) == {}
