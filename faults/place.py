"""The town of the tests, with real commits, systems that call the API, and room for more people."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from oauth2_provider.models import Application

from accounts.models import ApiClient, Person
from accounts.operations.people import register_person
from city.identities import phone, resident_id
from credit.models import CreditAccount
from faults.tills import BANK_CLIENT_ID, CLIENT_ID, SECRET
from hospitals.operations.onboarding import connect_client as connect_hospital
from lenders.operations.registering import connect_client as connect_lender
from tests.cast import OPENING_ON, Town

# A Monday in spring. What was charged in January is overdue by then.
TODAY = date(2026, 3, 2)
CHARGED_ON = date(2026, 1, 12)
PEOPLE_A_BIRTHDAY = 1_000


class Place(Town):
    """One hospital and one bank, each with a system of its own."""

    def open_doors(self) -> None:
        at = self.at(OPENING_ON)
        connect_hospital(client=_client("hospital", CLIENT_ID, at), hospital=self.hospital)
        connect_lender(client=_client("lender", BANK_CLIENT_ID, at), lender=self.bank)

    def move_in(self, name: str = "林志明", *, born_on: date = date(1985, 3, 7)) -> Person:
        number = next(self._numbers)
        later, sequence = divmod(number, PEOPLE_A_BIRTHDAY)
        identity = resident_id(born_on + timedelta(days=later), sequence)
        if self._sandbox:
            self._sandbox.deliver_sms(phone(number))
        return register_person(name=name, resident_id=identity, phone=phone(number), at=self.at(OPENING_ON))

    def people(self, how_many: int) -> list[Person]:
        """Enrolled, each with ¥3,000 and an agreement with the bank."""
        return [self.enrol(f"居民{place}") for place in range(how_many)]

    def outstanding_fen(self, person: Person) -> int:
        return CreditAccount.objects.get(person=person).outstanding_fen


def _client(kind: str, client_id: str, at: datetime) -> ApiClient:
    application = Application.objects.create(
        name=client_id,
        client_id=client_id,
        client_secret=SECRET,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    return ApiClient.objects.create(application=application, kind=kind, name=client_id, created_at=at)
