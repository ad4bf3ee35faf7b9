"""The environment of django-hordak, which our ledger is measured against; apart from the platform's own."""

import sys
from pathlib import Path

from tools import ROOT, VAR
from tools.environment import digest, is_current, run

VENV = VAR / "hordak"
REQUIREMENTS = ROOT / "requirements" / "bench.txt"


def prepare() -> Path:
    """Its Python, with exactly the packages of requirements/bench.txt."""
    python, stamp = VENV / "bin" / "python", VENV / "installed"
    wanted = digest([REQUIREMENTS], sys.version)
    if not is_current(stamp, wanted) or not python.exists():
        print("· django-hordak, to measure against", file=sys.stderr, flush=True)
        run(sys.executable, "-m", "venv", "--clear", str(VENV))
        pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes"]
        run(*pip, "-r", str(REQUIREMENTS))
        stamp.write_text(wanted)
    return python


if __name__ == "__main__":
    prepare()
