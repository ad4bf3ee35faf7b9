"""What people are told about their credit."""

from django.utils.translation import gettext_lazy as _

from accounts.notices import NoticeKind

ACCOUNT_OPENED = NoticeKind(
    "credit.opened",
    _("Your credit account is open"),
    _("You can now be treated first and pay later, up to %(limit_fen)s."),
)
LIMIT_CHANGED = NoticeKind(
    "credit.limit_changed",
    _("Your limit has changed"),
    _("Your limit is now %(limit_fen)s. Nothing that you already owe is called in early."),
)
SUSPENDED = NoticeKind(
    "credit.suspended",
    _("Your credit account is suspended"),
    _(
        "Bill %(bill)s is still unpaid after three reminders, so no place that uses your score will accept it"
        " for now (Article 27). You will still be treated; please pay on the spot. Pay everything overdue and"
        " the suspension ends at once. If the bill is wrong, object to it on its page."
    ),
    needed=True,
)
LIFTED = NoticeKind(
    "credit.lifted",
    _("Your credit account works again"),
    _("Thank you. The suspension has ended and you can use your credit again."),
)
WITHDRAWN = NoticeKind(
    "credit.withdrawn",
    _("You have left the scheme"),
    _(
        "Nothing new is charged to your credit. What you owe stays owed, on the same due dates. You can agree"
        " again at any time."
    ),
)
RESUMED = NoticeKind(
    "credit.resumed",
    _("You are back in the scheme"),
    _("Thank you. You can use your credit again."),
)
SCORE_EVENT = NoticeKind(
    "credit.score_event",
    _("Three due dates missed in a row"),
    _(
        "You missed three due dates in a row, the last on %(due_on)s. The score's operator has been told"
        " (Article 27). Once everything is paid you can apply for repair."
    ),
    needed=True,
)
REPAIR_APPLIED = NoticeKind(
    "credit.repair_applied",
    _("We have your application for repair"),
    _("You will have an answer with its reasons by %(answer_by_on)s."),
)
REPAIR_GRANTED = NoticeKind(
    "credit.repair_granted",
    _("Your score is being repaired"),
    _("Your application was granted: %(reason)s The score's operator has been told."),
)
REPAIR_DECLINED = NoticeKind(
    "credit.repair_declined",
    _("Your application for repair was declined"),
    _("The reason: %(reason)s You may apply again, or object."),
)
FAMILY_OFFERED = NoticeKind(
    "credit.family_offered",
    _("Your child offers to pay for your care"),
    _("%(payer)s offers to answer for what your care costs. It starts when you agree."),
    needed=True,
)
FAMILY_STARTED = NoticeKind(
    "credit.family_started",
    _("Family sharing has started"),
    _("%(payer)s now answers for the care of %(dependant)s. Either of you can end this for new bills."),
)
FAMILY_ENDED = NoticeKind(
    "credit.family_ended",
    _("Family sharing has ended"),
    _("%(payer)s no longer answers for new bills of %(dependant)s. Earlier bills stay with %(payer)s."),
)
COMING_OF_AGE = NoticeKind(
    "credit.coming_of_age",
    _("Family sharing ends on an 18th birthday"),
    _("%(dependant)s turns 18 on %(ends_on)s. From that day only their own account can be used."),
)
FAMILY_OFFER_ENDED = NoticeKind(
    "credit.family_offer_ended",
    _("An offer to pay for care no longer stands"),
    _("The offer of %(payer)s to answer for the care of %(dependant)s was taken back or declined."),
)
FAMILY_LIMITED = NoticeKind(
    "credit.family_limited",
    _("A limit was set for you"),
    _("%(payer)s answers for at most %(limit_fen)s of yours at a time. The rest is paid on the spot."),
)
FAMILY_UNLIMITED = NoticeKind(
    "credit.family_unlimited",
    _("Your limit within the family was lifted"),
    _("%(payer)s no longer sets a limit of your own. What the account has left is there for you."),
)
