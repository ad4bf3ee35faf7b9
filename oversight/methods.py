"""How each figure is counted, in words: what a reader needs to count it again."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SOURCE_BILLS = _("bills, repayments and refunds of closed business dates")
SOURCE_REMINDERS = _("reminders that were delivered, repayments and suspensions")
SOURCE_SETTLEMENTS = _("settlements and the payments that banks confirmed")
SOURCE_ACCOUNTS = _("events of credit accounts and scores given on authorisation")

BILLS = _(
    "Number of bills by the month of their business date and by scene. A bill undone on its own day is not"
    " counted; one refunded later is."
)
AMOUNTS = _(
    "Sum of the self-paid part that lenders paid, by the month of the bill's business date and by scene,"
    " before later refunds. What insurance paid and what patients paid on the spot is not in it."
)
REPAYMENT = _(
    "Each bill stands in the month of its due date, by the days from its due date to the date on which no"
    " principal was owed any more, or, where it is still owed, to the last closed date. Days on which an"
    " objection was open are left out. “On time” is by the end of the due date. “Due later” are bills due"
    " after the last closed date or held by an objection: those repaid already stand under “on time”. Bills"
    " refunded whole are not counted. On time, of those due = repaid on time ÷ all bills of the row, without"
    " those due later."
)
REMINDERS = _(
    "Bills whose first counted reminder was delivered in the quarter, followed to its end. Only delivered"
    " reminders count. A bill reached a step when that reminder was delivered, or when it brought its"
    " payer's suspension. Repaid means that no principal was owed any more, by repayment or refund. Repaid,"
    " of those that reached it = repaid before the next step ÷ bills that reached the step."
)
PUNCTUALITY = _(
    "Settlements (one for each hospital, lender and business date) whose day of payment, the next bank"
    " working day after the business date, lies in the quarter. Paid on the day: the value date of the"
    " payment that its bank did not send back is that day. Those with nothing to pay, because refunds"
    " outweighed bills, are not counted. Paid on the day, of all = paid on the day ÷ payments due."
)
LENDERS = _(
    "Bills of the quarter and the part of them that was charged to credit, by the lender that paid it,"
    " before later refunds. Share of the amount = the lender's amount ÷ the amount of all."
)
ACCOUNTS = _("Number of credit accounts opened, by month; one closed and opened again counts again.")
LIMITS = _(
    "Accounts open at the end of the last closed date, suspended ones included, by the last score recorded"
    " by then and the tiers in force on that date. Outstanding is unpaid principal and holds."
)
