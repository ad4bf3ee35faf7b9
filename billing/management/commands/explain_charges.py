"""`explain_charges BILL [--on DATE] [--json]`: the computation sheet 计算书 of a bill's late charges."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.models import Bill
from billing.sheets import charge_sheet


class Command(BaseCommand):
    help = "Shows how a bill's late charges come about, day by day (Article 23)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("bill", help="number, such as B20261122-0000123-7")
        parser.add_argument("--on", type=date.fromisoformat, help="as of this date; YYYY-MM-DD")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, bill: str, on: date | None, **options: Any) -> None:
        found = Bill.objects.filter(number=bill).first()
        if found is None:
            raise CommandError(f"bill: there is no bill {bill}")
        sheet = charge_sheet(bill=found, on=on)
        if options["json"]:
            self.stdout.write(json.dumps(sheet))
            return
        self.stdout.write(f"{sheet['bill']}: {sheet['principal_fen']} fen, due on {sheet['due_on']}")
        for day in sheet["days"]:
            frozen = "  frozen" if day["frozen"] else ""
            self.stdout.write(
                f"{day['on']}  {day['principal_fen']:>9} fen × {day['rate_percent']} % ÷ 365"
                f" (LPR {day['lpr_percent']} %, cap {day['cap_percent']} %)"
                f"  + {day['charge_fen']} = {day['cumulative_fen']} fen{frozen}"
            )
        self.stdout.write(f"total {sheet['total_fen']} fen")
