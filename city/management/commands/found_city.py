"""`found_city`: fills an empty development database with a city that has lived for some months."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from city.demo import open_demo_doors, require_development
from common.errors import Refusal


class Command(BaseCommand):
    help = "Lives a small city up to yesterday and opens the demo sign-ins. Development only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--citizens", type=int, default=110)
        parser.add_argument("--days", type=int, default=125)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, citizens: int, days: int, seed: int, **options: Any) -> None:
        try:
            require_development()
            call_command("simulate", citizens=citizens, days=days, seed=seed, stdout=self.stdout)
            open_demo_doors(at=timezone.now())
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
