"""A citizen who signs in."""

from datetime import datetime

import pytest

from accounts.models import User
from accounts.operations.people import register_person
from common.calendar import SHANGHAI


@pytest.fixture
def citizen_user(db: None) -> User:
    person = register_person(
        name="张小三",
        resident_id="11010519491231002X",
        phone="13812345678",
        at=datetime(2026, 11, 2, 10, tzinfo=SHANGHAI),
    )
    return User.objects.create_user(username="citizen", role="citizen", person=person)
