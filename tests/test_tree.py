"""What no file of the project may contain, whoever wrote it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 500
CODE = {".py", ".html", ".scss", ".css", ".js", ".mjs", ".sh"}
PLACES = re.compile(r"(pypi|pythonhosted|npmjs|debian)[.](org|com)|file:///opt|/(work|root|farm)/")
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError|pytest\.(mark\.)?(skip|xfail)")


def texts(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Name and text of every file that git knows or would add, this one aside."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in sorted(set(listed.split("\0")) - {"", "tests/test_tree.py"}):
        path = ROOT / name
        if path.is_file() and (not suffixes or path.suffix in suffixes):
            content = path.read_bytes()
            if b"\0" not in content:
                yield name, content.decode(errors="replace")


def lines_matching(pattern: re.Pattern[str], *suffixes: str) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts(*suffixes)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine():
    assert lines_matching(PLACES) == []


def test_nothing_is_left_to_be_done_later():
    assert lines_matching(LEFTOVERS, ".py", ".html") == []


def test_no_file_is_longer_than_one_can_read_at_a_sitting():
    lengths = {name: len(text.splitlines()) for name, text in texts(*CODE) if "/migrations/" not in name}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_imports_stand_at_the_top():
    found = [
        f"{name}:{inner.lineno}"
        for name, text in texts(".py")
        if "/migrations/" not in name
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert found == []
