"""A mutant whose text has moved on would be caught by nothing and noticed by nobody."""

from pathlib import Path

import pytest

from faults.mutant_list import MUTANTS, Mutant
from tools import ROOT

IN_FILES = [mutant for mutant in MUTANTS if mutant.path]


@pytest.mark.parametrize("mutant", IN_FILES, ids=lambda mutant: mutant.name)
def test_what_a_mutant_takes_away_stands_there_once(mutant: Mutant) -> None:
    text = Path(ROOT, mutant.path).read_text()

    assert mutant.without(text) != text
