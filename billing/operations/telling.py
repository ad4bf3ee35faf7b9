"""Telling the systems of lenders and hospitals; amounts, dates and numbers, never who or what for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import ApiClient
from accounts.operations.events import publish
from hospitals.models import Hospital
from lenders.models import Lender


def tell_lender(*, lender: Lender, name: str, payload: dict[str, Any], at: datetime) -> None:
    publish(clients=ApiClient.objects.filter(lender_client__lender=lender), name=name, payload=payload, at=at)


def tell_hospital(*, hospital: Hospital, name: str, payload: dict[str, Any], at: datetime) -> None:
    publish(
        clients=ApiClient.objects.filter(hospital_client__hospital=hospital),
        name=name,
        payload=payload,
        at=at,
    )
