"""Sign-ins and API clients of a development database. They cannot be made where DEBUG is off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, F
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import Application

from accounts.models import ApiClient, Person, User
from billing.models import Bill
from common.errors import Refusal
from credit.models import CreditAccount, FamilyLink
from hospitals.models import Hospital, HospitalStaff
from hospitals.operations.onboarding import connect_client as connect_hospital
from hospitals.operations.staffing import appoint_staff as appoint_at_hospital
from lenders.models import Lender
from lenders.operations.registering import appoint_staff as appoint_at_lender
from lenders.operations.registering import connect_client as connect_lender

PASSWORD = "demo-demo-demo"  # noqa: S105 - printed on purpose, in development only


class DemoRefused(Refusal):
    code = "demo_refused"


def require_development() -> None:
    """Raises DemoRefused where real people could be behind the door."""
    if not settings.DEBUG:
        raise DemoRefused(_("Demo sign-ins exist in development only."))


def open_demo_doors(*, at: datetime) -> None:
    """Give some inhabitants, staff and systems of a living city a sign-in that a newcomer can use."""
    require_development()
    for username, person in _cast().items():
        _user(username, User.Role.CITIZEN, person)
    hospital = Hospital.objects.order_by("code")[0]
    cashier = _user("cashier", User.Role.CASHIER)
    appoint_at_hospital(user=cashier, hospital=hospital, position=HospitalStaff.Position.CASHIER, at=at)
    admin = _user("hospital-admin", User.Role.HOSPITAL_ADMIN)
    appoint_at_hospital(user=admin, hospital=hospital, position=HospitalStaff.Position.ADMIN, at=at)
    _user("operator", User.Role.OPERATOR, is_staff=True, is_superuser=True)
    _user("regulator", User.Role.REGULATOR)
    _user("finance", User.Role.REGULATOR, bureau=User.Bureau.FINANCE)
    clerk = _user("lender", User.Role.LENDER)
    lenders = list(Lender.objects.order_by("code"))
    appoint_at_lender(user=clerk, lender=lenders[0])
    connect_hospital(client=_client(ApiClient.Kind.HOSPITAL, hospital.code, at), hospital=hospital)
    for lender in lenders:
        connect_lender(client=_client(ApiClient.Kind.LENDER, lender.code, at), lender=lender)


def credentials(*, base_url: str) -> dict[str, Any]:
    """Every demo sign-in and API client with its secret, as the sandbox and newcomers need them."""
    require_development()
    users = User.objects.filter(username__in=[*_CITIZENS, *_STAFF]).order_by("pk")
    clients = ApiClient.objects.filter(application__client_id__startswith="demo-").select_related(
        "application"
    )
    return {
        "base_url": base_url,
        "signins": [_sign_in(user) for user in users.select_related("person")],
        "clients": [
            {
                "kind": client.kind,
                "code": client.name,
                "client_id": client.application.client_id,
                "client_secret": _secret(client.kind, client.name),
                "scope": client.kind,
            }
            for client in clients.select_related("application").order_by("pk")
        ],
    }


_CITIZENS = ("citizen", "parent", "suspended")
_STAFF = ("cashier", "hospital-admin", "operator", "regulator", "finance", "lender")


def _cast() -> dict[str, Person]:
    """Who among the inhabitants shows what a newcomer wants to see."""
    owing = Bill.objects.open().filter(payer=F("patient"))
    standing = CreditAccount.objects.filter(state=CreditAccount.State.ACTIVE)
    by_bills = standing.annotate(bills_to_pay=Count("person__bills")).order_by("-bills_to_pay", "pk")
    parents = FamilyLink.objects.filter(state=FamilyLink.State.ACTIVE, kind=FamilyLink.Kind.MINOR_CHILD)
    parent = by_bills.filter(person__in=parents.values("payer")).first()
    others = by_bills.exclude(pk=parent.pk) if parent else by_bills
    citizen = others.filter(person__in=owing.values("payer")).first()
    suspended = CreditAccount.objects.filter(state=CreditAccount.State.SUSPENDED).order_by("pk").first()
    found = {"citizen": citizen, "parent": parent, "suspended": suspended}
    missing = [username for username, account in found.items() if account is None]
    if missing:
        raise DemoRefused(
            _("The city is too small or too young for the sign-ins %(missing)s."), missing=", ".join(missing)
        )
    return {username: account.person for username, account in found.items() if account}


def _user(username: str, role: str, person: Person | None = None, **flags: bool | str) -> User:
    user, created = User.objects.get_or_create(
        username=username, defaults={"role": role, "person": person, **flags}
    )
    if created:
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    return user


def _sign_in(user: User) -> dict[str, str]:
    """A citizen's identity too: the sandbox's official accounts know who everybody is."""
    known = {"username": user.username, "password": PASSWORD, "role": user.role}
    if user.person:
        known |= {
            "name": user.person.name,
            "resident_id": user.person.resident_id,
            "phone": user.person.phone,
        }
    return known


def _client(kind: str, code: str, at: datetime) -> ApiClient:
    application, _created = Application.objects.get_or_create(
        client_id=f"demo-{kind}-{code.lower()}",
        defaults={
            "name": code,
            "client_secret": _secret(kind, code),
            "client_type": Application.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS,
        },
    )
    client, _made = ApiClient.objects.get_or_create(
        application=application, defaults={"kind": kind, "name": code, "created_at": at}
    )
    return client


def _secret(kind: str, code: str) -> str:
    return f"demo-secret-{kind}-{code.lower()}"
