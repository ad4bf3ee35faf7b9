"""What desks and systems see of a citizen around a bill, in the words of the access log."""

from django.utils.translation import gettext_lazy as _

from accounts.looks import say_looks
from billing.operations.eligibility import BILL, LOOK_UP, VISIT
from billing.operations.import_lines import PURPOSE as IMPORTED
from billing.operations.patients import SHOWN

say_looks(
    {
        LOOK_UP: _("your masked name and what is available to you"),
        BILL: _("a bill of yours at that hospital"),
        VISIT: _("a visit of yours at that hospital"),
        "api.eligibility": _("whether credit can pay, and how much is available"),
        "api.visit": _("a visit, to open or settle it"),
        "api.charge": _("a charge to your credit"),
        "api.bills": _("amounts and dates of your bills"),
        LOOK_UP + SHOWN: _("your masked name and what is available to you; you showed a one-time code"),
        f"api.eligibility{SHOWN}": _("whether credit can pay, and how much; you showed a one-time code"),
        f"api.visit{SHOWN}": _("a visit, to open it; you showed a one-time code"),
        f"api.charge{SHOWN}": _("a charge to your credit; you showed a one-time code"),
        IMPORTED: _("a charge to your credit, from a file of the hospital"),
        "api.collections": _("a payment that you started"),
    }
)
