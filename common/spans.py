"""Sharing work by ranges of ids, so that several hands can do it side by side."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """The ids from `first` to `last`, both in it."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    @classmethod
    def parse(cls, text: str) -> Span:
        first, last = text.split("-")
        return cls(int(first), int(last))


EVERYBODY = Span(0, 2**63 - 1)


def spans(last: int, *, size: int) -> list[Span]:
    """The ids from 1 to `last` in spans of `size`."""
    return [Span(first, first + size - 1) for first in range(1, last + 1, size)]
