"""`demo_credentials --json`: sign-ins and API clients (id, secret, scope) of a development database."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from city.demo import credentials
from common.errors import Refusal


class Command(BaseCommand):
    help = "Prints the demo sign-ins and API clients. Development only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        parser.add_argument("--base-url", default="http://127.0.0.1:8000")

    def handle(self, *args: Any, base_url: str, **options: Any) -> None:
        try:
            found = credentials(base_url=base_url)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        for signin in found["signins"]:
            self.stdout.write(f"{signin['username']:<15} {signin['password']}  {signin['role']}")
        for client in found["clients"]:
            self.stdout.write(f"{client['client_id']:<25} {client['client_secret']}  scope {client['scope']}")
