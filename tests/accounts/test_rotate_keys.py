"""Another key, while nothing stands still."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from accounts.models import ApiClient, Message, Person, User, WebhookEndpoint
from accounts.operations import keys
from accounts.operations.keys import rotate_keys, sealed_columns
from accounts.operations.phone_codes import send_code
from accounts.operations.webhooks import set_webhook
from common.crypto import CannotDecrypt
from hospitals.models import PayoutAccount
from hospitals.operations.onboarding import register_hospital
from hospitals.operations.payout import enter_payout_account, propose_payout_account
from tests.accounts.conftest import HERE, LIN_ID, LIN_NAME, LIN_PHONE, NOW
from tests.billing.import_attacks import OneImport

pytestmark = [pytest.mark.django_db, pytest.mark.article(32)]
OLD_SECRET, NEW_SECRET = (f"whsec_{letter * 32}" for letter in "ab")


@pytest.fixture
def everything(lin: Person, harbour: ApiClient) -> None:
    """A row in every table that holds something sealed, all of it under key 1."""
    send_code(phone=LIN_PHONE, address=HERE, at=NOW)
    for secret in (OLD_SECRET, NEW_SECRET):
        set_webhook(client=harbour, url="http://127.0.0.1:9/", secret=secret, at=NOW)
    hospital = register_hospital(
        code="XM001",
        name_zh="医院",
        name_en="Hospital",
        kind="public",
        district="思明区",
        online_on=NOW.date(),
        at=NOW,
    )
    enter_payout_account(
        hospital=hospital,
        holder="医院",
        bank_name="银行",
        number="351001888001234",
        from_on=NOW.date(),
        at=NOW,
    )
    OneImport(hospital, NOW)
    propose_payout_account(
        hospital=hospital,
        holder="医院",
        bank_name="银行",
        number="440012345678",
        from_on=NOW.date() + timedelta(days=9),
        by=User.objects.create_user("zhao", role=User.Role.HOSPITAL_ADMIN),
        at=NOW,
    )


def bring_a_new_key(settings: Any) -> None:
    settings.PERSON_KEYS = {"1": settings.PERSON_KEYS["1"], "2": "2" * 32}
    settings.PERSON_KEY_CURRENT = "2"


def take_the_old_key_away(settings: Any) -> None:
    settings.PERSON_KEYS = {"2": settings.PERSON_KEYS["2"]}


def sealed_values() -> dict[str, list[tuple[Any, ...]]]:
    """Every sealed value as it stands in the database, by table."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values_list(*sealed_columns(model)))
        for model in apps.get_models()
        if sealed_columns(model)
    }


def versions() -> set[str]:
    """The keys under which something is sealed."""
    values = [value for rows in sealed_values().values() for row in rows for value in row]
    return {value.partition(":")[0] for value in values if value}


def test_after_a_rotation_the_old_key_opens_nothing_and_is_not_missed(
    everything: None, lin: Person, settings: Any
) -> None:
    assert all(sealed_values().values()), "a table with sealed columns stands empty"
    indexes = (lin.resident_id_index, lin.phone_index)
    bring_a_new_key(settings)

    rotate_keys()
    take_the_old_key_away(settings)

    assert versions() == {"v2"}
    found = Person.objects.by_resident_id(LIN_ID).get()
    assert (found.name, found.resident_id, found.phone) == (LIN_NAME, LIN_ID, LIN_PHONE)
    assert (found.resident_id_index, found.phone_index) == indexes
    assert Person.objects.by_phone(LIN_PHONE).get() == lin
    assert Message.objects.get().opened()[0] == LIN_PHONE
    assert list(WebhookEndpoint.objects.get().live_secrets(NOW)) == [NEW_SECRET, OLD_SECRET]
    assert PayoutAccount.objects.get().number == "351001888001234"
    for remembered in apps.get_model("hospitals", "PayoutAccountEvent").objects.all():
        copy = PayoutAccount(uid=remembered.uid, number_sealed=remembered.number_sealed)
        assert copy.number == "351001888001234"


def test_before_the_rotation_both_keys_are_read(lin: Person, settings: Any) -> None:
    bring_a_new_key(settings)
    lin.phone = "13900001111"
    lin.save()

    assert versions() == {"v1", "v2"}
    assert (Person.objects.get().name, Person.objects.get().phone) == (LIN_NAME, "13900001111")
    take_the_old_key_away(settings)
    with pytest.raises(CannotDecrypt):
        str(Person.objects.get().name)


def test_run_twice_it_changes_nothing_the_second_time(everything: None, settings: Any) -> None:
    bring_a_new_key(settings)
    rotate_keys()
    before = sealed_values()

    again = rotate_keys()

    assert sealed_values() == before
    assert {done.sealed for done in again.values()} == {0}


def test_without_a_new_key_nothing_is_done(everything: None) -> None:
    before = sealed_values()

    rotate_keys()

    assert sealed_values() == before


def test_what_was_stopped_goes_on_where_it_was(
    people: Callable[[int], list[Person]], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(7)
    bring_a_new_key(settings)
    monkeypatch.setattr(keys, "CHUNK", 2)
    names = 0

    def pull_the_plug(text: str, bound_to: bytes) -> str:
        nonlocal names
        names += bound_to.endswith(b"name")
        if names == 4:
            raise KeyboardInterrupt
        return encrypt(text, bound_to)

    encrypt = keys.encrypt
    monkeypatch.setattr(keys, "encrypt", pull_the_plug)
    with pytest.raises(KeyboardInterrupt):
        rotate_keys()
    assert Person.objects.filter(name_sealed__startswith="v2:").count() == 2

    monkeypatch.setattr(keys, "encrypt", encrypt)
    assert rotate_keys()["accounts.person"].sealed == 5
    assert versions() == {"v2"}


def test_a_value_that_cannot_be_opened_is_named_and_stops_no_other(
    people: Callable[[int], list[Person]], settings: Any
) -> None:
    first, second, _third = people(3)
    Person.objects.filter(pk=second.pk).update(name_sealed=first.name_sealed)
    bring_a_new_key(settings)
    printed = StringIO()

    with pytest.raises(CommandError, match=rf"accounts\.person {second.pk}$"):
        call_command("rotate_keys", stdout=printed)

    assert "accounts.person: 2 sealed anew" in printed.getvalue()
    assert list(Person.objects.filter(name_sealed__startswith="v1:")) == [second]


def test_the_command_prints_what_it_did(everything: None, settings: Any) -> None:
    bring_a_new_key(settings)
    printed = StringIO()

    call_command("rotate_keys", stdout=printed)

    lines = printed.getvalue().splitlines()
    assert "accounts.person: 1 sealed anew" in lines
    assert "accounts.webhookendpoint: 1 sealed anew" in lines
