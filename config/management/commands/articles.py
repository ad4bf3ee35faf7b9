"""`articles [--check]`: writes docs/articles.md from the code and its tests."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.article_report import ROOT, report


class Command(BaseCommand):
    help = "Writes docs/articles.md: which code enforces each article, and which test shows it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if out of date")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        page = ROOT / "docs" / "articles.md"
        text = report()
        if not check:
            page.parent.mkdir(exist_ok=True)
            page.write_text(text, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            raise CommandError("docs/articles.md is out of date: run `python manage.py articles`")
