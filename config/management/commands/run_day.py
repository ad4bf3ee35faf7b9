"""`run_day --on DATE`: everything that the timetable does on that date, in order."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.day import run_day


class Command(BaseCommand):
    help = "Does everything that the timetable does on a date, in order. Safe to run twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--on", type=date.fromisoformat, required=True, help="YYYY-MM-DD")

    def handle(self, *args: Any, on: date, **options: Any) -> None:
        failed = run_day(on=on)
        if failed:
            raise CommandError(f"failed on {on}: {', '.join(failed)}")
        self.stdout.write(f"{on}: done")
