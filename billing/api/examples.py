"""One story for all examples of the documentation: a visit, its bill, and how a lender pays it."""

from typing import Any

BILL_NUMBER = "B20261122-0000123-8"
VISIT_NUMBER = "V20261122-0000122-0"
SETTLEMENT_NUMBER = "S20261122-0000131-8"
COLLECTION_NUMBER = "K20270105-0000140-2"
CREDIT_CODE = "K7M2Q9XWAB3C"
RESIDENT_ID = "11010519491231002X"

PATIENT = {"resident_id": RESIDENT_ID}
INSURANCE = {"pooled_fund_fen": 30000, "personal_account_fen": 12000, "other_fen": 0}
ITEMS: list[dict[str, Any]] = [
    {"name": "诊查费", "category": "诊疗", "amount_fen": 5000},
    {"name": "彩超", "category": "检查", "amount_fen": 95150},
]
E_INVOICE: dict[str, Any] = {
    "code": "35060126",
    "number": "0000081507",
    "check_code": "3f9a21",
    "address": "https://einvoice.example.com/look-up?code=35060126&number=0000081507",
    "issued_on": "2026-11-22",
    "amount_fen": 100150,
}
RED_INVOICE = {"code": "35060126", "number": "0000081633", "issued_on": "2026-11-23"}
INVOICED: dict[str, Any] = {**E_INVOICE, "state": "issued", "red_number": None}
CHARGE: dict[str, Any] = {
    **PATIENT,
    "scene": "outpatient",
    "visit_number": "MZ-20261122-0815",
    "items": ITEMS,
    "insurance": INSURANCE,
    "self_paid_fen": 58150,
    "e_invoice": E_INVOICE,
}
BILL: dict[str, Any] = {
    "number": BILL_NUMBER,
    "visit": BILL_NUMBER.replace("B", "V", 1),
    "visit_number": "MZ-20261122-0815",
    "credit_code": CREDIT_CODE,
    "scene": "outpatient",
    "lender": "BANK01",
    "state": "posted",
    "business_on": "2026-11-22",
    "posted_at": "2026-11-22T09:41:07+08:00",
    "due_on": "2027-01-04",
    "total_fen": 100150,
    "insurance": INSURANCE,
    "insurance_state": "settled",
    "self_paid_fen": 58150,
    "financed_fen": 58150,
    "paid_on_site_fen": 0,
    "refunded_fen": 0,
    "e_invoice": INVOICED,
}
VISIT: dict[str, Any] = {
    "number": VISIT_NUMBER,
    "visit_number": "ZY-20261122-0031",
    "credit_code": CREDIT_CODE,
    "scene": "inpatient",
    "lender": "BANK01",
    "state": "open",
    "hold_fen": 150000,
    "opened_at": "2026-11-22T09:12:00+08:00",
    "ended_at": None,
}
ELIGIBILITY = {
    "eligible": True,
    "available_fen": 241850,
    "lender": "BANK01",
    "reason": "",
    "code": None,
    "article": None,
    "credit_code": None,
}
REFUND: dict[str, Any] = {
    "number": "R20261123-0000129-6",
    "bill": BILL_NUMBER,
    "business_on": "2026-11-23",
    "amount_fen": 5000,
    "credit_fen": 5000,
    "on_site_fen": 0,
    "reason": "not_used",
    "note": "",
    "at": "2026-11-23T08:30:00+08:00",
}
SETTLEMENT: dict[str, Any] = {
    "number": SETTLEMENT_NUMBER,
    "hospital": "XM001",
    "lender": "BANK01",
    "business_on": "2026-11-22",
    "pay_on": "2026-11-23",
    "bills": 41,
    "bills_fen": 1893300,
    "refunds": 2,
    "refunds_fen": 10300,
    "carried_in_fen": 0,
    "net_fen": 1883000,
    "state": "paid",
    "bank_reference": "BK20261123000417",
    "value_on": "2026-11-23",
    "return_reason": None,
}
LENDER_BILL: dict[str, Any] = {
    "number": BILL_NUMBER,
    "credit_code": CREDIT_CODE,
    "hospital": "XM001",
    "business_on": "2026-11-22",
    "due_on": "2027-01-04",
    "financed_fen": 58150,
    "repaid_fen": 0,
    "refunded_fen": 0,
    "owed_fen": 58150,
    "charges_fen": 0,
    "charges_paid_fen": 0,
    "to_pay_fen": 58150,
    "state": "open",
    "under_objection": False,
}
REPAYMENT_REQUEST: dict[str, Any] = {
    "credit_code": CREDIT_CODE,
    "amount_fen": 60000,
    "bank_reference": "BK20261220001533",
    "bills": [BILL_NUMBER],
}
REPAYMENT: dict[str, Any] = {
    "number": "P20261220-0000138-1",
    "credit_code": CREDIT_CODE,
    "amount_fen": 60000,
    "to_balance_fen": 1850,
    "bank_reference": "BK20261220001533",
    "business_on": "2026-12-20",
    "at": "2026-12-20T16:02:11+08:00",
    "allocations": [{"bill": BILL_NUMBER, "principal_fen": 58150, "charges_fen": 0}],
}
COLLECTION: dict[str, Any] = {
    "id": COLLECTION_NUMBER,
    "number": COLLECTION_NUMBER,
    "credit_code": CREDIT_CODE,
    "amount_fen": 58150,
    "kind": "direct_debit",
    "state": "pending",
    "bills": [BILL_NUMBER],
    "started_at": "2027-01-04T06:00:00+08:00",
    "ended_at": None,
    "reason": "",
}
