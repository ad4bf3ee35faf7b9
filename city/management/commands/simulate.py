"""`simulate --citizens N --days D [--seed S] [--until DATE] [--start DATE]`: a city lives its days."""

import gc
import json
from argparse import ArgumentParser
from datetime import date, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from city.counterparts import counterparts
from city.founding import found
from city.life import City
from city.totals import totals
from common.calendar import business_date
from common.errors import Refusal
from config.day import moment


class Command(BaseCommand):
    help = "Lives a city of N citizens through D business days, by the platform's own operations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--citizens", type=int, required=True)
        parser.add_argument("--days", type=int, required=True)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--until", type=date.fromisoformat, help="last date; yesterday unless given")
        parser.add_argument("--start", type=date.fromisoformat, help="first date, instead of --until")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(
        self,
        *args: Any,
        citizens: int,
        days: int,
        seed: int,
        until: date | None,
        start: date | None,
        **options: Any,
    ) -> None:
        if citizens < 1 or days < 1:
            raise CommandError("citizens, days: at least 1")
        if start and until:
            raise CommandError("start, until: give one of them")
        last = until or business_date(timezone.now()) - timedelta(days=1)
        first = start or last - timedelta(days=days - 1)
        last = first + timedelta(days=days - 1)
        try:
            found(on=first, at=moment(first, time(0)))
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        # A city cut off by a power failure is simply lived again: its commits need not wait for the disk.
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
        # Millions of rows come and go: to look among them for cycles at the usual pace costs much time.
        gc.set_threshold(100_000)
        with counterparts(seed=seed):
            city = City(citizens=citizens, first=first, last=last, seed=seed)
            for on in tqdm(city.live(), total=days, unit="day", desc=f"{first} – {last}"):
                del on
        figures = {"first": first.isoformat(), "last": last.isoformat(), "seed": seed, **totals()}
        figures["refusals"] = dict(sorted(city.refusals.items()))
        if options["json"]:
            self.stdout.write(json.dumps(figures, ensure_ascii=False))
            return
        for name, figure in figures.items():
            self.stdout.write(f"{name:<24} {figure}")
