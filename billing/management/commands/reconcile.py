"""`reconcile --on DATE [--hospital CODE] [--json]`: what every side states beside the platform's books."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.models import Reconciliation
from billing.operations.reconciling import reconcile_day
from common.errors import Refusal
from common.spans import EVERYBODY, Span
from hospitals.models import Hospital


class Command(BaseCommand):
    help = "Four-way reconciliation of a closed business date. Safe to run twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--on", type=date.fromisoformat, required=True, help="YYYY-MM-DD")
        parser.add_argument("--hospital", metavar="CODE", help="one hospital; all of them unless given")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, on: date, hospital: str | None, **options: Any) -> None:
        span = EVERYBODY
        if hospital:
            pk = Hospital.objects.filter(code=hospital).values_list("pk", flat=True).first()
            if pk is None:
                raise CommandError(f"hospital: there is no hospital {hospital}")
            span = Span(pk, pk)
        try:
            sides = [told(side) for side in reconcile_day(on=on, at=timezone.now(), hospitals=span)]
        except Refusal as refusal:
            raise CommandError(f"{refusal.field}: {refusal}") from None
        differences = sum(side["differences"] for side in sides)
        if options["json"]:
            self.stdout.write(json.dumps({"on": on.isoformat(), "differences": differences, "sides": sides}))
            return
        for side in sides:
            kinds = ", ".join(f"{count} {kind}" for kind, count in side["kinds"].items()) or "agrees"
            name = side["lender"] or side["source"]
            self.stdout.write(
                f"{side['hospital']} {name}: {side['here']} here, {side['there']} there,"
                f" {side['agreed']} agreed; {kinds}"
            )
        self.stdout.write(f"{on}: {len(sides)} statements compared, {differences} differences")


def told(side: Reconciliation) -> dict[str, Any]:
    """One comparison as figures."""
    return {
        "hospital": side.hospital.code,
        "source": side.source,
        "lender": side.lender.code if side.lender else None,
        "revision": side.statement.revision,
        "here": side.here,
        "here_fen": side.here_fen,
        "there": side.there,
        "there_fen": side.there_fen,
        "agreed": side.agreed,
        "differences": side.differences,
        "kinds": side.kinds,
    }
