"""`rotate_keys`: seals people's data anew under the key that PERSON_KEY_CURRENT names."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.operations.keys import rotate_keys


class Command(BaseCommand):
    help = "Seals anew whatever is not sealed under the current key. Safe to stop and to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        rotated = rotate_keys()
        for table, done in rotated.items():
            self.stdout.write(f"{table}: {done.sealed} sealed anew")
        unreadable = {table: done.unreadable for table, done in rotated.items() if done.unreadable}
        if unreadable:
            where = "; ".join(f"{table} {', '.join(map(str, keys))}" for table, keys in unreadable.items())
            raise CommandError(f"cannot be opened, because a key is missing or a value was changed: {where}")
