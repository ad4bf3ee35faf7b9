from billing.models.bills import Bill, InsuranceSettlement, Item, Objection, Refund, Visit
from billing.models.desk import DeskAct, PatientCodeUse
from billing.models.dunning import DunningCase, LateCharge, Reminder, ReminderLine
from billing.models.imports import Import, ImportedBill, ImportFailure, ImportPart
from billing.models.invoices import InsuranceReminder, Invoice, InvoiceChange
from billing.models.ledger import LedgerAccount, Transfer
from billing.models.reconciliation import (
    Difference,
    DifferenceStep,
    Reconciliation,
    Statement,
    StatementLine,
)
from billing.models.repayments import Allocation, Collection, DirectDebit, Repayment, Withdrawal
from billing.models.settlements import DayClose, Settlement, SettlementStep

__all__ = [
    "Allocation",
    "Bill",
    "Collection",
    "DayClose",
    "DeskAct",
    "Difference",
    "DifferenceStep",
    "DirectDebit",
    "DunningCase",
    "Import",
    "ImportFailure",
    "ImportPart",
    "ImportedBill",
    "InsuranceReminder",
    "InsuranceSettlement",
    "Invoice",
    "InvoiceChange",
    "Item",
    "LateCharge",
    "LedgerAccount",
    "Objection",
    "PatientCodeUse",
    "Reconciliation",
    "Refund",
    "Reminder",
    "ReminderLine",
    "Repayment",
    "Settlement",
    "SettlementStep",
    "Statement",
    "StatementLine",
    "Transfer",
    "Visit",
    "Withdrawal",
]
