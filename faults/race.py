"""`python -m faults.race NAME ROUNDS SEED`: one pair in the database of DATABASE_URL, for mutants."""

import os
import sys

from faults import clock, races
from faults.pairs import PAIRS
from faults.place import Place
from faults.report import Report
from tests.sandbox_process import SandboxProcess


def main(name: str, rounds: int, seed: int) -> int:
    clock.install()
    [kind] = [pair for pair in PAIRS if pair.name == name]
    tell = Report()
    races.run(kind, Place(SandboxProcess(os.environ["SANDBOX_URL"])), rounds, seed, tell)
    print(*tell.violations, sep="\n")
    return 1 if tell.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
