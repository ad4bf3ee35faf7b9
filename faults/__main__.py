"""What the platform must survive.

    python -m faults [--size quick|standard|long] [--seed N] [--only NAME …]    every fault, a line each
    python -m faults mutants [--only NAME …]    guards taken away, each of which must be missed
    python -m faults restore                    the server destroyed under load and restored elsewhere

Exit 1 where something is broken.
"""

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence

from faults import mutants, restore
from faults.catalogue import FAULTS, Fault
from faults.report import NotDone, Report
from faults.sizes import SIZES
from faults.stage import Stage


def put_on(fault: Fault, stage: Stage) -> bool:
    """One fault and what the judge finds after it; its line is printed. Whether all held."""
    tell = Report()
    try:
        fault.act(stage, tell)
        tell.violations += stage.violations()
    except NotDone as why:
        print(f"– {fault.name:<20} {why}", flush=True)
        return True
    except Exception as error:
        tell.violations.append(f"{type(error).__name__}: {error}")
    print(tell.line(fault.name), flush=True)
    return not tell.violations


def run(size: str, seed: int, only: Sequence[str]) -> int:
    faults = [fault for fault in FAULTS if not only or fault.name in only]
    began = time.monotonic()
    with Stage(SIZES[size], seed) as stage:
        print(f"· stage built, size {size}, seed {seed} ({time.monotonic() - began:.1f} s)", flush=True)
        held = [put_on(fault, stage) for fault in faults]
        stage.keep = not all(held)
    broken = held.count(False)
    print(f"· {len(held)} faults, {broken} broke something ({time.monotonic() - began:.0f} s)")
    return 1 if broken else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="faults", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=["run", "mutants", "restore"], default="run")
    parser.add_argument("--size", choices=[*SIZES], default=os.environ.get("FAULTS") or "standard")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    given = parser.parse_args()
    logging.disable(logging.INFO)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    known = {fault.name for fault in FAULTS} | {mutant.name for mutant in mutants.MUTANTS}
    if unknown := set(given.only) - known:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    match given.what:
        case "mutants":
            return mutants.run(given.seed, given.only)
        case "restore":
            return restore.run(SIZES[given.size], given.seed)
    return run(given.size, given.seed, given.only)


if __name__ == "__main__":
    sys.exit(main())
