"""Scores, and the one limit that each person has."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import Person
from credit.models.policy import Tier


class CreditScore(models.Model):
    """A score as its operator gave it, on the person's recorded authorisation (Article 9)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="credit_scores")
    value = models.PositiveSmallIntegerField(_("score"))
    scored_on = models.DateField(_("scored on"))
    reference = models.CharField(_("operator's reference"), max_length=100)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("credit score")
        verbose_name_plural = _("credit scores")
        ordering = ["recorded_at"]
        constraints = [
            models.UniqueConstraint(fields=["person", "reference"], name="credit_score_recorded_once")
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.scored_on}"


# Every lawful move; the docstring narrates them, the database refuses all others.
ACCOUNT_TRANSITIONS = [
    ("active", "suspended"),
    ("suspended", "active"),
    ("active", "closed"),
    ("closed", "active"),
    ("active", "withdrawn"),
    ("withdrawn", "active"),
    ("withdrawn", "suspended"),
    ("suspended", "withdrawn"),
    ("withdrawn", "closed"),
]


class CreditAccount(models.Model):
    """What one person may draw, however many lenders and relatives draw on it (Article 24).

    `active` may be drawn on. Three unanswered reminders make it `suspended`; paying all that is overdue
    makes it active again. Its owner may close it when nothing is owed: `closed`, and join again later.
    Whoever withdraws the consent to the scheme stops all new use at once, `withdrawn`, until they agree
    again. A suspension hides a withdrawal while it lasts: it ends in `withdrawn`.

    Every change locks this row and takes its next `seq`, so that the account's events have one order
    that no clock can dispute.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        CLOSED = "closed", _("closed")
        WITHDRAWN = "withdrawn", _("consent withdrawn")

    SUSPENDABLE = (State.ACTIVE, State.WITHDRAWN)

    person = models.OneToOneField(Person, models.PROTECT, related_name="credit_account")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    score = models.ForeignKey(CreditScore, models.PROTECT, related_name="+")
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="+")
    limit_fen = models.PositiveBigIntegerField(_("limit"))
    outstanding_fen = models.PositiveBigIntegerField(_("outstanding"), default=0)
    seq = models.PositiveBigIntegerField(_("sequence"), default=0)
    # Read with the row that every charge locks, so that only who has capped a relative pays for it.
    caps_family = models.BooleanField(_("a relative has a limit"), default=False, db_default=False)
    opened_at = models.DateTimeField(_("opened at"))
    scored_at = models.DateTimeField(_("scored at"))

    class Meta:
        verbose_name = _("credit account")
        verbose_name_plural = _("credit accounts")
        constraints = [
            models.CheckConstraint(
                name="account_outstanding_not_negative", condition=Q(outstanding_fen__gte=0)
            ),
            models.CheckConstraint(
                name="account_closed_owes_nothing", condition=~Q(state="closed") | Q(outstanding_fen=0)
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="account_state_moves_legally",
                field="state",
                transitions=ACCOUNT_TRANSITIONS,
                condition=pgtrigger.AnyChange("state"),
            ),
            pgtrigger.Trigger(
                name="account_drawn_within_limit",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("outstanding_fen"),
                condition=pgtrigger.Condition(
                    "NEW.outstanding_fen > OLD.outstanding_fen"
                    " AND (NEW.state <> 'active' OR NEW.outstanding_fen > NEW.limit_fen)"
                ),
                func="RAISE EXCEPTION 'account % drawn above its limit or while not active', NEW.id"
                " USING ERRCODE = 'check_violation';",
            ),
        ]

    def __str__(self) -> str:
        return self.person.credit_code

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def available_fen(self) -> int:
        """What may still be drawn; 0 when a lowered limit stands below what is outstanding."""
        return max(0, self.limit_fen - self.outstanding_fen) if self.is_active else 0


class AccountEvent(models.Model):
    """One step in the life of an account, in the order in which the account lived it.

    A charge or a hold keeps the limit that stood at that moment: a lower limit later does not make it wrong.
    """

    class Kind(models.TextChoices):
        OPENED = "opened", _("opened")
        LIMIT = "limit", _("limit changed")
        FAMILY = "family", _("limit of a relative changed")
        HOLD = "hold", _("hold")
        RELEASE = "release", _("hold released")
        CHARGE = "charge", _("charge")
        VOID = "void", _("void")
        REFUND = "refund", _("refund")
        REPAYMENT = "repayment", _("repayment")
        SUSPENDED = "suspended", _("suspended")
        LIFTED = "lifted", _("suspension lifted")
        CLOSED = "closed", _("closed")
        WITHDRAWN = "withdrawn", _("consent withdrawn")
        RESUMED = "resumed", _("consent given again")

    account = models.ForeignKey(CreditAccount, models.PROTECT, related_name="events")
    seq = models.PositiveBigIntegerField(_("sequence"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    amount_fen = models.BigIntegerField(_("amount"), default=0)
    outstanding_after_fen = models.PositiveBigIntegerField(_("outstanding after"))
    limit_fen = models.PositiveBigIntegerField(_("limit"))
    reference = models.CharField(_("reference"), max_length=100, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("account event")
        verbose_name_plural = _("account events")
        ordering = ["account", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["account", "seq"], name="account_event_seq_once"),
            models.CheckConstraint(
                name="account_event_granted_within_limit",
                condition=~Q(kind__in=["charge", "hold"]) | Q(outstanding_after_fen__lte=F("limit_fen")),
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
