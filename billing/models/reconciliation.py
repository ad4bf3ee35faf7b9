"""What others state about a day, how that compares with the platform, and every difference (Article 17)."""

from __future__ import annotations

from datetime import date

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import ApiClient, User
from hospitals.models import Hospital
from lenders.models import Lender


class Source(models.TextChoices):
    """Who stated it: the three that the platform is compared with."""

    HOSPITAL = "hospital", _("hospital")
    INSURER = "insurer", _("insurer")
    LENDER = "lender", _("lender")


class Kind(models.TextChoices):
    """What a line is about."""

    BILL = "bill", _("bill")
    REFUND = "refund", _("refund")
    VOID = "void", _("void")
    PAYOUT = "payout", _("payout")


class StatementQuerySet(models.QuerySet["Statement"]):
    def of(
        self, *, source: str, hospital: Hospital, lender: Lender | None, business_on: date
    ) -> StatementQuerySet:
        """All revisions about one day of one pair, the newest first."""
        return self.filter(source=source, hospital=hospital, lender=lender, business_on=business_on).order_by(
            "-revision"
        )

    def newest_of(self, hospital: Hospital, business_on: date) -> StatementQuerySet:
        """What every side says last about one hospital's day."""
        stated = self.filter(hospital=hospital, business_on=business_on)
        return (
            stated.order_by("source", "lender_id", "-revision")
            .distinct("source", "lender_id")
            .select_related("hospital", "lender")
        )


class Statement(models.Model):
    """What one side says happened at a hospital on a business date 对账单.

    A later one of the same scope (source, hospital, lender, date) is its next `revision` and supersedes it;
    both are kept. Its sums are counted from its lines while they are read, and never change.
    """

    source = models.CharField(_("source"), max_length=8, choices=Source)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="statements", db_index=False)
    lender = models.ForeignKey(Lender, models.PROTECT, null=True, blank=True, related_name="statements")
    business_on = models.DateField(_("business date"))
    revision = models.PositiveIntegerField(_("revision"))
    lines = models.PositiveIntegerField(_("lines"))
    bills_fen = models.PositiveBigIntegerField(_("amount of bills"))
    refunds_fen = models.PositiveBigIntegerField(_("amount of refunds"))
    digest = models.CharField(_("digest of its lines"), max_length=64)
    taken_at = models.DateTimeField(_("taken at"))
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, blank=True, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = StatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["business_on", "hospital", "source", "lender", "revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "business_on", "source", "lender", "revision"],
                nulls_distinct=False,
                name="statement_once_per_scope_and_revision",
            ),
            models.CheckConstraint(
                name="statement_lender_states_as_lender",
                condition=Q(source="lender", lender__isnull=False)
                | Q(source__in=["hospital", "insurer"], lender=None),
            ),
            models.CheckConstraint(name="statement_revision_positive", condition=Q(revision__gte=1)),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.source} {self.business_on} {self.revision}"


class StatementLine(models.Model):
    """One line of a statement, as it was stated; loaded by COPY, a million at a time.

    Which line belongs to which statement is not asked of the database row by row: both are written in one
    transaction and never change.
    """

    pk = models.CompositePrimaryKey("statement_id", "line")
    statement = models.ForeignKey(
        Statement, models.PROTECT, related_name="stated", db_index=False, db_constraint=False
    )
    line = models.PositiveIntegerField(_("line"))
    kind = models.CharField(_("kind"), max_length=6, choices=Kind)
    reference = models.CharField(_("reference"), max_length=64)
    amount_fen = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("statement line")
        verbose_name_plural = _("statement lines")
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.statement_id}:{self.line}"


class Reconciliation(models.Model):
    """How one side's newest statement of a day compares with the platform, as it was last looked at 对账.

    One row a scope, however often and by whomever it is run.
    """

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="reconciliations", db_index=False)
    business_on = models.DateField(_("business date"))
    source = models.CharField(_("source"), max_length=8, choices=Source)
    lender = models.ForeignKey(Lender, models.PROTECT, null=True, blank=True, related_name="reconciliations")
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="+")
    here = models.PositiveIntegerField(_("items here"))
    here_fen = models.BigIntegerField(_("amount here"))
    there = models.PositiveIntegerField(_("lines there"))
    there_fen = models.BigIntegerField(_("amount there"))
    agreed = models.PositiveIntegerField(_("items agreed"))
    differences = models.PositiveIntegerField(_("differences"))
    # How many of each kind, as the last run found them.
    kinds = models.JSONField(_("by kind"), default=dict)
    run_at = models.DateTimeField(_("run at"))

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["business_on", "hospital", "source", "lender"]
        indexes = [models.Index(fields=["business_on"])]
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "business_on", "source", "lender"],
                nulls_distinct=False,
                name="reconciliation_once_per_scope",
            ),
        ]
        triggers = [pgtrigger.Protect(name="reconciliation_is_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.source} {self.business_on}"


class DifferenceQuerySet(models.QuerySet["Difference"]):
    def at_hospital(self, hospital: Hospital) -> DifferenceQuerySet:
        return self.filter(hospital=hospital)

    def stated_by(self, lender: Lender) -> DifferenceQuerySet:
        return self.filter(lender=lender)

    def standing(self) -> DifferenceQuerySet:
        """Those that somebody still has to do something about."""
        return self.exclude(state=Difference.State.CLOSED)

    def oldest_first(self) -> DifferenceQuerySet:
        return self.order_by("found_on", "pk")


# Every lawful move; the docstring narrates them, the database refuses all others.
DIFFERENCE_TRANSITIONS = [
    ("open", "explained"),
    ("open", "resolved"),
    ("open", "closed"),
    ("explained", "open"),
    ("explained", "closed"),
    ("resolved", "open"),
    ("resolved", "closed"),
    ("closed", "open"),
]


class Difference(models.Model):
    """One item about which the platform and another side do not agree 差异.

    `open` until somebody answers it with evidence: `explained` where no money has to move, `resolved` where
    it was made good by a movement of money. Then it is `closed`: what was explained by anyone in charge, what
    moved money by a second person only. Either answer can be sent back: `open` again. A run that no longer
    finds it closes it, with the statement as its evidence, and opens it again should it come back. It is
    never deleted, and nothing is corrected by it.
    """

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("missing here")
        MISSING_THERE = "missing_there", _("missing there")
        AMOUNT = "amount", _("amount differs")
        DUPLICATE = "duplicate", _("stated more than once")
        STATUS = "status", _("status differs")

    class Item(models.TextChoices):
        BILL = "bill", _("bill")
        REFUND = "refund", _("refund")
        PAYOUT = "payout", _("payout")

    class Owner(models.TextChoices):
        HOSPITAL = "hospital", _("hospital")
        INSURER = "insurer", _("insurer")
        LENDER = "lender", _("lender")
        OPERATOR = "operator", _("operator")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        EXPLAINED = "explained", _("explained")
        RESOLVED = "resolved", _("made good")
        CLOSED = "closed", _("closed")

    number = models.CharField(_("number"), max_length=24, unique=True)
    reconciliation = models.ForeignKey(
        Reconciliation, models.PROTECT, related_name="rows", db_index=False, verbose_name=_("reconciliation")
    )
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="+", db_index=False, verbose_name=_("hospital")
    )
    lender = models.ForeignKey(
        Lender, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lender")
    )
    business_on = models.DateField(_("business date"))
    source = models.CharField(_("source"), max_length=8, choices=Source)
    item = models.CharField(_("item"), max_length=6, choices=Item)
    reference = models.CharField(_("reference"), max_length=64)
    kind = models.CharField(_("kind"), max_length=13, choices=Kind)
    here = models.PositiveIntegerField(_("items here"))
    here_fen = models.BigIntegerField(_("amount here"))
    here_void = models.BooleanField(_("void here"), default=False)
    there = models.PositiveIntegerField(_("lines there"))
    there_fen = models.BigIntegerField(_("amount there"))
    there_void = models.BooleanField(_("void there"), default=False)
    owner = models.CharField(_("owner"), max_length=8, choices=Owner)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    found_on = models.DateField(_("found on"))
    moves_money = models.BooleanField(_("money was moved"), default=False)
    maker = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("maker")
    )
    checker = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("checker"),
    )
    closed_by = models.ForeignKey(
        Statement,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("closed by statement"),
    )
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["found_on", "pk"]
        indexes = [
            models.Index(fields=["hospital", "business_on"]),
            models.Index(fields=["found_on"], condition=~Q(state="closed"), name="difference_standing"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "item", "reference", "kind"],
                name="difference_once_per_item_and_kind",
            ),
            models.CheckConstraint(
                name="difference_closed_says_when",
                condition=Q(state="closed", closed_on__isnull=False)
                | (~Q(state="closed") & Q(closed_on=None, closed_by=None, checker=None)),
            ),
            models.CheckConstraint(
                name="difference_answer_has_a_maker",
                condition=Q(state__in=["open", "closed"]) | Q(maker__isnull=False),
            ),
            models.CheckConstraint(
                name="difference_closed_by_statement_or_people",
                condition=~Q(state="closed") | Q(closed_by__isnull=False) | Q(checker__isnull=False),
            ),
            models.CheckConstraint(
                name="difference_money_has_two_people",
                condition=~Q(state="closed")
                | Q(closed_by__isnull=False)
                | Q(moves_money=False)
                | (Q(maker__isnull=False, checker__isnull=False) & ~Q(maker=F("checker"))),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="difference_state_moves_legally", field="state", transitions=DIFFERENCE_TRANSITIONS
            ),
            pgtrigger.ReadOnly(
                name="difference_scope_is_kept",
                fields=["number", "reconciliation", "hospital", "lender", "business_on", "source", "item",
                        "reference", "kind"],
            ),
            pgtrigger.Protect(name="difference_is_kept", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number


class DifferenceStep(models.Model):
    """What happened to a difference and when: by a run, with the statement as evidence, or by somebody."""

    difference = models.ForeignKey(Difference, models.PROTECT, related_name="steps")
    state = models.CharField(_("state"), max_length=9, choices=Difference.State)
    evidence = models.CharField(_("evidence"), max_length=500, blank=True)
    statement = models.ForeignKey(
        Statement, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("step of a difference")
        verbose_name_plural = _("steps of differences")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="difference_step_has_evidence",
                condition=Q(statement__isnull=False) | (Q(by__isnull=False) & ~Q(evidence="")),
            )
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.difference_id} {self.state}"
