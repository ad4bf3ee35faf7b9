"""All benchmarks by name, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from benchmarks.bench import Bench
from benchmarks.charging import charge_api, charge_batch, charge_hot
from benchmarks.closing import close_day
from benchmarks.growing import growth
from benchmarks.measure import Result
from benchmarks.paging import pages
from benchmarks.posting import ledger_posting
from benchmarks.reconciling import reconcile
from benchmarks.repaying import repay
from benchmarks.sweeping import sweep_day

BENCHMARKS: dict[str, Callable[[Bench], list[Result]]] = {
    "charge_api": charge_api,
    "charge_batch": charge_batch,
    "charge_hot": charge_hot,
    "close_day": close_day,
    "reconcile": reconcile,
    "sweep_day": sweep_day,
    "repay": repay,
    "ledger_posting": ledger_posting,
    "growth": growth,
    "pages": pages,
}


def run(bench: Bench, names: Iterable[str]) -> Iterator[Result]:
    """The results as they come. What was made for them is taken away at the end."""
    bench.databases.require_durable()
    try:
        for name in names:
            bench.say(name)
            yield from BENCHMARKS[name](bench)
    finally:
        bench.close()
