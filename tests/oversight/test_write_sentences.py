"""What is said of figures is what stands in them, and nothing is said of what is hidden."""

from datetime import datetime

import pytest
from django.utils import translation

from common.calendar import SHANGHAI
from hospitals.models import Scene
from oversight.disclosure import Hidden
from oversight.findings import finding, findings
from oversight.quarters import Period, Quarter
from oversight.releases import Release
from oversight.tables import Column, Figure, Row, Unit, Value

QUARTER = Quarter(2026, 2)
FINAL = Period(QUARTER, QUARTER.last_on, datetime(2026, 7, 1, 0, 30, tzinfo=SHANGHAI))


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def figure(name: str, columns: list[str], rows: dict[str, list[Value]], sums: tuple[str, ...] = ()) -> Figure:
    return Figure(
        name=name,
        title=f"What {name} is about",
        row_label="",
        columns=tuple(Column(column, column, Unit.COUNT) for column in columns),
        rows=tuple(Row(key, key, tuple(values), is_sum=key in sums) for key, values in rows.items()),
        formula="",
        source="",
    )


def by_month(name: str, before: int, now: Value) -> Figure:
    """All of it in outpatient care; six months, two quarters."""
    values = {f"2026-0{month}": before if month < 4 else now for month in range(1, 7)}
    values |= {"2026q1": before * 3, "2026q2": now * 3 if isinstance(now, int) else now}
    columns = [*Scene.values, "all"]
    rows = {
        key: [value if column in {"outpatient", "all"} else 0 for column in columns]
        for key, value in values.items()
    }
    return figure(name, columns, rows, ("2026q1", "2026q2"))


def release(before: int, now: Value, period: Period = FINAL) -> Release:
    due: list[Value] = [10, 2, 1, 0, None, 13, 7_692] if isinstance(now, int) else [Hidden.FEW] * 7
    repayment = figure(
        "repayment",
        ["on_time", "d30", "d90", "more", "not_due", "all", "on_time_bp"],
        {
            "2026-01": [1, 0, 0, 0, None, 1, 10_000],
            "2026-05": due,
            "later": [0, None, None, None, 9, 9, None],
        },
    )
    told = isinstance(now, int)
    reminders = figure(
        "reminders", ["reached", "settled"], {"1": [8 if told else Hidden.FEW, 6], "all": [None, 6]}, ("all",)
    )
    punctuality = figure(
        "punctuality", ["all", "on_time", "late", "unpaid"], {"all": [1_200, 1_199, 1, 0]}, ("all",)
    )
    limits = figure(
        "limits",
        ["limit_fen", "accounts", "outstanding_fen"],
        {"0": [50_000, 5, 1], "651": [300_000, 15, 1], "all": [None, 20 if told else Hidden.FEW, 2]},
        ("all",),
    )
    made = [
        by_month("bills", before, now),
        by_month("amounts", before, now),
        repayment,
        reminders,
        punctuality,
        limits,
    ]
    return Release(period, {figure.name: figure for figure in made})


@pytest.mark.parametrize(
    ("before", "change"),
    [(20, ", 50.0% more than in the quarter before,"), (40, ", 25.0% fewer than in the quarter before,"),
     (30, ", as many as in the quarter before,"), (0, ",")],
)  # fmt: skip
def test_a_quarter_is_compared_with_the_one_before(before: int, change: str):
    assert findings(release(before, 30))[0] == f"90 bills were charged to credit{change} for ¥0.90 in all."


def test_a_quarter_still_running_is_not_compared():
    running = Period(QUARTER, QUARTER.last_on.replace(day=20), FINAL.closed_at)
    assert findings(release(20, 30, running))[0] == "90 bills were charged to credit, for ¥0.90 in all."


def test_the_other_findings_count_the_quarters_own_bills_and_payments():
    assert findings(release(20, 30))[1:] == [
        "13 bills fell due; 10 of them (76.9%) were repaid on time, and 3 were not.",
        "8 bills were reminded for the first time; 6 of them (75.0%) had been repaid by 30 Jun 2026.",
        "Of 1,200 payments due to hospitals, lenders made 1,199 (99.9%) on the next bank working day and 1"
        " later; 0 were still to come.",
        "20 credit accounts were open on 30 Jun 2026, with ¥0.02 outstanding.",
    ]


def test_nothing_is_said_of_what_is_hidden():
    said = findings(release(20, Hidden.FEW))
    assert [sentence.startswith("Too few") for sentence in said] == [True, True, True, False, True]


def test_the_title_of_a_chart_is_its_finding():
    figures = release(20, 30).figures
    assert {name: finding(shown, FINAL) for name, shown in figures.items()} == {
        "bills": "Outpatient care: 100.0% of the quarter's bills",
        "amounts": "¥0.90 charged to credit in the quarter",
        "repayment": "76.9% of the bills due in the quarter were repaid on time",
        "reminders": "75.0% of reminded bills have been repaid since",
        "punctuality": "99.9% of payments reached hospitals on the next working day",
        "limits": "75.0% of accounts have the highest limit, ¥3,000.00",
    }


def test_where_the_finding_is_hidden_the_title_says_what_the_chart_is_about():
    figures = release(20, Hidden.FEW).figures
    for name in ("bills", "amounts", "repayment", "reminders", "limits"):
        assert finding(figures[name], FINAL) == f"What {name} is about"
