"""What is accepted without the serializer is what the serializer accepts, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from accounts.rest.acceptance import acceptance
from accounts.rest.serializers import StrictSerializer
from billing.api.examples import E_INVOICE
from billing.api.hospital_serializers import HospitalBillSerializer, bill_body
from billing.charge_input import ChargeSerializer
from tests.cast import INSURED, Town

GOOD: dict[str, Any] = {
    "credit_code": "0123456789AB",
    "scene": "outpatient",
    "visit_number": "MZ-1",
    "items": [{"name": "诊查费", "category": "诊疗", "amount_fen": 5}, {"name": "药费", "amount_fen": 0}],
    "insurance": {"pooled_fund_fen": 1, "personal_account_fen": 0, "other_fen": 0},
    "self_paid_fen": 4,
    "lender": "BANK1",
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-2, max_value=2 * 10**12),
    st.floats(),
    st.sampled_from(["", " ", " x ", "x" * 201, "\x00", "\u202e", "\ud800", "outpatient", "１２", "a\nb"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
PLACES = st.sampled_from(
    [
        *((name,) for name in GOOD),
        ("resident_id",),
        ("unknown",),
        *(("items", 0, name) for name in ("name", "category", "amount_fen", "unknown")),
        *(("insurance", name) for name in ("pooled_fund_fen", "unknown")),
    ]
)


def agree(body: Any) -> None:
    serializer = ChargeSerializer(data=body)
    accepted = acceptance(ChargeSerializer)(body)
    if serializer.is_valid():
        assert accepted in (None, serializer.validated_data)
    else:
        assert accepted is None


def changed(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy in which one place has another value, or is missing where that is `...`."""
    name, *inner = place
    if inner:
        value = changed(body[name], tuple(inner), value)
    if isinstance(body, list):
        return [value if here == name else one for here, one in enumerate(body)]
    rest = {key: one for key, one in body.items() if key != name}
    return rest if value is ... else rest | {name: value}


def test_a_right_charge_is_accepted_with_the_same_data() -> None:
    serializer = ChargeSerializer(data=GOOD)
    assert serializer.is_valid()

    assert acceptance(ChargeSerializer)(GOOD) == serializer.validated_data
    serializer = ChargeSerializer(data=GOOD | {"insurance": None})
    assert serializer.is_valid()
    assert acceptance(ChargeSerializer)(GOOD | {"insurance": None}) == serializer.validated_data


@given(PLACES, ODD | st.just(...))
def test_one_odd_value_is_judged_as_the_serializer_does(place: tuple[Any, ...], value: Any) -> None:
    agree(changed(GOOD, place, value))


@given(ODD)
def test_what_is_no_charge_at_all_is_not_accepted(body: Any) -> None:
    agree(body)


class Listing(StrictSerializer):
    words = serializers.ListField(child=serializers.CharField(), required=False, default=list)


def test_what_is_left_out_has_its_default_and_nobody_elses() -> None:
    first, second = (acceptance(Listing)({}) for _again in range(2))

    assert first == second == {"words": []}
    assert first is not None and second is not None
    assert first["words"] is not second["words"]


class Timed(StrictSerializer):
    at = serializers.TimeField()


class Dated(StrictSerializer):
    on = serializers.DateField()


@given(
    ODD | st.dates().map(str) | st.sampled_from(["20261122", "2026-W47-7", "2026-02-29", "２０２６-11-22"])
)
def test_a_date_is_read_in_the_one_way_in_which_it_is_written(value: Any) -> None:
    serializer = Dated(data={"on": value})

    accepted = acceptance(Dated)({"on": value})

    if accepted is not None:
        assert serializer.is_valid() and accepted == serializer.validated_data
    else:
        assert not serializer.is_valid()


class Judged(StrictSerializer):
    word = serializers.CharField()

    def validate_word(self, value: str) -> str:
        return value.upper()


@pytest.mark.parametrize(("serializer", "body"), [(Timed, {"at": "09:30:00"}), (Judged, {"word": "a"})])
def test_what_only_the_serializer_can_judge_is_left_to_it(serializer: Any, body: Any) -> None:
    assert serializer(data=body).is_valid()
    assert acceptance(serializer)(body) is None


def test_the_invoice_of_a_charge_is_accepted_with_the_same_data() -> None:
    for e_invoice in (E_INVOICE, None, E_INVOICE | {"issued_on": "2026-11-31"}, E_INVOICE | {"code": "x"}):
        agree(GOOD | {"e_invoice": e_invoice})
    serializer = ChargeSerializer(data=GOOD | {"e_invoice": E_INVOICE})
    assert serializer.is_valid()
    assert acceptance(ChargeSerializer)(GOOD | {"e_invoice": E_INVOICE}) == serializer.validated_data


@pytest.mark.parametrize("insurance", [INSURED, None])
def test_a_new_bill_reads_as_its_serializer_has_it(town: Town, insurance: Any) -> None:
    bill = town.treat(town.enrol(), date(2026, 1, 9), insurance=insurance)

    assert bill_body(bill) == HospitalBillSerializer(bill).data
