"""What stands in the measured city before its people: founded by the platform's own operations."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import Application

from accounts.models import ApiClient, Consent, User
from accounts.operations.consents import give_consent
from accounts.operations.people import register_person
from billing.operations.charges import Insurance, Line, charge
from city.identities import phone, resident_id
from common.calendar import SHANGHAI, business_date
from credit.operations.accounts import record_score
from credit.operations.policy import adopt_policy, publish_rate
from credit.score_operator import GivenScore
from hospitals.models import Hospital, Scene
from hospitals.operations.onboarding import connect_client as connect_hospital
from hospitals.operations.onboarding import register_hospital, take_over_scene
from lenders.models import Lender
from lenders.operations.facilities import apply_for_facility, decide_application
from lenders.operations.registering import connect_client as connect_lender
from lenders.operations.registering import register_lender, register_product

# So much that no measured charge is ever cut short.
LIMIT_FEN = 10**10
LPR_BP = 300
LATE_RATE_PPM = 36_500
INTEREST_FREE_DAYS = 42
DAYS_BEFORE = 500


def found(*, hospitals: int, lenders: int, clients: int) -> list[dict[str, str]]:
    """Tables, policy, institutions, a system of each lender and of the first hospitals; the keys of those."""
    call_command("migrate", verbosity=0)
    on = business_date(timezone.now()) - timedelta(days=DAYS_BEFORE)
    at = datetime.combine(on, time(9), SHANGHAI)
    adopt_policy(in_force_from=on, tiers={0: LIMIT_FEN}, at=at)
    publish_rate(in_force_from=on, one_year_bp=LPR_BP, at=at)
    for number in range(1, hospitals + 1):
        hospital = register_hospital(
            code=f"H{number:03d}",
            name_zh=f"第{number}医院",
            name_en=f"Hospital {number}",
            kind=Hospital.Kind.PUBLIC,
            district="思明区",
            online_on=on,
            at=at,
        )
        take_over_scene(hospital=hospital, scene=Scene.OUTPATIENT, on=on, at=at)
    for number in range(1, lenders + 1):
        lender = register_lender(
            code=f"L{number:02d}",
            name_zh=f"第{number}银行",
            name_en=f"Bank {number}",
            kind=Lender.Kind.BANK,
            on=on,
        )
        register_product(
            lender=lender,
            code=f"L{number:02d}-1",
            name_zh="信用就医",
            name_en="Treat first, pay later",
            interest_free_days=INTEREST_FREE_DAYS,
            late_rate_ppm=LATE_RATE_PPM,
            on=on,
        )
        connect_lender(client=_client(ApiClient.Kind.LENDER, lender.code, at), lender=lender)
    keys = []
    for hospital in Hospital.objects.order_by("code")[:clients]:
        client = _client(ApiClient.Kind.HOSPITAL, hospital.code, at)
        connect_hospital(client=client, hospital=hospital)
        keys.append({"client_id": client.application.client_id, "client_secret": _secret(hospital.code)})
    return keys


def welcome() -> str:
    """A citizen of flesh and blood with some bills, signed in: the key of the session."""
    at = timezone.now()
    on = business_date(at)
    person = register_person(
        name="林志明", resident_id=resident_id(on.replace(year=on.year - 40, day=1), 7), phone=phone(7), at=at
    )
    lender = Lender.objects.order_by("code")[0]
    for purpose, subject in (
        (Consent.Purpose.SCHEME, ""),
        (Consent.Purpose.SCORE, ""),
        (Consent.Purpose.LENDER, lender.code),
    ):
        give_consent(person=person, purpose=purpose, subject=subject, at=at)
    record_score(person=person, given=GivenScore(700, on, f"{person.credit_code}:{on}"), at=at)
    facility = apply_for_facility(person=person, product=lender.products.get(), at=at)
    decide_application(facility=facility, granted=True, at=at)
    for number in range(1, 6):
        charge(
            hospital=Hospital.objects.order_by("code")[0],
            patient=person,
            scene=Scene.OUTPATIENT,
            items=[Line("诊查费", 10_000 * number)],
            insurance=Insurance(),
            self_paid_fen=10_000 * number,
            at=at,
        )
    browser = Client()
    browser.force_login(
        User.objects.create(username="citizen", person=person), "django.contrib.auth.backends.ModelBackend"
    )
    return browser.cookies["sessionid"].value


def _client(kind: str, code: str, at: datetime) -> ApiClient:
    application = Application.objects.create(
        name=code,
        client_id=f"bench-{kind}-{code}",
        client_secret=_secret(code),
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    return ApiClient.objects.create(application=application, kind=kind, name=code, created_at=at)


def _secret(code: str) -> str:
    return f"bench-secret-{code}"
