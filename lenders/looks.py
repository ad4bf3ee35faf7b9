"""What lenders see of a citizen, and whom their staff work for, in the words of the access log."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from accounts.looks import say_employers, say_looks
from lenders.models import LenderStaff


def _employers(users: Collection[int]) -> Mapping[int, str]:
    posts = LenderStaff.objects.filter(user__in=users).select_related("lender")
    return {post.user_id: post.lender.name for post in posts}


say_employers(_employers)
say_looks(
    {
        "api.applications": _("your application, with name and identity number"),
        "contact.obligation.allowed": _("whether it may contact you about your agreement: yes"),
        "contact.obligation": _("whether it may contact you about your agreement: no"),
        "contact.marketing.allowed": _("whether it may make you offers: yes"),
        "contact.marketing": _("whether it may make you offers: no"),
    }
)
