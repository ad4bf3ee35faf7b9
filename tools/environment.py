"""Makes the working environment: .venv, the built assets and the compiled translations.

Runs on the system's Python with nothing installed. Each step leaves a stamp with the hash of what it was made
from, so that a second call takes no time.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tools import ROOT, VAR

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements" / "dev.txt"


def digest(files: Iterable[Path], *words: str) -> str:
    """One hash over the words, and the names and contents of the files."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(files):
        total.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def is_current(stamp: Path, value: str) -> bool:
    return stamp.exists() and stamp.read_text() == value


def run(*command: str, env: dict[str, str] | None = None) -> None:
    """Runs a step quietly; what it said is shown only when it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nfailed: {' '.join(command)}")


def make_venv() -> None:
    """The virtual environment, with the exact packages of requirements/dev.txt."""
    stamp = VENV / "installed"
    wanted = digest([REQUIREMENTS], sys.version)
    if is_current(stamp, wanted) and PYTHON.exists():
        return
    if not PYTHON.exists() or not (VENV / "bin" / "pip").exists():
        create_venv()
    total = sum(1 for line in REQUIREMENTS.read_text().splitlines() if line[:1].isalnum())
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes"]
    installing = subprocess.Popen(
        [*pip, "-r", str(REQUIREMENTS)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said, seen, shown = [], 0, 0.0
    for line in installing.stdout or ():
        said.append(line)
        seen += line.startswith(("Collecting ", "Requirement already satisfied"))
        if line.startswith("Installing collected"):
            step("unpacking them")
            shown = float("inf")
        elif time.monotonic() - shown > (0.2 if sys.stdout.isatty() else 10):
            shown = time.monotonic()
            step(f"Python packages {min(seen, total)}/{total}", end="\r" if sys.stdout.isatty() else "\n")
    if installing.wait() != 0:
        sys.exit("".join(said[-40:]) + "\nthe Python packages could not be installed")
    step(f"Python packages {total}/{total}")
    stamp.write_text(wanted)


def create_venv() -> None:
    """An empty environment. Debian keeps the part that brings pip in a package of its own."""
    step(f"virtual environment on Python {sys.version.split()[0]}")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if made.returncode == 0:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        step("installing python3-venv, which this machine lacks")
        run("apt-get", "update", "-q")
        run("apt-get", "install", "-qy", "--no-install-recommends", "python3-venv")
        run(*command)
        return
    shutil.rmtree(VENV, ignore_errors=True)
    sys.exit(f"{made.stdout}\nPython's venv module is not complete here. On Debian: apt install python3-venv")


def build_assets() -> None:
    """Styles and scripts, by the Node that came with the Python packages."""
    if not (ROOT / "package.json").exists():
        return
    built = ROOT / "static" / "build"
    static = [path for path in (ROOT / "static").rglob("*") if path.is_file() and built not in path.parents]
    packages = [ROOT / "package.json", ROOT / "package-lock.json"]
    stamp = VAR / "stamps" / "assets"
    wanted = digest([*packages, *static])
    if is_current(stamp, wanted) and any(built.glob("*")):
        return
    env = {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    npm = str(VENV / "bin" / "npm")
    unpacked = VAR / "stamps" / "packages"
    if not is_current(unpacked, digest(packages)) or not (ROOT / "node_modules").is_dir():
        step("npm packages")
        run(npm, "ci", "--no-audit", "--no-fund", env=env)
        write_stamp(unpacked, digest(packages))
    step("styles and scripts")
    run(npm, "run", "build", env=env)
    write_stamp(stamp, wanted)


def write_stamp(stamp: Path, value: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(value)


def compile_translations() -> None:
    """Each .po beside its .mo."""
    catalogues = sorted((ROOT / "locale").rglob("*.po"))
    stamp = VAR / "stamps" / "translations"
    wanted = digest(catalogues)
    if is_current(stamp, wanted) and all(path.with_suffix(".mo").exists() for path in catalogues):
        return
    if catalogues:
        step("translations")
        run(str(PYTHON), "-m", "tools.translations", "compile")
    write_stamp(stamp, wanted)


def step(text: str, end: str = "\n") -> None:
    print(f"· {text}", end=end, flush=True)


def main() -> None:
    (VAR / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise complains where it is missing
    make_venv()
    build_assets()
    compile_translations()


if __name__ == "__main__":
    main()
