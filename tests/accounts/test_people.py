import re

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Person, User
from accounts.operations.people import CannotRegister, register_person, update_contact
from common.crypto import CannotDecrypt
from common.errors import BadInput
from tests.accounts.conftest import LIN_ID, LIN_NAME, LIN_PHONE, NOW, resident_id

pytestmark = [pytest.mark.django_db]


@pytest.mark.article(32)
def test_the_stored_row_holds_no_name_number_or_telephone_in_plain_text(lin: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(person)::text FROM accounts_person AS person")
        [(row,)] = cursor.fetchall()

    assert LIN_NAME not in row
    assert LIN_ID not in row
    assert LIN_PHONE not in row
    assert (lin.name, lin.resident_id, lin.phone) == (LIN_NAME, LIN_ID, LIN_PHONE)


@pytest.mark.article(32)
def test_a_sealed_value_cannot_be_moved_to_another_person_or_column(lin: Person) -> None:
    other = register_person(name="王一", resident_id=resident_id(77), at=NOW)
    other.name_sealed = lin.name_sealed
    with pytest.raises(CannotDecrypt):
        _ = other.name

    lin.name_sealed = lin.phone_sealed
    with pytest.raises(CannotDecrypt):
        _ = lin.name


def test_a_person_shows_only_the_public_code(lin: Person) -> None:
    assert str(lin) == lin.credit_code
    assert repr(lin) == f"<Person {lin.credit_code}>"
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{12}", lin.credit_code)


def test_a_person_is_found_by_number_telephone_and_forgivingly_by_code(lin: Person) -> None:
    spoken = f" {lin.credit_code[:6].lower()}-{lin.credit_code[6:]} ".replace("0", "o").replace("1", "i")

    assert Person.objects.by_resident_id(LIN_ID.lower()).get() == lin
    assert Person.objects.by_phone(LIN_PHONE).get() == lin
    assert Person.objects.by_credit_code(spoken).get() == lin
    assert not Person.objects.by_phone("13900000000").exists()


def test_masks_show_the_ends_only(lin: Person) -> None:
    assert lin.masked_name == "林*满"
    assert lin.masked_resident_id == f"350***********{LIN_ID[-4:]}"
    assert lin.masked_phone == "138****2345"


@pytest.mark.article(26)
def test_registering_the_same_number_again_gives_the_same_row(lin: Person) -> None:
    again = register_person(name=f" {LIN_NAME} ", resident_id=LIN_ID.lower(), at=NOW)

    assert again == lin
    assert Person.objects.count() == 1


@pytest.mark.article(26)
def test_the_same_number_under_another_name_is_refused(lin: Person) -> None:
    with pytest.raises(CannotRegister) as refused:
        register_person(name="林大满", resident_id=LIN_ID, at=NOW)

    assert refused.value.article == 26
    assert LIN_NAME not in str(refused.value)


@pytest.mark.article(26)
@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", " "),
        ("name", "林\u202e满"),
        ("name", "林\x00满"),
        ("name", "林" * 51),
        ("resident_id", LIN_ID[:-1] + ("0" if LIN_ID[-1] != "0" else "1")),
        ("phone", "0592-1234567"),
    ],
)
def test_what_is_no_name_number_or_telephone_is_refused_by_field(field: str, wrong: str) -> None:
    given = {"name": LIN_NAME, "resident_id": LIN_ID, "phone": LIN_PHONE, field: wrong}
    with pytest.raises(BadInput) as refused:
        register_person(**given, at=NOW)

    assert refused.value.field == field


@pytest.mark.article(26)
def test_a_telephone_is_put_right_with_its_index(lin: Person) -> None:
    update_contact(person=lin, phone="139 0000 1111")

    assert Person.objects.by_phone("13900001111").get().phone == "13900001111"
    assert not Person.objects.by_phone(LIN_PHONE).exists()


@pytest.mark.parametrize(
    ("constraint", "sql"),
    [
        ("person_is_sealed", "UPDATE accounts_person SET name_sealed = 'Lin'"),
        ("person_phone_has_its_index", "UPDATE accounts_person SET phone_index = ''"),
        ("person_credit_code_is_base32", "UPDATE accounts_person SET credit_code = 'ILOU00000000'"),
    ],
)
def test_the_database_refuses_plain_text_in_a_sealed_column(lin: Person, constraint: str, sql: str) -> None:
    with (
        pytest.raises(IntegrityError, match=constraint),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_a_citizens_user_holds_no_plain_data(lin: Person) -> None:
    with pytest.raises(IntegrityError, match="user_citizen_holds_no_plain_data"), transaction.atomic():
        User.objects.create(username=lin.credit_code, person=lin, first_name=LIN_NAME)


def test_only_a_citizens_user_is_a_person(lin: Person) -> None:
    with pytest.raises(IntegrityError, match="user_person_is_a_citizen"), transaction.atomic():
        User.objects.create(username="chen", role=User.Role.CASHIER, person=lin)
