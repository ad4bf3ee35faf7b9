"""One import as it stands while its lines are being taken, and what no SQL can make of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from accounts.models import User
from billing.models import Bill, Import, ImportedBill, ImportFailure, ImportPart
from hospitals.models import Hospital
from tests.attacks import Attack, again, change


class OneImport:
    """Checked, one line to take; beside it another that waits."""

    def __init__(self, hospital: Hospital, at: datetime) -> None:
        user = User.objects.create(username="wu-of-the-import", role="cashier")
        told = {
            "hospital": hospital, "kind": "bills", "business_on": at.date(), "uploaded_by": user,
            "uploaded_at": at, "file_name": "a.csv", "file_format": "csv", "size_bytes": 9,
            "declared_rows": 1, "declared_fen": 100,
        }  # fmt: skip
        self.waiting = Import.objects.create(number="F-WAITS", digest="0" * 64, **told)
        self.loading = Import.objects.create(
            number="F-LOADS",
            digest="1" * 64,
            state="loading",
            read_rows=1,
            read_fen=100,
            checked_at=at,
            **told,
        )
        self.part = ImportPart.of(self.loading, "file", 0, b"a,b\n")
        self.part.save()
        self.failure = ImportFailure(
            batch=self.loading, line=2, code="bad_input", reason_zh="错", reason_en="wrong"
        )
        self.failure.seal({"visit_number": "MZ-1"})
        self.failure.save()

    def charge(self, bill: Bill) -> ImportedBill:
        return ImportedBill.objects.create(batch=self.loading, line=1, bill=bill)


def delete(row: Any) -> None:
    type(row)._base_manager.filter(pk=row.pk)._raw_delete("default")


IMPORT_ATTACKS = [
    Attack("import_same_file_once", lambda c: again(c.imports.loading, number="F-NEW", uid=uuid4())),
    Attack("import_takes_only_what_agrees", lambda c: change(c.imports.loading, read_fen=99)),
    Attack(
        "import_takes_nothing_unchecked",
        lambda c: change(c.imports.loading, checked_at=None, taken_rows=1),
        aside=("import_takes_only_what_agrees",),
    ),
    Attack(
        "import_done_answers_every_line",
        lambda c: change(c.imports.loading, state="done", finished_at=c.imports.loading.uploaded_at),
    ),
    Attack(
        "import_finished_says_when",
        lambda c: change(c.imports.loading, finished_at=c.imports.loading.checked_at),
    ),
    Attack("import_declaration_is_kept", lambda c: change(c.imports.waiting, declared_fen=1)),
    Attack("import_is_kept", lambda c: delete(c.imports.waiting)),
    Attack("import_part_once", lambda c: again(c.imports.part)),
    Attack("import_part_is_sealed", lambda c: change(c.imports.part, content_sealed="a,b")),
    Attack("import_part_keeps_its_place", lambda c: change(c.imports.part, place=9)),
    Attack("import_failure_once_a_line", lambda c: again(c.imports.failure)),
    Attack("import_failure_is_kept_as_it_was", lambda c: change(c.imports.failure, reason_zh="无误")),
    Attack("import_failure_is_kept", lambda c: delete(c.imports.failure)),
    Attack("import_line_charged_once", lambda c: again(c.imported_bill, bill=c.wangs)),
    Attack(
        "import_charges_only_while_loading",
        lambda c: again(c.imported_bill, bill=c.wangs, batch=c.imports.waiting),
    ),
]
