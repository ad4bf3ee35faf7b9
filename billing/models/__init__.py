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
from billing.models.shifts import DeskVoid, HandOver, Receipt, Shift
from billing.models.sign_offs import DayPreparation, DaySignOff, HospitalTotal

__all__ = [
    "Allocation",
    "Bill",
    "Collection",
    "DayClose",
    "DayPreparation",
    "DaySignOff",
    "DeskAct",
    "DeskVoid",
    "Difference",
    "DifferenceStep",
    "DirectDebit",
    "DunningCase",
    "HandOver",
    "HospitalTotal",
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
    "Receipt",
    "Reconciliation",
    "Refund",
    "Reminder",
    "ReminderLine",
    "Repayment",
    "Settlement",
    "SettlementStep",
    "Shift",
    "Statement",
    "StatementLine",
    "Transfer",
    "Visit",
    "Withdrawal",
]
