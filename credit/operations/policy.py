"""Adopting the numbers of the law, each from a date."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from common.articles import enforces
from common.errors import BadInput
from credit.models import LendingRate, Policy, Tier

FIRST_TIERS = {0: 50_000, 501: 100_000, 601: 300_000, 651: 300_000}
VALUE_ADDED_FROM = 651
MOST_BP = 10_000
REMINDERS = 3


@enforces(37)
@transaction.atomic
def adopt_policy(
    *,
    in_force_from: date,
    at: datetime,
    tiers: Mapping[int, int] = FIRST_TIERS,
    value_added_from: int = VALUE_ADDED_FROM,
    **numbers: Any,
) -> Policy:
    """Adopt a policy from a date; the one in force until then ends on it.

    `tiers` maps the lowest score of a tier to its limit in fen. Raises BadInput.
    """
    previous = Policy.objects.select_for_update().filter(in_force_until=None).first()
    if previous:
        if in_force_from <= previous.in_force_from:
            raise BadInput(
                _("A policy must start after the one before it."), field="in_force_from", article=37
            )
        previous.in_force_until = in_force_from
        previous.save(update_fields=["in_force_until"])
    defaults: dict[str, Any] = {"pre_due_days": [7, 3, 0], "reminder_days": [1, 8, 15]}
    policy = Policy(in_force_from=in_force_from, adopted_at=at, **(defaults | numbers))
    _check_numbers(policy)
    policy.save()
    Tier.objects.bulk_create(
        Tier(policy=policy, from_score=score, limit_fen=limit, value_added=score >= value_added_from)
        for score, limit in tiers.items()
    )
    return policy


def _check_numbers(policy: Policy) -> None:
    try:
        policy.clean_fields()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise BadInput(messages[0], field=field, article=37) from None
    if len(policy.reminder_days) != REMINDERS:
        raise BadInput(
            _("Name three days, each later than the one before; the first is at least 1."),
            field="reminder_days",
            article=27,
        )


def publish_rate(*, in_force_from: date, one_year_bp: int, at: datetime) -> LendingRate:
    """Enter a loan prime rate. The same date with another rate is refused.

    Raises BadInput.
    """
    if not 0 < one_year_bp < MOST_BP:
        raise BadInput(
            _("A yearly rate lies between 1 and 9,999 basis points."), field="one_year_bp", article=23
        )
    rate, created = LendingRate.objects.get_or_create(
        in_force_from=in_force_from, defaults={"one_year_bp": one_year_bp, "entered_at": at}
    )
    if not created and rate.one_year_bp != one_year_bp:
        raise BadInput(
            _("Another rate is already entered for %(on)s."),
            field="in_force_from",
            article=23,
            on=in_force_from,
        )
    return rate


@transaction.atomic
def load_rates(*, path: Path, at: datetime) -> int:
    """Enter the published rates of a CSV file with `published_on,one_year_percent`: all of them or none.

    Raises BadInput naming line and column.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for line, row in enumerate(rows, start=2):
        for column in ("published_on", "one_year_percent"):
            if not row.get(column):
                raise BadInput(_("Line %(line)s: this column is missing."), field=column, line=line)
        try:
            published_on = date.fromisoformat(row["published_on"])
        except ValueError:
            raise BadInput(_("Line %(line)s: not a date."), field="published_on", line=line) from None
        publish_rate(
            in_force_from=published_on, one_year_bp=_basis_points(row["one_year_percent"], line), at=at
        )
    return len(rows)


def _basis_points(text: str, line: int) -> int:
    try:
        bp = Decimal(text) * 100
    except InvalidOperation:
        bp = Decimal(0)
    if not bp.is_finite() or bp != bp.to_integral_value() or not 0 < bp < MOST_BP:
        raise BadInput(
            _("Line %(line)s: not a percentage with two decimals."), field="one_year_percent", line=line
        )
    return int(bp)
