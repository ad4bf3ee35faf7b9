"""Statistical disclosure control: no published figure may give away a group of fewer than five people.

A table with its sums is a network: each sum is a node into which as much flows as out of it, each cell an
arc between two of them. A hidden cell can be worked out from the others exactly where it lies on no cycle
along which the hidden cells could change by one (Gusfield 1988). `protect` hides the cheapest cells that
give every small group such a cycle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar

SMALLEST_GROUP = 5
# The price of hiding a cell is what it counts; of one that is nobody's, and of one hidden anyway:
_NOTHING = 0.5
_ALREADY_HIDDEN = 0.01

Key = TypeVar("Key", bound=Hashable)
Node = Hashable


class Hidden(Enum):
    """What stands in the place of a figure: a count of 0 to 4, or a figure that is not told."""

    FEW = "<5"
    WITHHELD = "*"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Group:
    """One cell: how many things it counts, how many people are behind them, and the sums it lies between.

    One that another table tells as well is `told_elsewhere`: hiding it here would protect nobody.
    """

    source: Node
    target: Node
    count: int
    people: int
    told_elsewhere: bool = False

    @property
    def is_small(self) -> bool:
        return 0 < self.people < SMALLEST_GROUP


def protect(groups: Mapping[Key, Group]) -> dict[Key, Hidden]:
    """The cells to hide: every small group, and as little else as keeps each from being worked out."""
    hidden = {key for key, group in groups.items() if group.is_small}
    for key in [key for key in groups if key in hidden]:
        if can_be_worked_out(groups, hidden, key):
            hidden.update(_cheapest_protection(groups, hidden, key))
    return {
        key: Hidden.FEW if group.count < SMALLEST_GROUP else Hidden.WITHHELD
        for key, group in groups.items()
        if key in hidden
    }


def can_be_worked_out(groups: Mapping[Key, Group], hidden: Iterable[Key], key: Key) -> bool:
    """Whether a reader of all other cells knows a hidden one for certain, by sums and by what “<5” says."""
    arcs = _arcs(groups, hidden, price=lambda key: 1)
    return not any(_cycles(groups, arcs, key))


def _cheapest_protection(groups: Mapping[Key, Group], hidden: set[Key], key: Key) -> list[Key]:
    def price(other: Key) -> float:
        return _ALREADY_HIDDEN if other in hidden else groups[other].count or _NOTHING

    may_be_hidden = [other for other, group in groups.items() if other in hidden or not group.told_elsewhere]
    cycles = _cycles(groups, _arcs(groups, may_be_hidden, price), key)
    if cycles:
        return min(cycles, key=lambda cycle: cycle[0])[1]
    # Where nothing protects it, nothing is told that is anybody's.
    return [other for other, group in groups.items() if group.count]


_Arc = tuple[Key, Node, float]
_Arcs = dict[Node, list[_Arc[Key]]]


def _arcs(groups: Mapping[Key, Group], keys: Iterable[Key], price: Callable[[Key], float]) -> _Arcs[Key]:
    """From each node, the cells that could change: forwards by one more, backwards by one fewer."""
    arcs: _Arcs[Key] = defaultdict(list)
    for key in keys:
        group = groups[key]
        if _may_rise(group):
            arcs[group.source].append((key, group.target, price(key)))
        if _may_fall(group):
            arcs[group.target].append((key, group.source, price(key)))
    return arcs


def _cycles(groups: Mapping[Key, Group], arcs: _Arcs[Key], key: Key) -> list[tuple[float, list[Key]]]:
    """What else has to change, and its price, for a cell to be one more and for it to be one fewer."""
    group = groups[key]
    ends = []
    if _may_rise(group):
        ends.append((group.target, group.source))
    if _may_fall(group):
        ends.append((group.source, group.target))
    found = (_cheapest_path(arcs, start, goal, key) for start, goal in ends)
    return [path for path in found if path is not None]


def _cheapest_path(arcs: _Arcs[Key], start: Node, goal: Node, without: Key) -> tuple[float, list[Key]] | None:
    order = count()
    queue: list[tuple[float, int, Node, list[Key]]] = [(0.0, next(order), start, [])]
    seen = set()
    while queue:
        price, _place, node, path = heappop(queue)
        if node == goal:
            return price, path
        if node not in seen:
            seen.add(node)
            for key, onward, step in arcs.get(node, []):
                if onward not in seen and key != without:
                    heappush(queue, (price + step, next(order), onward, [*path, key]))
    return None


# A reader who sees only its mark takes “<5” for 0 to 4 and any other for 5 or more.


def _may_rise(group: Group) -> bool:
    return group.count != SMALLEST_GROUP - 1


def _may_fall(group: Group) -> bool:
    return group.count not in {0, SMALLEST_GROUP}
