from billing.models.bills import Bill, InsuranceSettlement, Item, Objection, Refund, Visit
from billing.models.desk import DeskAct, PatientCodeUse
from billing.models.dunning import DunningCase, LateCharge, Reminder, ReminderLine
from billing.models.invoices import InsuranceReminder, Invoice, InvoiceChange
from billing.models.ledger import LedgerAccount, Transfer
from billing.models.repayments import Allocation, Collection, DirectDebit, Repayment, Withdrawal
from billing.models.settlements import DayClose, Settlement, SettlementStep

__all__ = [
    "Allocation",
    "Bill",
    "Collection",
    "DayClose",
    "DeskAct",
    "DirectDebit",
    "DunningCase",
    "InsuranceReminder",
    "InsuranceSettlement",
    "Invoice",
    "InvoiceChange",
    "Item",
    "LateCharge",
    "LedgerAccount",
    "Objection",
    "PatientCodeUse",
    "Refund",
    "Reminder",
    "ReminderLine",
    "Repayment",
    "Settlement",
    "SettlementStep",
    "Transfer",
    "Visit",
    "Withdrawal",
]
