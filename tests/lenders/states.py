"""One maker a state: a facility as it stands after the acts that lead there."""

from accounts.models import Person
from accounts.operations.consents import give_consent
from accounts.operations.people import register_person
from credit.operations.accounts import record_score
from credit.score_operator import GivenScore
from lenders.models import Facility, Lender, Product
from lenders.operations.facilities import apply_for_facility, close_facility, decide_application
from tests.lenders.days import NOW, TODAY


def person_with_account(name: str, resident_id: str) -> Person:
    person = register_person(name=name, resident_id=resident_id, phone="13800138000", at=NOW)
    record_score(person=person, given=GivenScore(620, TODAY, f"score-{resident_id}"), at=NOW)
    return person


def consent(person: Person, lender: Lender) -> None:
    give_consent(person=person, purpose="lender", subject=lender.code, at=NOW)


def applied(person: Person, product: Product) -> Facility:
    consent(person, product.lender)
    return apply_for_facility(person=person, product=product, at=NOW)


def granted(person: Person, product: Product) -> Facility:
    return decide_application(facility=applied(person, product), granted=True, at=NOW)


def declined(person: Person, product: Product) -> Facility:
    return decide_application(facility=applied(person, product), granted=False, reason="收入不稳定", at=NOW)


def closed(person: Person, product: Product) -> Facility:
    granted(person, product)
    return close_facility(person=person, lender=product.lender, at=NOW)
