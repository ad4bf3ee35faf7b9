"""`run_day --on DATE`: everything that the timetable does on that date, in order."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.calendar import business_date
from config.day import run_day


class Command(BaseCommand):
    help = "Does everything that the timetable does on a date, in order. Safe to run twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--on", type=date.fromisoformat, required=True, help="YYYY-MM-DD, today at most")

    def handle(self, *args: Any, on: date, **options: Any) -> None:
        # The demo city lives ahead of the clock by the same operation; whoever types a date does not.
        today = business_date(timezone.now())
        if on > today:
            raise CommandError(f"--on: {on} has not come yet; today is {today}")
        failed = run_day(on=on)
        if failed:
            raise CommandError(f"failed on {on}: {', '.join(failed)}")
        self.stdout.write(f"{on}: done")
