"""The back office of credit: the law's numbers, who stands where, repairs that wait (Articles 9, 24, 27, 30).

Loan prime rates are entered one floor up, in billing: a rate learned of late lowers charges of bills.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import AboutPeople, OperatorsOnly, Rows, person
from accounts.models import User
from common.admin import NOTHING, OperationForm, column, linked, yuan
from common.calendar import business_date, is_published, is_working_day
from common.money import format_yuan
from credit.forms import AdoptPolicyForm, terms_of
from credit.models import (
    AccountEvent,
    CalendarDay,
    CreditAccount,
    CreditScore,
    DueDateOutcome,
    FamilyLink,
    Policy,
    RepairApplication,
    ScoreEvent,
    Suspension,
    Tier,
)
from credit.operations.family import accept_offer, end_link
from credit.operations.standing import decide_repair


class Tiers(Rows):
    model = Tier
    fields = readonly_fields = ("from_score", *yuan(Tier, "limit_fen"), "value_added")


@admin.register(Policy)
class PolicyAdmin(OperatorsOnly):
    """Adopted from a date on and never edited: a bill keeps the policy it was made under (Article 37)."""

    operations = (AdoptPolicyForm, None)
    list_display = (
        "in_force_from", "in_force_until", "min_interest_free_days", "cap_multiple_percent",
        "pre_due_days", "reminder_days", "suspend_after_days", "adopted_at",
    )  # fmt: skip
    ordering = ("-in_force_from",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        tiers = () if obj else ("tiers", "value_added_from")
        period = ("in_force_from", "in_force_until", "adopted_at") if obj else ("in_force_from",)
        return (
            (None, {"fields": period}),
            (_("Scores"), {"fields": ("score_min", "score_max", "score_refresh_days", *tiers)}),
            (_("Terms of lenders"), {"fields": ("min_interest_free_days", "cap_multiple_percent")}),
            (_("Reminders"), {"fields": (
                "pre_due_days", "reminder_days", "suspend_after_days",
                "reminders_from_hour", "reminders_until_hour",
            )}),
            (_("Days and hours"), {"fields": (
                "same_day_settlement_hour", "family_notice_days", "insurance_reminder_days",
            )}),
        )  # fmt: skip

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[InlineModelAdmin[Any, Any]]]:
        return [Tiers] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The last policy's terms, so that only what changes needs typing."""
        return terms_of(Policy.objects.filter(in_force_until=None).first())


@admin.register(CalendarDay)
class CalendarDayAdmin(OperatorsOnly):
    """The one table that is typed straight in: a day on which staff overrule the published calendar."""

    list_display = ("on", "working", "by_calendar", "reason")
    list_filter = ("working",)
    date_hierarchy = "on"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"subtitle": _unpublished_years(), **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        said = {"subtitle": _unpublished_years()} if object_id is None else {}
        return super().changeform_view(request, object_id, form_url, {**said, **(extra_context or {})})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("on", "by_calendar") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("on", "by_calendar", "working", "reason") if obj else ("on", "working", "reason")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=_("without this row"))
    def by_calendar(self, row: CalendarDay) -> str:
        """What would hold for the day, and on what ground."""
        worked = gettext("worked") if is_working_day(row.on) else gettext("off")
        ground = gettext("published") if is_published(row.on.year) else gettext("year not published")
        return f"{worked} ({ground})"


class Suspensions(Rows):
    model = Suspension
    fields = readonly_fields = ("bill_number", "started_at", "lifted_at", "lifted_because")
    ordering = ("-started_at",)


AMOUNTS = (
    *yuan(CreditAccount, "limit_fen", "outstanding_fen"),
    column("available_fen", _("available"), format_yuan),
)


@admin.register(CreditAccount)
class CreditAccountAdmin(AboutPeople):
    people = ("person",)
    joined = ("person", "score", "tier")
    list_display = (
        person("person", _("person")), "state", column("score.value", _("score")),
        *AMOUNTS, "opened_at", "scored_at",
    )  # fmt: skip
    list_filter = ("state",)
    date_hierarchy = "opened_at"
    fields = (
        person("person", _("person")),
        column("person.masked_resident_id", _("resident ID number")),
        column("person.masked_phone", _("mobile number")),
        "state", column("score.value", _("score")), column("tier", _("tier"), str),
        *AMOUNTS,
        "opened_at", "scored_at", "seq",
    )  # fmt: skip
    inlines = [Suspensions]


@admin.register(CreditScore)
class CreditScoreAdmin(AboutPeople):
    people = joined = ("person",)
    list_display = fields = (person("person", _("person")), "value", "scored_on", "reference", "recorded_at")
    date_hierarchy = "scored_on"
    ordering = ("-pk",)


@admin.register(AccountEvent)
class AccountEventAdmin(AboutPeople):
    """What an account lived through, in the order in which it did; the newest first."""

    people, joined = ("account.person",), ("account__person",)
    list_display = fields = (
        person("account.person", _("person")), "seq", "kind",
        *yuan(AccountEvent, "amount_fen", "outstanding_after_fen", "limit_fen"), "reference", "at",
    )  # fmt: skip
    list_filter = ("kind",)
    date_hierarchy = "at"
    ordering = ("-pk",)


class RecordOnPaperForm(OperationForm):
    """What somebody without a telephone has signed before an operator, identity card in hand."""

    answer = forms.ChoiceField(label=_("signed answer"), widget=forms.RadioSelect)
    seen = forms.BooleanField(label=_("I have the signed sheet and have compared it with the identity card."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answers = [("agree", _("agrees")), ("decline", _("does not agree"))]
        if self.instance.state == FamilyLink.State.ACTIVE:
            answers = [("end", _("ends it for new bills"))]
        cast(forms.ChoiceField, self.fields["answer"]).choices = answers

    def perform(self, at: datetime) -> FamilyLink:
        if self.cleaned_data["answer"] == "agree":
            return accept_offer(link=self.instance, by=cast(User, self.request.user), at=at)
        return end_link(link=self.instance, at=at)


@admin.register(FamilyLink)
class FamilyLinkAdmin(AboutPeople):
    """Found by credit code, or by the reference on the sheet that was signed (Article 24)."""

    operations = (None, RecordOnPaperForm)
    people = ("payer", "dependant")
    joined = (*people, "agreed_by")
    list_display = (
        "reference", person("payer", _("payer")), person("dependant", _("relative who is paid for")),
        "kind", "state", "offered_at", "agreed_at", "ends_on", "ended_at",
    )  # fmt: skip
    list_filter = ("kind", "state")
    told = (
        *list_display, *yuan(FamilyLink, "limit_fen"),
        column("agreed_by", _("agreement recorded by"), str),
    )  # fmt: skip
    search_pattern = rf"{AboutPeople.search_pattern}|\s*F[0-9A-Za-z]{{12}}\s*"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found = queryset.filter(reference=search_term.strip().upper())
        return (found, False) if found else super().get_search_results(request, queryset, search_term)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return (*self.told, *(("answer", "seen") if self._is_open(request, obj) else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return self.told

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or self._is_open(request, obj))

    @staticmethod
    def _is_open(request: HttpRequest, obj: FamilyLink) -> bool:
        # A second answer is let through to the operation, whose refusal says what has happened.
        return obj.kind == FamilyLink.Kind.PARENT and (
            obj.state != FamilyLink.State.ENDED or request.method == "POST"
        )


@admin.register(Suspension)
class SuspensionAdmin(AboutPeople):
    people, joined = ("account.person",), ("account__person",)
    list_display = (
        person("account.person", _("person")), "bill_number", "started_at", "lifted_at", "lifted_because"
    )  # fmt: skip
    fields = (*list_display, linked("account", _("credit account")), "started_seq", "lifted_seq")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), "lifted_because")
    date_hierarchy = "started_at"
    ordering = ("-started_at",)


@admin.register(DueDateOutcome)
class DueDateOutcomeAdmin(AboutPeople):
    people = joined = ("payer",)
    list_display = fields = (person("payer", _("payer")), "due_on", "met", "streak", "recorded_at")
    list_filter = ("met",)
    date_hierarchy = "due_on"
    ordering = ("-due_on",)


@admin.register(ScoreEvent)
class ScoreEventAdmin(AboutPeople):
    people = joined = ("person",)
    list_display = fields = (person("person", _("person")), "kind", "on", "due_dates", "reference", "at")
    list_filter = ("kind",)
    date_hierarchy = "on"
    ordering = ("-pk",)


class DecideRepairForm(OperationForm):
    decision = forms.ChoiceField(
        label=_("decision"),
        choices=[("grant", _("Grant the repair")), ("decline", _("Decline it"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("reason"), max_length=1000, widget=forms.Textarea, help_text=_("The applicant reads it.")
    )

    def perform(self, at: datetime) -> RepairApplication:
        return decide_repair(
            application=self.instance,
            granted=self.cleaned_data["decision"] == "grant",
            reason=self.cleaned_data["reason"],
            by=cast(User, self.request.user),
            at=at,
        )


APPLICANT = person("score_event.person", _("applicant"))


@admin.register(RepairApplication)
class RepairApplicationAdmin(AboutPeople):
    """The queue: what waits comes first, and of that what has to be answered first (Article 30)."""

    operations = (None, DecideRepairForm)
    people = ("score_event.person",)
    joined = ("score_event__person", "decided_by")
    list_display = (APPLICANT, "state", "applied_at", "answer_by_on", "time_left", "decided_at")
    list_filter = ("state",)
    date_hierarchy = "applied_at"
    ordering = (F("decided_at").desc(nulls_first=True), "answer_by_on")
    told = (
        APPLICANT, "state", linked("score_event", _("score event")), "statement",
        "applied_at", "answer_by_on", "time_left",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        answer = ("decision", "reason") if self._is_open(request, obj) else ()
        return (*self.told, *(answer or ("decided_at", column("decided_by", _("decided by"), str), "reason")))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return self.told

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or self._is_open(request, obj))

    @admin.display(description=_("time left"))
    def time_left(self, row: RepairApplication) -> str:
        return NOTHING if row.decided_at else time_left(row.answer_by_on)

    @staticmethod
    def _is_open(request: HttpRequest, obj: RepairApplication) -> bool:
        # A second decision is let through to the operation, whose refusal says what has happened.
        return obj.decided_at is None or request.method == "POST"


def time_left(answer_by_on: date) -> str:
    """Until the end of a day by which an answer is due, or since it has passed."""
    days = (answer_by_on - business_date(timezone.now())).days
    if days < 0:
        return ngettext("%(days)s day late", "%(days)s days late", -days) % {"days": -days}
    if days == 0:
        return gettext("ends today")
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


def _unpublished_years() -> str:
    """A sentence about this year and the next, where their calendar is not known; empty where both are."""
    this_year = business_date(timezone.now()).year
    years = [str(year) for year in (this_year, this_year + 1) if not is_published(year)]
    if not years:
        return ""
    return gettext(
        "The calendar of %(years)s is not published yet: Monday to Friday is taken as worked,"
        " except for the days entered here."
    ) % {"years": ", ".join(years)}
