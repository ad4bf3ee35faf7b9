"""Two workers that reconcile the same day on connections of their own (Article 17)."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from billing.models import Difference, Reconciliation
from billing.operations.days import close_day
from billing.operations.reconciling import reconcile_hospital
from billing.operations.statements import Row, take_statement
from tests.cast import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.article(17)]

ON = date(2026, 3, 2)
NEXT = ON + timedelta(days=1)


def test_two_workers_at_once_find_the_same_rows(real_town: Town) -> None:
    town = real_town
    lin = town.enrol()
    for _bill in range(3):
        town.treat(lin, ON, 1_000)
    close_day(on=ON, at=town.at(NEXT, 0, 30))
    take_statement(
        source="hospital", hospital=town.hospital, business_on=ON, rows=[Row("MZ-1", "bill", 5)],
        by=None, at=town.at(NEXT, 1),
    )  # fmt: skip
    together, trouble = Barrier(2), []

    def run() -> None:
        try:
            together.wait()
            reconcile_hospital(hospital=town.hospital, on=ON, at=town.at(NEXT))
        except Exception as error:
            trouble.append(error)
        finally:
            connection.close()

    workers = [Thread(target=run) for _worker in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert trouble == []
    assert Counter(Difference.objects.values_list("kind", flat=True)) == {
        "missing_there": 3,
        "missing_here": 1,
    }
    assert all(row.steps.count() == 1 for row in Difference.objects.all())
    assert Reconciliation.objects.count() == 1
