"""Catalogues: `compile` writes each .mo, `check` fails on a sentence that is missing, fuzzy or ill-formed.

Neither needs gettext to be installed; where it is, `check` also looks for sentences that no catalogue has.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

from tools import ROOT

LOCALE = ROOT / "locale"
TEXTS = {".py", ".html", ".txt", ".po"}
NOT_SHOWN = ("tests/", "tools/", "sandbox/")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def catalogues(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.po"))


def compile_all() -> int:
    for path in catalogues(LOCALE):
        polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
    return 0


def extracted(folder: Path) -> Path:
    """A copy of the tree's text in the folder, its catalogues brought up to date by makemessages."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in listed.split("\0"):
        source = ROOT / name
        if name.startswith(NOT_SHOWN) or source.suffix not in TEXTS:
            continue
        if source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--all", "--no-obsolete", "--no-wrap", "-v0"],
        cwd=folder, check=True,
    )  # fmt: skip
    return folder / "locale"


def faults(path: Path) -> list[str]:
    """What is wrong in one catalogue, a line each."""
    found = []
    for entry in polib.pofile(str(path)):
        if entry.obsolete:
            continue
        texts = list(entry.msgstr_plural.values()) or [entry.msgstr]
        if entry.fuzzy:
            found.append(f"fuzzy: {entry.msgid!r}")
        elif not all(texts):
            found.append(f"missing: {entry.msgid!r}")
        elif any(set(PLACEHOLDER.findall(text)) - placeholders(entry) for text in texts):
            found.append(f"placeholders differ: {entry.msgid!r}")
    return found


def placeholders(entry: polib.POEntry) -> set[str]:
    return set(PLACEHOLDER.findall(entry.msgid)) | set(PLACEHOLDER.findall(entry.msgid_plural or ""))


def check() -> int:
    if not catalogues(LOCALE):
        print("no catalogues under locale/")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        locale = LOCALE
        if shutil.which("xgettext"):
            locale = extracted(Path(folder))
        else:
            print("gettext is not installed: only the catalogues themselves are checked")
        found = [f"{path.parts[-3]}: {fault}" for path in catalogues(locale) for fault in faults(path)]
    print("\n".join(found) or "translations are complete")
    return 1 if found else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["compile"]:
            sys.exit(compile_all())
        case ["check"]:
            sys.exit(check())
        case _:
            sys.exit(__doc__)
