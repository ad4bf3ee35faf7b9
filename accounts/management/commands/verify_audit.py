import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Seal
from accounts.operations.seals import verify_chains


class Command(BaseCommand):
    help = "Walks the hash chains of the append-only tables; exits 1 where one does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        path = getattr(settings, "SEALS_FILE", "")
        breaks = verify_chains(witness=Path(path) if path else None)
        sealed = Seal.objects.count()
        if options["json"]:
            found = [asdict(found) for found in breaks]
            self.stdout.write(json.dumps({"ok": not breaks, "sealed": sealed, "breaks": found}))
            if breaks:
                raise SystemExit(1)
            return
        if breaks:
            first = breaks[0]
            raise CommandError(f"{first.chain} breaks at {first.seq}: {first.kind} ({len(breaks)} in all)")
        self.stdout.write(f"Every chain holds: {sealed} sealed rows.")
