"""A month of a payer's account: what was owed, everything that moved it, what is owed then (Articles 27, 28).

Told from the ledger, so that it adds up by construction; the documents only lend it their words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from accounts.models import Person
from billing.models import Bill, Invoice, LedgerAccount, Refund, Repayment, Transfer
from common.articles import enforces
from common.calendar import business_date
from credit.models import CreditAccount

Kind = Transfer.Kind
OWED = (LedgerAccount.Kind.RECEIVABLE, LedgerAccount.Kind.CHARGES)
HELD = (LedgerAccount.Kind.CREDIT_BALANCE,)
BILL, REFUND = "bill", "refund"


@dataclass(frozen=True)
class Line:
    """One movement in words, negative where it lowers the sum. `page` says what `number` is a number of.

    `invoice` is the number of the electronic invoice that stands for a bill.
    """

    on: date
    title: str
    amount_fen: int
    number: str = ""
    page: str = ""
    invoice: str = ""


@dataclass(frozen=True)
class Sheet:
    """One sum from the beginning of a month to its end."""

    opening_fen: int
    lines: Sequence[Line]

    @property
    def added_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines if line.amount_fen > 0)

    @property
    def taken_fen(self) -> int:
        return -sum(line.amount_fen for line in self.lines if line.amount_fen < 0)

    @property
    def closing_fen(self) -> int:
        return self.opening_fen + self.added_fen - self.taken_fen

    @property
    def says_something(self) -> bool:
        return bool(self.opening_fen or self.lines)


@dataclass(frozen=True)
class MonthlyStatement:
    """What a payer owed and what lenders held for them, through `until_on`: the month's end, or today."""

    first_on: date
    until_on: date
    is_over: bool
    owed: Sheet
    held: Sheet


def first_of_next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def months_of(person: Person, on: date) -> list[date]:
    """The first days of the months since a person joined, the newest first; none before they have."""
    account = CreditAccount.objects.filter(person=person).first()
    oldest = _movements(person, OWED + HELD).order_by("business_on").values_list("business_on", flat=True)[:1]
    known = [*oldest, *([business_date(account.opened_at)] if account else [])]
    if not known:
        return []
    months, month = [], min(known).replace(day=1)
    while month <= on:
        months.append(month)
        month = first_of_next(month)
    return months[::-1]


@enforces(27, 28)
def statement_of(*, person: Person, month: date, on: date) -> MonthlyStatement:
    """The month that begins on `month`, as it stands on a date."""
    last = first_of_next(month) - timedelta(days=1)
    return MonthlyStatement(
        first_on=month,
        until_on=min(last, on),
        is_over=last < on,
        owed=_sheet(person, OWED, month, last, sign=1),
        held=_sheet(person, HELD, month, last, sign=-1),
    )


def _movements(person: Person, kinds: Sequence[str]):  # type: ignore[no-untyped-def]
    own = list(LedgerAccount.objects.filter(payer=person, kind__in=kinds).values_list("pk", flat=True))
    return Transfer.objects.filter(Q(debit__in=own) | Q(credit__in=own))


def _sheet(person: Person, kinds: Sequence[str], first: date, last: date, *, sign: int) -> Sheet:
    """Debits raise what a payer owes (`sign` 1), credits what is held for them (−1)."""
    own = set(LedgerAccount.objects.filter(payer=person, kind__in=kinds).values_list("pk", flat=True))
    before = Transfer.objects.filter(business_on__lt=first)
    debits = before.filter(debit__in=own).aggregate(fen=Sum("amount_fen"))["fen"] or 0
    credits = before.filter(credit__in=own).aggregate(fen=Sum("amount_fen"))["fen"] or 0
    moved = _movements(person, kinds).filter(business_on__range=(first, last)).order_by("business_on", "pk")
    signed = [(one, one.amount_fen * (sign if one.debit_id in own else -sign)) for one in moved]
    return Sheet(sign * (debits - credits), _told(signed))


def _told(moved: Sequence[tuple[Transfer, int]]) -> list[Line]:
    """One line a document: what it did to the sum, all days and both parts of it together."""
    words = _Words(transfer for transfer, _fen in moved)
    titled = sorted(
        ((*words.of(transfer), transfer.business_on, fen) for transfer, fen in moved),
        key=lambda one: one[:3],
    )
    lines = []
    for (title, number, page), alike in groupby(titled, key=lambda one: one[:3]):
        days = [(on, fen) for _title, _number, _page, on, fen in alike]
        fen = sum(fen for _on, fen in days)
        invoice = words.invoices.get(number, "")
        lines.append(Line(max(on for on, _fen in days), title, fen, number, page, invoice))
    return sorted((line for line in lines if line.amount_fen), key=lambda line: (line.on, line.number))


class _Words:
    """What the movements' documents are called, read from the database once each kind."""

    def __init__(self, transfers: Iterable[Transfer]) -> None:
        numbers = {part for transfer in transfers for part in transfer.reference.split(":")}
        bills = Bill.objects.filter(number__in=numbers).select_related("hospital")
        self.bills = {bill.number: bill.hospital.name for bill in bills}
        standing = Invoice.objects.filter(bill__number__in=numbers, state=Invoice.State.ISSUED)
        self.invoices = {
            bill: f"{code} {number}"
            for bill, code, number in standing.values_list("bill__number", "code", "number")
        }
        refunds = Refund.objects.filter(number__in=numbers).select_related("hospital")
        self.refunds = {refund.number: refund.hospital.name for refund in refunds}
        debits = Repayment.objects.filter(number__in=numbers, method=Repayment.Method.DIRECT_DEBIT)
        self.debited = set(debits.values_list("number", flat=True))

    def of(self, transfer: Transfer) -> tuple[str, str, str]:
        """Title, number and the page that it leads to."""
        number = transfer.reference.split(":")[0]
        hospital = {"hospital": self.bills.get(number) or self.refunds.get(number, "")}
        page = BILL if number in self.bills else REFUND if number in self.refunds else ""
        match transfer.kind:
            case Kind.CHARGE:
                title = _("Bill of %(hospital)s") % hospital
            case Kind.VOID:
                title = _("%(hospital)s undid the bill") % hospital
            case Kind.REFUND | Kind.REFUND_CREDIT:
                title = _("Refund by %(hospital)s") % hospital
            case Kind.LATE_CHARGE:
                title = _("Late charges, %(hospital)s") % hospital
            case Kind.LATE_BACK | Kind.LATE_CREDIT:
                title = _("Late charges taken back, %(hospital)s") % hospital
            case Kind.APPLY_PRINCIPAL | Kind.APPLY_CHARGES:
                title = _("Paid from your credit balance")
            case Kind.OVERPAYMENT:
                title = _("Paid more than was owed")
            case Kind.WITHDRAWAL:
                title = _("Paid back to you")
            case _:
                debited = number in self.debited
                title = _("Repaid by direct debit") if debited else _("Repaid")
        return title, number, page
