"""Plain scripts that the Makefile runs before and around Django: they import nothing of the platform."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
