"""How much of everything: quick for every change, standard for a day, long for a release."""

from typing import NamedTuple


class Size(NamedTuple):
    worker_kills: int  # mid-close and mid-sweep, each
    backend_kills: int
    server_kills: int
    flushes: int
    charges: int  # acknowledged while backends and servers are killed, each
    short_load: int  # acknowledged while the broker is away, each
    races: int  # of each pair
    retried: int  # calls, ten to a key
    cuts: int
    cashiers: int
    rounds: int
    batches: int
    jumps: int  # of the clock, there and back


SIZES = {
    "quick": Size(1, 1, 1, 1, 60, 40, 8, 60, 4, 100, 1, 2, 1),
    "standard": Size(10, 6, 4, 4, 1_000, 300, 100, 1_000, 40, 100, 3, 10, 3),
    "long": Size(100, 20, 20, 20, 25_000, 2_000, 1_000, 10_000, 500, 100, 50, 100, 20),
}
