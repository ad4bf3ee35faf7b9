"""What people are told about their bills."""

from django.utils.translation import gettext_lazy as _

from accounts.notices import NoticeKind

BILL_POSTED = NoticeKind(
    "bill.posted",
    _("A new bill"),
    _("%(hospital)s charged %(financed_fen)s to your credit. Bill %(bill)s is due on %(due_on)s."),
)
BILL_VOIDED = NoticeKind(
    "bill.voided", _("A bill was undone"), _("%(hospital)s undid bill %(bill)s. You owe nothing for it.")
)
BILL_REFUNDED = NoticeKind(
    "bill.refunded",
    _("A refund"),
    _(
        "%(hospital)s refunded %(amount_fen)s of bill %(bill)s. You still owe %(to_pay_fen)s on it;"
        " %(to_balance_fen)s went to your credit balance."
    ),
)
INSURANCE_MISSING = NoticeKind(
    "bill.insurance_missing",
    _("Your insurance part is not settled yet"),
    _(
        "%(hospital)s charged bill %(bill)s without your insurance part, so the whole amount stands as your"
        " own. Settle it on your phone or with the hospital: what insurance pays is then refunded, off your"
        " bill first. The hospital has been told too and is reminded until it is done."
    ),
    needed=True,
)
UNINSURED = NoticeKind(
    "bill.uninsured",
    _("Your insurance pays nothing of a bill"),
    _(
        "%(hospital)s says that insurance pays nothing of bill %(bill)s. It stays as it is. If that is wrong,"
        " object to it on its page."
    ),
)
VISIT_CANCELLED = NoticeKind(
    "visit.cancelled",
    _("A hold was released"),
    _("%(hospital)s ended visit %(visit)s without a bill. %(hold_fen)s is available to you again."),
)
HOLD_RELEASED = NoticeKind(
    "visit.not_financed",
    _("A visit could not be paid by your credit"),
    _("%(hospital)s could not charge visit %(visit)s to your credit. Please pay the hospital. %(reason)s"),
    needed=True,
)
DUE_SOON = NoticeKind(
    "bill.due_soon",
    _("A payment is coming due"),
    _("%(to_pay_fen)s is due on %(due_on)s. Paying early costs nothing. This is only for your information."),
)
DUE_TODAY = NoticeKind(
    "bill.due_today",
    _("A payment is due today"),
    _("%(to_pay_fen)s is due today, %(due_on)s. Paid today, it costs nothing extra."),
)
REMINDER = NoticeKind(
    "reminder",
    _("Reminder %(stage)s of 3: payment overdue"),
    _(
        "You owe %(to_pay_fen)s on overdue bills: %(bills)s. This is reminder %(stage)s of 3. What is unpaid"
        " %(suspend_after_days)s days after the third suspends your credit (Article 27). If a bill is wrong,"
        " object to it on its page and the clock stops."
    ),
    needed=True,
)
REPAID = NoticeKind(
    "repayment.received",
    _("Your payment has arrived"),
    _("%(amount_fen)s has arrived. Thank you. You now owe %(to_pay_fen)s to this lender."),
)
COLLECTION_FAILED = NoticeKind(
    "collection.failed",
    _("A payment did not go through"),
    _("%(amount_fen)s could not be collected: %(reason)s Please pay in another way by %(due_on)s."),
    needed=True,
)
DIRECT_DEBIT_ON = NoticeKind(
    "direct_debit.started",
    _("Direct debit is on"),
    _("%(lender)s collects by itself what is due, on each due date. You can turn it off at any time."),
)
DIRECT_DEBIT_OFF = NoticeKind(
    "direct_debit.ended",
    _("Direct debit is off"),
    _("%(lender)s collects nothing by itself any more. Please pay by each due date yourself."),
)
WITHDRAWN = NoticeKind(
    "balance.withdrawn",
    _("Your credit balance is on its way"),
    _("%(amount_fen)s goes back to where it came from. Its number is %(number)s."),
)
OBJECTION_OPENED = NoticeKind(
    "objection.opened",
    _("We have your objection"),
    _(
        "Until it is answered, by %(answer_by_on)s at the latest, bill %(bill)s bears no late charges and no"
        " reminders."
    ),
)
OBJECTION_UPHELD = NoticeKind(
    "objection.upheld", _("Your objection was upheld"), _("Bill %(bill)s: %(answer)s")
)
OBJECTION_NOT_UPHELD = NoticeKind(
    "objection.not_upheld",
    _("Your objection was not upheld"),
    _("Bill %(bill)s: %(answer)s The days until today do not count. It is due on %(due_on)s."),
)
ACCOUNT_CLOSED = NoticeKind(
    "account.closed",
    _("Your credit account is closed"),
    _(
        "Your credit account is closed and all your consents are withdrawn. You can still sign in to read and"
        " download what we keep, and open an account again at any time. If it was not you, call the service"
        " centre at once."
    ),
    needed=True,
)
