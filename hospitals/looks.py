"""Whom cashiers and hospital administrators work for, in the words of a citizen's access log."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from accounts.looks import say_employers
from hospitals.models import HospitalStaff


def _employers(users: Collection[int]) -> Mapping[int, str]:
    posts = HospitalStaff.objects.filter(user__in=users).select_related("hospital")
    return {post.user_id: post.hospital.name for post in posts}


say_employers(_employers)
