"""Who works at a hospital, and as what."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.articles import enforces
from common.errors import BadInput, Refusal
from hospitals.models import Hospital, HospitalStaff

Position = HospitalStaff.Position
ROLES = {
    Position.CASHIER: User.Role.CASHIER,
    Position.LEAD: User.Role.CASHIER,
    Position.ADMIN: User.Role.HOSPITAL_ADMIN,
}


class CannotAppoint(Refusal):
    code = "cannot_appoint"
    articles = (15,)
    meaning = _("The user works elsewhere, or has a sign-in for another office.")
    remedy = _("Give the person a sign-in of their own for this work.")


@enforces(15)
@transaction.atomic
def appoint_staff(*, user: User, hospital: Hospital, position: str, at: datetime) -> HospitalStaff:
    """Give a user a post at a hospital, or another post at the same one; their role follows the post.

    Raises BadInput for an unknown position, CannotAppoint for somebody of another hospital or another office:
    one sign-in never reaches two hospitals' patients.
    """
    if position not in Position.values:
        raise BadInput(_("There is no position “%(position)s”."), field="position", position=position)
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    post = HospitalStaff.objects.filter(user=user).first()
    if post and post.hospital_id != hospital.pk:
        raise CannotAppoint(_("This user works at another hospital."), article=15, field="user")
    if user.role not in ROLES.values():
        raise CannotAppoint(
            _("This sign-in is for %(role)s; hospital staff have a sign-in of their own."),
            article=15,
            field="user",
            role=user.get_role_display(),
        )
    post = post or HospitalStaff(user=user, hospital=hospital)
    post.position = position
    post.save()
    user.role = ROLES[Position(position)]
    user.is_staff = position == Position.ADMIN
    user.is_active = True
    user.save(update_fields=["role", "is_staff", "is_active"])
    return post


@enforces(15)
@transaction.atomic
def dismiss_staff(*, user: User, at: datetime) -> None:
    """End a user's post: from the next request on they see nothing of the hospital.

    Their sign-ins are over for good: none comes back with another post.
    """
    HospitalStaff.objects.filter(user=user).delete()
    User.objects.filter(pk=user.pk, role__in=ROLES.values()).update(
        is_active=False, is_staff=False, signed_out_at=at
    )
