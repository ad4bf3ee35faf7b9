"""Reminding hospitals of insurance parts that the same-day duty found missing (Article 17)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Min

from billing.models import Bill, InsuranceReminder
from billing.operations.telling import tell_hospital
from common.articles import enforces
from credit.models import Policy
from hospitals.models import Hospital


@enforces(17)
def remind_of_insurance(*, on: date, at: datetime) -> dict[str, int]:
    """Remind each hospital of all its bills whose insurance part is missing, once so many days (policy).

    The first reminder comes when the oldest has been open for as long. Safe to run twice.
    """
    apart = timedelta(days=Policy.objects.on(on).insurance_reminder_days)
    missing = Bill.objects.insurance_missing().filter(business_on__lt=on).values("hospital")
    waiting = missing.annotate(bills=Count("pk"), oldest_on=Min("business_on")).order_by("hospital")
    last = dict(InsuranceReminder.objects.values_list("hospital").annotate(Max("on")))
    hospitals = Hospital.objects.in_bulk()
    reminded = 0
    for row in waiting:
        since = max(row["oldest_on"], last.get(row["hospital"], row["oldest_on"]))
        if on - since >= apart:
            reminded += _remind(hospitals[row["hospital"]], row["bills"], row["oldest_on"], on, at)
    return {"reminded": reminded}


@transaction.atomic
def _remind(hospital: Hospital, bills: int, oldest_on: date, on: date, at: datetime) -> bool:
    _reminder, is_new = InsuranceReminder.objects.get_or_create(
        hospital=hospital, on=on, defaults={"bills": bills, "oldest_on": oldest_on, "at": at}
    )
    if is_new:
        payload = {"on": on.isoformat(), "bills": bills, "oldest_on": oldest_on.isoformat()}
        tell_hospital(hospital=hospital, name="insurance.reminded", payload=payload, at=at)
    return is_new
