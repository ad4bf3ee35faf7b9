"""`import_institutions FILE`: enter the institutions of a CSV file, all of them or none."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.calendar import business_date
from common.errors import Refusal
from hospitals.models import Scene
from hospitals.operations.imports import load_institutions


class Command(BaseCommand):
    help = "Enters the institutions of a CSV file (code, name_zh, name_en, kind, district, optionally uscc)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--on", type=date.fromisoformat, help="online from this date (default: today)")
        parser.add_argument(
            "--target",
            type=date.fromisoformat,
            help="not online yet: begin with the steps, online by this date",
        )
        parser.add_argument(
            "--scenes", nargs="*", default=[], choices=Scene.values, help="scenes that go live with them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            loaded = load_institutions(
                path=options["file"],
                on=None if options["target"] else options["on"] or business_date(at),
                target_on=options["target"],
                at=at,
                scenes=options["scenes"],
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{loaded.added} added, {loaded.changed} changed, {loaded.unchanged} unchanged")
