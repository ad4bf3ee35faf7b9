"""No published table gives away a group of fewer than five people, alone or by its sums."""

from itertools import product
from random import Random

import pytest

from oversight.disclosure import Group, Hidden, can_be_worked_out, protect

FEW, WITHHELD = Hidden.FEW, Hidden.WITHHELD
Cells = dict[tuple[str, str], Group]


def cross(rows: list[list[int]], people: list[list[int]] | None = None) -> Cells:
    """A table with its sums; each thing is another person's unless `people` says otherwise."""
    people = people or rows
    groups: Cells = {}
    for r, (counts, heads) in enumerate(zip(rows, people, strict=True)):
        for c, (count, head) in enumerate(zip(counts, heads, strict=True)):
            groups[f"r{r}", f"c{c}"] = Group(("row", r), ("column", c), count, head)
        groups[f"r{r}", "all"] = Group("rows", ("row", r), sum(counts), sum(heads))
    for c in range(len(rows[0])):
        count, head = sum(row[c] for row in rows), sum(row[c] for row in people)
        groups["all", f"c{c}"] = Group(("column", c), "columns", count, head)
    whole = sum(map(sum, rows))
    groups["all", "all"] = Group("columns", "rows", whole, sum(map(sum, people)), told_elsewhere=True)
    return groups


def column(*counts: int) -> dict[str, Group]:
    """One column with its sum."""
    groups = {f"r{place}": Group("sum", "parts", count, count) for place, count in enumerate(counts)}
    return {**groups, "all": Group("parts", "sum", sum(counts), sum(counts), told_elsewhere=True)}


def test_a_table_without_small_groups_is_shown_whole():
    assert protect(cross([[5, 6], [7, 0]])) == {}
    assert protect(column(5, 0, 12)) == {}


def test_a_small_group_is_hidden_and_a_second_cell_with_it():
    assert protect(column(3, 40, 9)) == {"r0": FEW, "r2": WITHHELD}


def test_a_cell_of_nobody_is_the_first_to_be_hidden_beside_a_small_one():
    assert protect(column(3, 40, 0)) == {"r0": FEW, "r2": FEW}


def test_two_small_groups_protect_each_other():
    assert protect(column(3, 40, 2)) == {"r0": FEW, "r2": FEW}


def test_two_groups_of_four_do_not_protect_each_other_because_less_than_five_are_eight_only_so():
    assert protect(column(4, 40, 4)) == {"r0": FEW, "r2": FEW, "r1": WITHHELD}


def test_in_a_table_with_two_sums_four_cells_are_hidden():
    hidden = protect(cross([[2, 30, 40], [10, 9, 50], [11, 12, 60]]))
    assert hidden == {
        ("r0", "c0"): FEW,
        ("r0", "c1"): WITHHELD,
        ("r1", "c0"): WITHHELD,
        ("r1", "c1"): WITHHELD,
    }


def test_many_things_of_few_people_are_hidden_too():
    hidden = protect(cross([[9, 30], [20, 25]], [[2, 30], [20, 25]]))
    assert hidden["r0", "c0"] == WITHHELD
    assert len(hidden) == 4


def test_a_sum_of_few_people_is_hidden_like_any_group():
    hidden = protect(column(3))
    assert hidden == {"r0": FEW, "all": FEW}


def test_what_another_table_tells_is_left_as_it_is():
    assert "all" not in protect(column(3, 40, 9))
    assert ("all", "all") not in protect(cross([[1, 6], [6, 6]]))


def fits(count: int, group: Group, mark: Hidden | None) -> bool:
    if mark is None:
        return count == group.count
    return count < 5 if mark is FEW else count >= 5


def readings(groups: Cells, hidden: dict[tuple[str, str], Hidden]) -> list[Cells]:
    """Every small table of two rows and two columns that a reader must reckon with."""
    inner = [(row, column) for row in ("r0", "r1") for column in ("c0", "c1")]
    ranges = [range(10) if key in hidden else [groups[key].count] for key in inner]
    tables = []
    for first, second, third, fourth in product(*ranges):
        table = cross([[first, second], [third, fourth]])
        if all(fits(cell.count, groups[key], hidden.get(key)) for key, cell in table.items()):
            tables.append(table)
    return tables


@pytest.mark.parametrize("seed", range(12))
def test_a_reader_who_tries_every_possible_table_never_finds_a_small_group(seed: int):
    lots = Random(seed)
    rows = [[lots.choice([0, 0, 1, 3, 4, 5, 6, 7]) for _column in range(2)] for _row in range(2)]
    groups = cross(rows)
    hidden = protect(groups)
    tables = readings(groups, hidden)
    for key, group in groups.items():
        if group.is_small:
            assert key in hidden
            assert len({table[key].count for table in tables}) > 1, (rows, key)


@pytest.mark.parametrize("seed", range(20))
def test_in_large_tables_no_small_group_can_be_worked_out(seed: int):
    lots = Random(seed)
    groups = cross([[lots.choice([0, 1, 2, 4, 5, 20, 90]) for _c in range(6)] for _r in range(12)])
    hidden = protect(groups)
    small = [key for key, group in groups.items() if group.is_small]
    assert [key for key in small if can_be_worked_out(groups, hidden, key)] == []
    assert ("all", "all") not in hidden
