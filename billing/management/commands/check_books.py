"""`check_books [--json]`: every money invariant; exit 1 and the offending keys where one fails."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.books import check


class Command(BaseCommand):
    help = "Checks every money invariant and names what breaks it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in check(at=timezone.now()):
            findings.append(finding)
            if not options["json"]:
                verdict = f"BROKEN {finding.count}" if finding.count else "ok"
                self.stdout.write(f"{finding.number:>2}  {verdict:<10} {finding.sentence}")
                for key in finding.broken:
                    self.stdout.write(f"      {key}")
        broken = sum(finding.count for finding in findings)
        if options["json"]:
            rows = [asdict(finding) for finding in findings]
            self.stdout.write(json.dumps({"broken": broken, "invariants": rows}, ensure_ascii=False))
        if broken:
            raise CommandError(f"{broken} rows break an invariant", returncode=1)
