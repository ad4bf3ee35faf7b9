"""The people, hospitals and lenders that tests tell their stories with.

Everything here is made by the platform's own operations. `Town.at` gives moments of business time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count

import pytest
from django.apps import apps
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import JobRun, Person
from accounts.operations.consents import give_consent
from accounts.operations.people import register_person
from billing.books import check
from billing.models import Bill, Repayment, Visit
from billing.operations.charges import Insurance, Line, charge, open_visit
from billing.operations.repayments import repay
from city.identities import phone, resident_id
from common.calendar import SHANGHAI
from config.day import run_day, settle_messages
from credit.models import CreditAccount, Policy
from credit.operations.accounts import record_score
from credit.operations.policy import adopt_policy, publish_rate
from credit.score_operator import GivenScore
from hospitals.models import Hospital, Scene
from hospitals.operations.onboarding import register_hospital, take_over_scene
from lenders.models import Lender, Product
from lenders.operations.facilities import apply_for_facility, decide_application
from lenders.operations.registering import register_lender, register_product
from tests.sandbox_process import SandboxProcess

OPENING_ON = date(2026, 1, 5)
INSURED = Insurance(pooled_fund_fen=30_000)


class Town:
    """One hospital, one bank, and whoever a test moves in. Days are dates, times are in Shanghai."""

    def __init__(self, sandbox: SandboxProcess | None = None) -> None:
        self._numbers = count(1)
        self._sandbox = sandbox
        at = self.at(OPENING_ON, 0)
        self.policy: Policy = adopt_policy(in_force_from=date(2025, 1, 1), at=at)
        publish_rate(in_force_from=date(2025, 5, 20), one_year_bp=300, at=at)
        self.hospital = self.build_hospital("XM001")
        self.bank = self.found_bank("BANK1")
        self.product: Product = self.bank.products.get()

    @staticmethod
    def at(on: date, hour: int = 10, minute: int = 0) -> datetime:
        return datetime.combine(on, time(hour, minute), SHANGHAI)

    def build_hospital(self, code: str) -> Hospital:
        at = self.at(OPENING_ON, 0)
        hospital = register_hospital(
            code=code,
            name_zh=f"第{code}医院",
            name_en=f"Hospital {code}",
            kind=Hospital.Kind.PUBLIC,
            district="思明区",
            online_on=OPENING_ON,
            at=at,
        )
        for scene in Scene.values:
            take_over_scene(hospital=hospital, scene=scene, on=OPENING_ON, at=at)
        return hospital

    def found_bank(self, code: str, *, interest_free_days: int = 42, late_rate_ppm: int = 45_000) -> Lender:
        bank = register_lender(
            code=code, name_zh=f"{code}银行", name_en=f"{code} Bank", kind=Lender.Kind.BANK, on=OPENING_ON
        )
        register_product(
            lender=bank,
            code=f"{code}-A",
            name_zh="信用就医",
            name_en="Treat first",
            interest_free_days=interest_free_days,
            late_rate_ppm=late_rate_ppm,
            on=OPENING_ON,
        )
        return bank

    def move_in(self, name: str = "林志明", *, born_on: date = date(1985, 3, 7)) -> Person:
        """Somebody who has not joined the scheme."""
        number = next(self._numbers)
        if self._sandbox:
            self._sandbox.deliver_sms(phone(number))
        return register_person(
            name=name,
            resident_id=resident_id(born_on, number),
            phone=phone(number),
            at=self.at(OPENING_ON),
        )

    def enrol(
        self,
        name: str = "林志明",
        *,
        born_on: date = date(1985, 3, 7),
        score: int = 700,
        bank: Lender | None = None,
    ) -> Person:
        """Somebody with an open account and a lender that has agreed to pay."""
        person = self.move_in(name, born_on=born_on)
        at = self.at(OPENING_ON)
        give_consent(person=person, purpose="scheme", at=at)
        give_consent(person=person, purpose="score", at=at)
        self.score(person, score, OPENING_ON)
        self.agree_with(person, bank or self.bank)
        return person

    def agree_with(self, person: Person, bank: Lender, on: date = OPENING_ON) -> None:
        at = self.at(on)
        give_consent(person=person, purpose="lender", subject=bank.code, at=at)
        facility = apply_for_facility(person=person, product=bank.products.get(), at=at)
        decide_application(facility=facility, granted=True, at=at)

    def score(self, person: Person, value: int, on: date) -> CreditAccount:
        if self._sandbox:
            self._sandbox.set_score(person.resident_id, value)
        given = GivenScore(value, on, f"{person.credit_code}:{on}:{value}")
        return record_score(person=person, given=given, at=self.at(on))

    def account(self, person: Person) -> CreditAccount:
        return CreditAccount.objects.get(person=person)

    def treat(
        self,
        patient: Person,
        on: date,
        self_paid_fen: int = 50_000,
        *,
        hour: int = 10,
        insurance: Insurance | None = INSURED,
        hospital: Hospital | None = None,
        lender: Lender | None = None,
    ) -> Bill:
        total = self_paid_fen + (insurance.total_fen if insurance else 0)
        return charge(
            hospital=hospital or self.hospital,
            patient=patient,
            scene=Scene.OUTPATIENT,
            items=[Line("诊查费", total)],
            insurance=insurance,
            self_paid_fen=self_paid_fen,
            lender=lender,
            at=self.at(on, hour),
        )

    def admit(
        self, patient: Person, on: date, hold_fen: int = 0, *, hour: int = 10, scene: str = Scene.INPATIENT
    ) -> Visit:
        """A visit that is still open, in a hospital bed unless another scene is named."""
        return open_visit(
            hospital=self.hospital, patient=patient, scene=scene, hold_fen=hold_fen, at=self.at(on, hour)
        )

    def pay(
        self, payer: Person, amount_fen: int, on: date, *, hour: int = 12, lender: Lender | None = None
    ) -> Repayment:
        return repay(
            payer=payer,
            lender=lender or self.bank,
            amount_fen=amount_fen,
            method=Repayment.Method.LENDER,
            bank_reference=f"BK{next(self._numbers):08d}",
            at=self.at(on, hour),
        )

    def live(self, first: date, last: date | None = None) -> None:
        """Let the timetable run through these dates, both included."""
        on = first
        while on <= (last or first):
            assert run_day(on=on) == []
            on += timedelta(days=1)

    def broken_books(self, on: date) -> dict[str, list[str]]:
        """What check_books finds at the end of a date, once its messages are out: {} while all holds."""
        at = self.at(on, 23, 45)
        settle_messages(at=at)
        return {finding.sentence: finding.broken for finding in check(at=at) if finding.count}


def row_counts() -> dict[str, int]:
    """How many rows each table of ours has: an act that was refused leaves every number as it was."""
    own = {"accounts", "credit", "hospitals", "lenders", "billing", "complaints"}
    models = [model for model in apps.get_models() if model._meta.app_label in own and model is not JobRun]
    return {model._meta.label: model._default_manager.count() for model in models}


@pytest.fixture
def town(db: None, request: pytest.FixtureRequest) -> Town:
    """Where the test asks for `fresh_sandbox` too, people have the same score there, and texts reach them."""
    with_sandbox = "fresh_sandbox" in request.fixturenames
    return Town(request.getfixturevalue("fresh_sandbox") if with_sandbox else None)


@pytest.fixture(scope="module")
def shared_town(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    """One town for all tests of a module that is marked `django_db`: what each does to it is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Town()
        transaction.set_rollback(True)


@pytest.fixture
def real_town(transactional_db: None) -> Town:
    """A town whose transactions really commit, for what several connections do to each other."""
    return Town()
