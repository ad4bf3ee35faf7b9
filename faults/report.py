"""What a fault has to say: counts, and what it found broken."""

import time
from dataclasses import dataclass, field


class NotDone(Exception):
    """This fault cannot be put on here, and why."""


@dataclass
class Report:
    counts: dict[str, int | str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def count(self, what: str, number: int | str = 1) -> None:
        before = self.counts.get(what, 0)
        self.counts[what] = before + number if isinstance(before, int) and isinstance(number, int) else number

    def expect(self, holds: object, otherwise: str) -> None:
        if not holds:
            self.violations.append(otherwise)

    def line(self, name: str) -> str:
        mark = "✗" if self.violations else "✓"
        said = ", ".join(f"{number} {what}" for what, number in self.counts.items())
        lines = [f"{mark} {name:<20} {said} ({time.monotonic() - self.began:.1f} s)"]
        return "\n".join([*lines, *(f"    {one}" for one in self.violations[:20])])
