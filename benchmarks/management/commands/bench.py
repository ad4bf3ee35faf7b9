"""`bench [--json] [--only NAME] [--write]`: how fast the platform is, beside floors of the same run."""

import json
import os
from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmarks.bench import SIZES, Bench
from benchmarks.catalogue import BENCHMARKS, run
from benchmarks.databases import Databases, server_version
from benchmarks.measure import BenchmarkFailed, Result
from benchmarks.table import HEAD, render, write


class Command(BaseCommand):
    help = "Measures the platform beside floors of plain SQL; the sizes are BENCH=normal, long or toy."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        parser.add_argument(
            "--only", action="append", choices=list(BENCHMARKS), help="this one; may be repeated"
        )
        parser.add_argument("--runs", type=int, help="pairs of figure and floor; 5 unless given")
        parser.add_argument("--write", action="store_true", help="put the results into docs/performance.md")

    def handle(self, *args: Any, only: list[str] | None, runs: int | None, **options: Any) -> None:
        name = os.environ.get("BENCH") or "normal"
        if name not in SIZES:
            raise CommandError(f"BENCH is one of {', '.join(SIZES)}")
        if "DATABASE_URL" not in os.environ:
            raise CommandError("Set DATABASE_URL, or let `make bench` start the embedded server.")
        size = replace(SIZES[name], runs=runs) if runs else SIZES[name]
        bench = Bench(size=size, databases=Databases(os.environ["DATABASE_URL"]))
        results: list[Result] = []
        try:
            for result in run(bench, only or BENCHMARKS):
                results.append(result)
                if not options["json"]:
                    self._show(result, bench, is_first=len(results) == 1)
        except BenchmarkFailed as failed:
            raise CommandError(str(failed)) from failed
        finally:
            # What was measured before one failed is not measured again.
            if options["json"]:
                self.stdout.write(json.dumps({"results": [result.as_json() for result in results]}))
            if options["write"]:
                write(results, on=bench.today, server=server_version(bench.databases.url))

    def _show(self, result: Result, bench: Bench, *, is_first: bool) -> None:
        if is_first:
            self.stdout.write(HEAD, ending="")
        self.stdout.write(render([result], bench.today)[result.name])
