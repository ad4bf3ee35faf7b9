"""A month on one page: it adds up, it is the ledger's, and it can be printed."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.request import OpenerDirector
from zlib import decompressobj

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from billing import pdf
from billing.models import Bill, LedgerAccount
from billing.monthly import MonthlyStatement, first_of_next, months_of, statement_of
from billing.operations.charges import void_bill
from billing.operations.ledger import credit_balance_fen
from billing.operations.refunds import refund
from billing.operations.repayments import withdraw_balance
from tests.billing.months import Months
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words

JANUARY, MAY = date(2026, 1, 1), date(2026, 5, 1)
PAGE = "/en/me/statements/202601/"


def lived(person: Person, on: date) -> list[MonthlyStatement]:
    """Every month of a person, the oldest first."""
    return [statement_of(person=person, month=month, on=on) for month in months_of(person, on)[::-1]]


def adds_up(person: Person, on: date) -> None:
    """Each month goes on where the one before ended, and the last ends where the ledger stands."""
    owed = held = 0
    for month in lived(person, on):
        assert (month.owed.opening_fen, month.held.opening_fen) == (owed, held)
        owed += sum(line.amount_fen for line in month.owed.lines)
        held += sum(line.amount_fen for line in month.held.lines)
        assert (month.owed.closing_fen, month.held.closing_fen) == (owed, held)
        assert all(month.first_on <= line.on <= month.until_on for line in month.owed.lines)
    accounts = LedgerAccount.objects.filter(payer=person)
    of_kind = {
        kind.value: sum(one.balance_fen() for one in accounts.filter(kind=kind))
        for kind in LedgerAccount.Kind
    }
    assert owed == of_kind["receivable"] + of_kind["charges"] == Bill.objects.owed_by(person).total_owed_fen()
    assert held == -of_kind["credit_balance"]


@pytest.mark.article(28)
def test_the_months_of_a_lived_in_history_add_up_to_the_ledger(town: Town) -> None:
    months = Months(town)

    for person in (months.lin, months.chen, months.wang):
        adds_up(person, date(2026, 5, 6))
    titles = {line.title for month in lived(months.chen, date(2026, 5, 6)) for line in month.owed.lines}
    assert len(titles) == 3, "bills, late charges, a repayment"


ACTS = st.lists(
    st.tuples(st.sampled_from(["treat", "pay", "refund", "void", "withdraw"]), st.integers(1, 90_000)),
    max_size=12,
)


@pytest.mark.article(27)
@given(acts=ACTS, days=st.integers(1, 20))
@settings(
    max_examples=8, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_whatever_happens_opening_and_movements_make_the_closing(
    town: Town, acts: list[tuple[str, int]], days: int
) -> None:
    person, on = town.enrol(), TREATED
    for act, fen in acts:
        newest = Bill.objects.owed_by(person).exclude(state=Bill.State.VOID).last()
        refunded = (newest and newest.refunds.aggregate(fen=Sum("amount_fen"))["fen"]) or 0
        available = town.account(person).available_fen
        held = credit_balance_fen(payer=person, lender=town.bank)
        match act:
            case "treat" if available:
                town.treat(person, on, fen)
            case "pay":
                town.pay(person, fen, on)
            case "refund" if newest and newest.self_paid_fen > refunded:
                left = newest.self_paid_fen - refunded
                refund(bill=newest, amount_fen=min(fen, left), reason="other", at=town.at(on, 15))
            case "void" if newest and newest.business_on == on and not (newest.repaid_fen or refunded):
                void_bill(bill=newest, at=town.at(on, 16))
            case "withdraw" if held:
                withdraw_balance(
                    payer=person, lender=town.bank, amount_fen=min(fen, held), at=town.at(on, 17)
                )
        on += timedelta(days=days)

    adds_up(person, on)


def one_of_each(town: Town) -> Person:
    """¥500 charged, ¥20 of it refunded, ¥100 repaid; ¥50 charged and undone; all on one day."""
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    refund(bill=bill, amount_fen=2_000, reason="not_used", at=town.at(TREATED, 11))
    town.pay(lin, 10_000, TREATED)
    void_bill(bill=town.treat(lin, TREATED, 5_000, hour=13), at=town.at(TREATED, 14))
    return lin


@pytest.mark.article(27)
@pytest.mark.article(28)
def test_a_month_names_each_bill_refund_and_repayment(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = one_of_each(town)
    today_is(TREATED, 15)
    page = words(sign_in(lin).get(PAGE))

    assert "On 9 Jan 2026 you owed ¥380.00. The month is not over yet." in page
    for line in ("Bill of Hospital XM001", "Refund by Hospital XM001", "Repaid", "undid the bill"):
        assert line in page
    assert "¥0.00 + ¥550.00 added − ¥170.00 paid, given back or undone = ¥380.00" in page
    assert "Credit balance" not in page.split("What you owe")[-1].split("Download")[0]


def test_months_before_joining_and_months_to_come_do_not_exist(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, stranger = one_of_each(town), town.move_in("周一凡")
    today_is(date(2026, 3, 2))
    browser = sign_in(lin)

    assert [month.month for month in months_of(lin, date(2026, 3, 2))] == [3, 2, 1]
    for month, status in (
        ("202512", 404),
        ("202601", 200),
        ("202603", 200),
        ("202604", 404),
        ("202613", 404),
    ):
        assert browser.get(f"/en/me/statements/{month}/").status_code == status, month
        assert browser.get(f"/en/me/statements/{month}/statement.pdf").status_code == status, month
    listed = words(browser.get("/en/me/statements/"))
    assert "March 2026" in listed and "January 2026" in listed and "February 2026" in listed
    assert sign_in(stranger).get("/en/me/statements/202603/").status_code == 404
    assert "No statements yet" in words(sign_in(stranger).get("/en/me/statements/"))
    assert first_of_next(date(2026, 12, 1)) == date(2027, 1, 1)


def unpacked(body: bytes) -> bytes:
    """A PDF with its streams as they were before they were packed."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", body, re.S)
    return body + b"".join(decompressobj().decompress(one) for one in streams if one[:1] == b"x")


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_pdf_is_tagged_titled_and_set_in_a_chinese_face(
    town: Town, sign_in: SignIn, today_is: Travel, prefix: str
) -> None:
    lin = one_of_each(town)
    today_is(TREATED, 15)
    answer = sign_in(lin).get(f"{prefix}/me/statements/202601/statement.pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="statement-202601.pdf"'
    assert "no-store" in answer["Cache-Control"]
    assert answer.content.startswith(b"%PDF-")
    body = unpacked(answer.content)
    for mark in (b"/StructTreeRoot", b"/MarkInfo", b"/Lang", b"pdfuaid", b"/TH", b"Noto-Sans-CJK-SC"):
        assert mark in body, mark
    assert lin.resident_id.encode() not in body


def test_nothing_is_fetched_for_a_pdf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(OpenerDirector, "open", lambda self, request, *rest, **more: opened.append(request))
    own = tmp_path / "own.css"
    own.write_text("p { color: red }")
    page = f"""<html lang="en"><title>A</title><link rel="stylesheet" href="{own.as_uri()}">
        <img src="http://127.0.0.1/x.png" alt="x"><p>A page."""

    assert pdf.pdf_of(page, address="http://testserver/").startswith(b"%PDF-")
    assert opened == []


def test_without_pango_the_page_says_print_this_instead(
    town: Town, sign_in: SignIn, today_is: Travel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        raise OSError("cannot load library 'libgobject-2.0-0'")

    lin = one_of_each(town)
    today_is(TREATED, 15)
    monkeypatch.setattr(pdf, "import_module", missing)
    pdf._typesetter.cache_clear()
    try:
        answer = sign_in(lin).get(f"{PAGE}statement.pdf", follow=True)
    finally:
        pdf._typesetter.cache_clear()

    assert answer.redirect_chain == [(PAGE, 302)]
    assert "A PDF cannot be made just now: print this page instead" in words(answer)
