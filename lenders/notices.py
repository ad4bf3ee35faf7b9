"""What citizens are told about their agreements with lenders."""

from django.utils.translation import gettext_lazy as _

from accounts.notices import NoticeKind

FACILITY_GRANTED = NoticeKind(
    "facility.granted",
    _("%(lender)s has granted your application"),
    _("You can now pay bills through %(lender)s (%(product)s). Reference %(reference)s."),
)
FACILITY_DECLINED = NoticeKind(
    "facility.declined",
    _("%(lender)s has declined your application"),
    _("The reason given: %(reason)s. You may apply to any other lender. Reference %(reference)s."),
)
FACILITY_CLOSED = NoticeKind(
    "facility.closed",
    _("Your agreement with %(lender)s is closed"),
    _("No new bill goes to %(lender)s. Bills already made stay as they are. Reference %(reference)s."),
)
LENDER_LEFT = NoticeKind(
    "facility.lender_left",
    _("%(lender)s has left the scheme"),
    _(
        "No new bill goes to %(lender)s. Bills already made stay as they are. To pay later again, choose"
        " another lender. Reference %(reference)s."
    ),
)
