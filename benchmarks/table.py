"""The table of docs/performance.md, written from results."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from benchmarks.measure import Result

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- bench: from here -->", "<!-- bench: to here -->"
HEAD = (
    "| benchmark | figure | floor | unit | ratio | spread | target | met | measured |\n"
    "|---|---:|---:|---|---:|---|---|---|---|\n"
)


def render(results: Iterable[Result], on: date) -> dict[str, str]:
    """One line of the table a result, by its name."""
    return {
        result.name: f"| {result.name} | {number(result.figure)} | {number(result.floor)} | {result.unit}"
        f" | {number(result.ratio)} | {number(result.spread[0])} – {number(result.spread[1])}"
        f" | {result.target} | {'yes' if result.is_met else '**no**'} | {on} |"
        for result in results
    }


def write(results: Iterable[Result], *, on: date, server: str, page: Path = PAGE) -> None:
    """Put the lines between the markers; those of other benchmarks stay as they were measured."""
    text = page.read_text()
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    lines = {line.split("|")[1].strip(): line for line in old.splitlines() if line.startswith("| ")}
    lines.pop("benchmark", None)
    lines |= render(results, on)
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    lines_of_table = "\n".join(lines.values())
    note = f"The last ones on {os.cpu_count()} cores, {system}, PostgreSQL {server}."
    page.write_text(f"{before}{BEGIN}\n{HEAD}{lines_of_table}\n\n{note}\n{END}{after}")


def number(value: float) -> str:
    """As people read it: 1,234 or 0.61, never 1.234e+03."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
