"""`grant_role --role NAME`, run by the owner of the tables: what the application's own role may do."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.operations.roles import grant_role
from common.errors import Refusal


class Command(BaseCommand):
    help = "Lets a database role use every table and change none that only grows. After each migrate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--role", required=True, help="the role that the application connects as")

    def handle(self, *args: Any, role: str, **options: Any) -> None:
        try:
            tables = grant_role(role=role)
        except Refusal as refusal:
            raise CommandError(f"--{refusal.field}: {refusal}") from None
        self.stdout.write(f"{role} may use every table, and only read and add to: {', '.join(tables)}")
