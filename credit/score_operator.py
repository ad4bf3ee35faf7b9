"""The score's operator, over HTTP. Nothing is asked about anyone who has not authorised it (Article 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import httpx
from django.conf import settings

from accounts.gateways import client
from accounts.models import Person

PEOPLE_PER_QUERY = 500


class ScoreOperatorUnavailable(Exception):
    """No answer, or not one that can be read. Nothing was changed; ask again later."""


@dataclass(frozen=True)
class GivenScore:
    """What the operator says of one person; `value` is None where it has no score."""

    value: int | None
    scored_on: date
    reference: str


def fetch_scores(people: Sequence[tuple[Person, str]], *, on: date) -> list[GivenScore]:
    """Scores of people, each with the reference of the consent that allows it, in order.

    Raises ScoreOperatorUnavailable.
    """
    scores: list[GivenScore] = []
    for start in range(0, len(people), PEOPLE_PER_QUERY):
        scores += _query(people[start : start + PEOPLE_PER_QUERY], on=on)
    return scores


def _query(people: Sequence[tuple[Person, str]], *, on: date) -> list[GivenScore]:
    asked = [
        {"resident_id": person.resident_id, "credit_code": person.credit_code, "consent_reference": reference}
        for person, reference in people
    ]
    try:
        answer = client().post(
            f"{settings.SCORE_OPERATOR_URL}/queries", json={"people": asked, "on": on.isoformat()}
        )
        answer.raise_for_status()
        scores = [
            GivenScore(row["value"], date.fromisoformat(row["scored_on"]), row["reference"])
            for row in answer.json()["scores"]
        ]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        # The cause would show the request, and with it a resident ID, in a traceback.
        raise ScoreOperatorUnavailable(type(error).__name__) from None
    if len(scores) != len(people):
        raise ScoreOperatorUnavailable("another number of scores than asked")
    return scores
