"""Cells of files that a spreadsheet may open: none of them may begin what it would run."""

from __future__ import annotations

import unicodedata

# What makes a spreadsheet run a cell instead of showing it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
# Spreadsheets take a CSV of Chinese for their own encoding unless it begins with this.
BYTE_ORDER_MARK = "\ufeff"


def starts_formula(text: str) -> bool:
    """Whether a spreadsheet would run this, were it stripped of its spaces or written in full width."""
    return text.startswith(FORMULA_STARTS) or unicodedata.normalize("NFKC", text).strip().startswith(
        FORMULA_STARTS
    )


def harmless(text: str) -> str:
    """An apostrophe before what a spreadsheet would run."""
    return f"'{text}" if starts_formula(text) else text
