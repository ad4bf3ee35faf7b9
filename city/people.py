"""Who lives in the demo city: ages, districts and habits, drawn from stated distributions.

- District: by resident population of the six districts at the 2020 census, in tenths of a percent.
- Age: adults from 18 to 85; a quarter between 18 and 29, half between 30 and 54, a quarter older.
- Habit: how someone pays. Most pay in time; one in twenty-five never pays of their own accord.
- Visits: on average one in 55 days, twice as often over 60. Amounts are log-normal around ¥180 in a clinic
  and ¥1,500 in a ward.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from accounts.models import Person
from city.identities import AREAS, phone, resident_id
from lenders.models import Lender

SURNAMES = "陈林黄张李王吴刘蔡杨许郑谢郭洪邱曾廖叶苏"
GIVEN = "志明雅婷建国美玲伟丽华强秀英芳文静海燕家豪晓东宇轩欣怡子涵思远若兰"
DISTRICT_WEIGHTS = (212, 208, 201, 165, 113, 101)


class Habit(StrEnum):
    EARLY = "early"
    IN_TIME = "in_time"
    DIRECT_DEBIT = "direct_debit"
    LATE = "late"
    IN_PARTS = "in_parts"
    RECOVERS = "recovers"
    NEVER = "never"


HABIT_WEIGHTS = {
    Habit.EARLY: 28,
    Habit.IN_TIME: 33,
    Habit.DIRECT_DEBIT: 15,
    Habit.LATE: 12,
    Habit.IN_PARTS: 6,
    Habit.RECOVERS: 4,
    Habit.NEVER: 2,
}


@dataclass
class Citizen:
    """One inhabitant: what the draw decided, and who they became on the platform."""

    index: int
    name: str
    born_on: date
    district: int
    habit: Habit
    joins_on: date
    visits_a_day: float
    lender: int
    child_born_on: date | None = None
    parent_born_on: date | None = None
    patients: list[Person] = field(default_factory=list)
    lenders: list[Lender] = field(default_factory=list)

    @property
    def person(self) -> Person:
        """Themselves, the first of those they bring to a doctor; only once they have joined."""
        return self.patients[0]

    @property
    def resident_id(self) -> str:
        return resident_id(self.born_on, self.index % 1000, AREAS[self.district])

    @property
    def phone(self) -> str:
        return phone(self.index)


def draw_citizens(rng: Random, *, citizens: int, first: date, last: date, lenders: int) -> list[Citizen]:
    """The inhabitants of a city that lives from `first` to `last`; the same for the same generator."""
    return [_draw(rng, index, first, last, lenders) for index in range(citizens)]


def name(rng: Random) -> str:
    return rng.choice(SURNAMES) + "".join(rng.choice(GIVEN) for _ in range(2))


def _draw(rng: Random, index: int, first: date, last: date, lenders: int) -> Citizen:
    band = rng.choices(((18, 29), (30, 54), (55, 85)), (25, 50, 25))[0]
    years = rng.randint(*band)
    habit = rng.choices(list(HABIT_WEIGHTS), list(HABIT_WEIGHTS.values()))[0]
    visits = 0.018 * (2 if years >= 60 else 1) * (3 if habit in {Habit.RECOVERS, Habit.NEVER} else 1)
    span = (last - first).days
    joins = 0 if rng.random() < 0.7 else rng.randint(1, max(1, span * 2 // 3))
    citizen = Citizen(
        index=index,
        name=name(rng),
        born_on=_birthday(rng, first, years),
        district=rng.choices(range(len(AREAS)), DISTRICT_WEIGHTS)[0],
        habit=habit,
        joins_on=first + timedelta(days=joins),
        visits_a_day=visits,
        lender=rng.randrange(lenders),
    )
    if 28 <= years <= 50 and rng.random() < 0.25:
        # One child in eight turns 18 while the city is watched.
        turning = rng.random() < 0.125
        citizen.child_born_on = (
            _years_before(first + timedelta(days=rng.randint(span // 3, span)), 18)
            if turning
            else _birthday(rng, first, rng.randint(0, 16))
        )
    if 35 <= years <= 60 and rng.random() < 0.1:
        citizen.parent_born_on = _birthday(rng, first, years + 27)
    return citizen


def _birthday(rng: Random, today: date, years: int) -> date:
    return _years_before(today, years) - timedelta(days=rng.randrange(365))


def _years_before(on: date, years: int) -> date:
    day = 28 if (on.month, on.day) == (2, 29) else on.day
    return on.replace(year=on.year - years, day=day)
