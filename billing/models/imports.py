"""Files that hospitals send: a day's statement, and charges made while the line was down (17, 18)."""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import User
from billing.models.bills import Bill
from billing.models.reconciliation import Statement
from common.crypto import decrypt, encrypt
from hospitals.models import Hospital


class ImportQuerySet(models.QuerySet["Import"]):
    def at_hospital(self, hospital: Hospital) -> ImportQuerySet:
        return self.filter(hospital=hospital)

    def unfinished(self) -> ImportQuerySet:
        return self.filter(state__in=UNFINISHED)

    def unattended(self) -> ImportQuerySet:
        """Those that wait for a worker: nobody has them, or whoever had them has fallen silent."""
        return self.unfinished().filter(Q(leased_until=None) | Q(leased_until__lt=Now()))


# Every lawful move; the docstring narrates them, the database refuses all others.
IMPORT_TRANSITIONS = [
    ("uploaded", "checking"),
    ("checking", "quarantined"),
    ("checking", "loading"),
    ("checking", "failed"),
    ("loading", "done"),
    ("loading", "failed"),
    ("failed", "checking"),
    ("failed", "loading"),
]
UNFINISHED = ["uploaded", "checking", "loading"]


class Import(models.Model):
    """One file of a hospital, and how far it has come 导入.

    `uploaded`, it waits for a worker. `checking` reads every line and does nothing else. If a line is bad, or
    what was read is not what the uploader declared, the file is `quarantined`: nothing of it counts, and each
    bad line is told with its reason. Otherwise `loading` takes it line by line, and `done` says what became
    of each. Work that breaks off again and again is `failed`; somebody may have it gone on with, from where
    it stands.

    The control total is the sum of one column, in fen: what patients bear (bills), the amounts (statement).
    A worker leases it and takes the next number of `turn`; only who has that number may write.
    """

    class Kind(models.TextChoices):
        BILLS = "bills", _("Charges made while the line was down")
        STATEMENT = "statement", _("Statement of a day")

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"
        JSONL = "jsonl", "JSON Lines"

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("waiting")
        CHECKING = "checking", _("being checked")
        QUARANTINED = "quarantined", _("in quarantine")
        LOADING = "loading", _("being taken")
        DONE = "done", _("done")
        FAILED = "failed", _("interrupted")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=24, unique=True)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="imports")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    business_on = models.DateField(_("business date"))
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"))
    file_name = models.CharField(_("file"), max_length=120)
    file_format = models.CharField(_("format"), max_length=5, choices=Format)
    encoding = models.CharField(_("encoding"), max_length=10, blank=True)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    digest = models.CharField(_("SM3 of the content"), max_length=64)
    declared_rows = models.PositiveIntegerField(_("lines declared"))
    declared_fen = models.PositiveBigIntegerField(_("control total declared"))

    state = models.CharField(_("state"), max_length=11, choices=State, default=State.UPLOADED)
    heading = models.JSONField(_("heading"), default=list, blank=True)
    position = models.PositiveBigIntegerField(_("read up to"), default=0)
    line = models.PositiveIntegerField(_("line reached"), default=0)
    read_rows = models.PositiveIntegerField(_("lines read"), default=0)
    read_fen = models.PositiveBigIntegerField(_("sum read"), default=0)
    bad_rows = models.PositiveIntegerField(_("bad lines"), default=0)
    taken_rows = models.PositiveIntegerField(_("lines taken"), default=0)
    taken_fen = models.PositiveBigIntegerField(_("sum taken"), default=0)
    financed_fen = models.PositiveBigIntegerField(_("by credit"), default=0)
    refused_rows = models.PositiveIntegerField(_("lines refused"), default=0)
    refused_fen = models.PositiveBigIntegerField(_("sum refused"), default=0)
    statement = models.ForeignKey(
        Statement, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("statement")
    )
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    turn = models.PositiveIntegerField(default=0, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    breakdowns = models.PositiveSmallIntegerField(_("breakdowns in a row"), default=0)
    stage_began_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "kind", "digest"],
                condition=~Q(state="quarantined"),
                name="import_same_file_once",
            ),
            models.CheckConstraint(
                name="import_takes_only_what_agrees",
                condition=Q(state__in=["uploaded", "checking", "quarantined", "failed"])
                | Q(
                    read_rows=F("declared_rows"),
                    read_fen=F("declared_fen"),
                    bad_rows=0,
                    checked_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="import_takes_nothing_unchecked",
                condition=Q(checked_at__isnull=False) | Q(taken_rows=0, refused_rows=0),
            ),
            models.CheckConstraint(
                name="import_done_answers_every_line",
                condition=~Q(state="done")
                | Q(
                    declared_rows=F("taken_rows") + F("refused_rows"),
                    declared_fen=F("taken_fen") + F("refused_fen"),
                ),
            ),
            models.CheckConstraint(
                name="import_finished_says_when",
                condition=Q(state__in=UNFINISHED, finished_at=None)
                | (~Q(state__in=UNFINISHED) & Q(finished_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["hospital", "-id"], name="import_of_hospital"),
            models.Index(fields=["id"], condition=Q(state__in=UNFINISHED), name="import_unfinished"),
        ]
        triggers = [
            pgtrigger.FSM(name="import_state_moves_legally", field="state", transitions=IMPORT_TRANSITIONS),
            pgtrigger.ReadOnly(
                name="import_declaration_is_kept",
                fields=[
                    "uid",
                    "number",
                    "hospital",
                    "kind",
                    "business_on",
                    "uploaded_by",
                    "uploaded_at",
                    "digest",
                    "declared_rows",
                    "declared_fen",
                ],
            ),
            pgtrigger.Protect(name="import_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_over(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def on_site_fen(self) -> int:
        """What patients bear of the bills charged and credit does not pay."""
        return self.taken_fen - self.financed_fen

    @property
    def done_rows(self) -> int:
        """How many lines the present stage has behind it."""
        return self.taken_rows + self.refused_rows if self.checked_at else self.read_rows

    def seconds_left(self, at: datetime) -> int | None:
        """By the pace of the present stage; None before anything can be told of it."""
        done, began = self.done_rows, self.stage_began_at
        if self.is_over or began is None or not 0 < done < self.declared_rows:
            return None
        return int((at - began).total_seconds() / done * (self.declared_rows - done))


class ImportPart(models.Model):
    """A stretch of the file as it was sent, or of its lines as they were understood; gone once done with.

    Packed, then sealed with SM4-GCM, bound to its import and place: files hold identity numbers.
    """

    class Kind(models.TextChoices):
        FILE = "file", _("as it was sent")
        ROWS = "rows", _("as it was understood")

    batch = models.ForeignKey(Import, models.PROTECT, related_name="parts", db_index=False)
    kind = models.CharField(max_length=4, choices=Kind)
    place = models.PositiveIntegerField()
    content_sealed = models.TextField(editable=False)

    class Meta:
        verbose_name = _("part of an import")
        verbose_name_plural = _("parts of imports")
        constraints = [
            models.UniqueConstraint(fields=["batch", "kind", "place"], name="import_part_once"),
            models.CheckConstraint(
                name="import_part_is_sealed", condition=Q(content_sealed__regex=r"^v[0-9]+:")
            ),
        ]
        triggers = [pgtrigger.ReadOnly(name="import_part_keeps_its_place", exclude=["content_sealed"])]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.kind} {self.place}"

    @classmethod
    def of(cls, batch: Import, kind: str, place: int, content: bytes) -> ImportPart:
        part = cls(batch=batch, kind=kind, place=place)
        packed = base64.b64encode(zlib.compress(content, 1)).decode()
        part.content_sealed = encrypt(packed, part.bound_to("content"))
        return part

    def bound_to(self, field: str) -> bytes:
        return f"import part {self.batch_id} {self.kind} {self.place}".encode()

    @classmethod
    def of_rows(cls, batch: Import, rows: Sequence[tuple[int, dict[str, Any]]]) -> ImportPart:
        """Lines with their numbers; the first one's is the place of them all."""
        content = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
        return cls.of(batch, cls.Kind.ROWS, rows[0][0], content)

    def rows(self) -> list[tuple[int, dict[str, Any]]]:
        return json.loads(self.opened())

    def opened(self) -> bytes:
        return zlib.decompress(base64.b64decode(decrypt(self.content_sealed, self.bound_to("content"))))


class ImportFailure(models.Model):
    """A line that was not taken, and why: found while checking, or refused by a rule while loading.

    The line as it was given is sealed, with whatever looks like an identity number or a telephone masked.
    """

    batch = models.ForeignKey(Import, models.PROTECT, related_name="failures", db_index=False)
    line = models.PositiveIntegerField(_("line"))
    field = models.CharField(_("column"), max_length=80, blank=True)
    code = models.CharField(_("code"), max_length=40)
    article = models.PositiveSmallIntegerField(_("article"), null=True, blank=True)
    reason_zh = models.CharField(max_length=400)
    reason_en = models.CharField(max_length=400)
    given_sealed = models.TextField(editable=False)

    class Meta:
        verbose_name = _("line not taken")
        verbose_name_plural = _("lines not taken")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["batch", "line"], name="import_failure_once_a_line")]
        triggers = [
            pgtrigger.ReadOnly(name="import_failure_is_kept_as_it_was", exclude=["given_sealed"]),
            pgtrigger.Protect(name="import_failure_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line}"

    def bound_to(self, field: str) -> bytes:
        return f"import failure {self.batch_id} {self.line}".encode()

    def seal(self, given: Any) -> None:
        """`given` is masked already."""
        self.given_sealed = encrypt(json.dumps(given, ensure_ascii=False), self.bound_to("given"))

    @property
    def given(self) -> Any:
        return json.loads(decrypt(self.given_sealed, self.bound_to("given")))

    @property
    def reason(self) -> str:
        """In the reader's language."""
        return self.reason_zh if (get_language() or "zh").startswith("zh") else self.reason_en


class ImportedBill(models.Model):
    """The bill that a line became: the key under which a line is charged, once, however often it is tried."""

    batch = models.ForeignKey(Import, models.PROTECT, related_name="bills", db_index=False)
    line = models.PositiveIntegerField(_("line"))
    bill = models.OneToOneField(Bill, models.PROTECT, related_name="imported_as")

    class Meta:
        verbose_name = _("line charged")
        verbose_name_plural = _("lines charged")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["batch", "line"], name="import_line_charged_once")]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="import_charges_only_while_loading",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    PERFORM FROM billing_import
                      WHERE id = NEW.batch_id AND state = 'loading' AND kind = 'bills';
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'import % is not being loaded', NEW.batch_id;
                    END IF;
                    RETURN NEW;""",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line}"
