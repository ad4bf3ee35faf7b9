"""Notices that only the tests send."""

from accounts.notices import NoticeKind

BILL_DUE = NoticeKind(
    "test_bill_due",
    "A bill is due soon",
    "%(scheme)s: bill %(bill)s, %(owed_fen)s, is due on %(due_on)s.",
)
