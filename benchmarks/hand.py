"""A process of its own on one database: `python -m benchmarks.hand path.to.function '{"its": "arguments"}'`.

Says `ready` once it is connected, works when it is told to, and prints what came of it as JSON. It knows
Django and nothing of the platform, so that another ledger's environment can run it too.
"""

import json
import resource
import sys
import time

import django
from django.db import connection
from django.utils.module_loading import import_string


def peak_kb() -> int:
    """The most memory that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def main(path: str, arguments: str) -> None:
    django.setup()
    work, words = import_string(path), json.loads(arguments)
    connection.ensure_connection()
    before = peak_kb()
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    answer = work(**words)
    ended = time.monotonic()
    print(
        json.dumps({"answer": answer, "began": began, "ended": ended, "peak_kb": peak_kb(), "was_kb": before})
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
