"""`close_day --on DATE`: closes the business date and writes its settlements."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.operations.days import close_day
from common.errors import Refusal


class Command(BaseCommand):
    help = "Closes a business date and writes its settlements (T+1). Safe to run twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--on", type=date.fromisoformat, required=True, help="YYYY-MM-DD")

    def handle(self, *args: Any, on: date, **options: Any) -> None:
        try:
            settlements = close_day(on=on, at=timezone.now())
        except Refusal as refusal:
            raise CommandError(f"{refusal.field}: {refusal}") from None
        for settlement in settlements:
            self.stdout.write(
                f"{settlement.number} {settlement.hospital.code} {settlement.lender.code}"
                f" {settlement.net_fen} fen, {settlement.state}, pay on {settlement.pay_on}"
            )
        self.stdout.write(f"{on}: closed, {len(settlements)} settlements")
