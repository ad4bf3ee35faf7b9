"""A day with thousands of bills, and what a side that agrees with it would state."""

from __future__ import annotations

from datetime import date

from django.db import connection

from billing.models import Bill, Refund, Settlement, Visit
from billing.operations.statements import Row
from common.statements import columns_of

# Rows as the platform could have written them, past the triggers: what they are stands in the first one.
_VISITS = """
    INSERT INTO billing_visit (number, hospital_visit_no, {columns})
    SELECT billing_number_of('V', opened_on, 5000000 + n), 'MZ-' || n, {columns}
      FROM billing_visit, generate_series(1, %s) n WHERE id = %s"""
_BILLS = """
    INSERT INTO billing_bill (number, visit_id, {columns})
    SELECT billing_number_of('B', business_on, 5000000 + n), visit.id, {bill_columns}
      FROM billing_bill bill, generate_series(1, %s) n
      JOIN billing_visit visit ON visit.hospital_visit_no = 'MZ-' || n
     WHERE bill.id = %s"""


def copy_bill(bill: Bill, times: int) -> None:
    """So many more of the same hospital, lender and day, each with a visit of its own."""
    visit_columns = columns_of(Visit, but={"id", "number", "hospital_visit_no"})
    columns = columns_of(Bill, but={"id", "number", "visit_id"})
    bill_columns = ", ".join(f"bill.{column}" for column in columns.split(", "))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_VISITS.format(columns=visit_columns), [times, bill.visit_id])
        cursor.execute(_BILLS.format(columns=columns, bill_columns=bill_columns), [times, bill.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")


def hospital_rows(on: date, *, by_visit: bool = False) -> list[Row]:
    """Every bill and refund of the day, as a hospital that agrees states them."""
    bills = Bill.objects.filter(business_on=on).exclude(state="void").order_by("pk")
    name = "visit__hospital_visit_no" if by_visit else "number"
    rows = [Row(number, "bill", fen) for number, fen in bills.values_list(name, "financed_fen")]
    name = f"bill__{name}" if by_visit else "number"
    refunds = Refund.objects.filter(business_on=on).order_by("pk").values_list(name, "credit_fen")
    return [*rows, *(Row(number, "refund", fen) for number, fen in refunds)]


def insurer_rows(on: date) -> list[Row]:
    """What insurance paid for the day's bills."""
    bills = Bill.objects.filter(business_on=on, insurance="settled").exclude(state="void").order_by("pk")
    parts = bills.values_list("number", "pooled_fund_fen", "personal_account_fen", "other_fen")
    return [Row(number, "bill", sum(fen)) for number, *fen in parts if sum(fen)]


def lender_rows(on: date) -> list[Row]:
    """The bills and refunds that the lender financed, and what it has paid for them."""
    paid = Settlement.objects.filter(business_on=on, state__in=["paid", "reconciled"])
    return [*hospital_rows(on), *(Row(one.number, "payout", one.net_fen) for one in paid)]
