"""The back office's ground rules: who works in it, and every look at a person is written down (Article 32).

It looks at the outbox, the access log and the jobs; it changes none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, cast

import allauth.account.admin
import allauth.socialaccount.admin  # noqa: F401 - registers, and is taken back below
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessEntry, ApiClient, Attempt, Event, JobRun, Message, Notice, Person, User
from accounts.operations.access import record_access, record_accesses, record_listing
from common.admin import ByOperation, Column, choice_of, column, follow, plainly
from common.numbers import InvalidNumber, parse_number


def is_operator(request: HttpRequest) -> bool:
    return request.user.is_active and getattr(request.user, "role", None) == User.Role.OPERATOR


class OperatorsOnly(ByOperation):
    """Seen by operators, and by nobody else whatever their flags say."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_operator(request) and self.operations[0] is not None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request) and self.operations[1] is not None


class LookedAt(OperatorsOnly):
    """Long tables that operators read and nobody edits here. `joined` comes with each row in one query."""

    # What a list shows is often what a page shows; the stubs type the two apart.
    list_display: Any = ("__str__",)
    fields: ClassVar[Any] = None
    joined: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.select_related(*self.joined) if self.joined else rows


class AboutPeople(LookedAt):
    """Rows about people: found by credit code or number, and never by what names somebody.

    A search stands in the address, and addresses are logged: hence no names. Whoever looks somebody up,
    lists their rows or opens one is written into the access log before the page is drawn (Article 32).
    `people` are the paths from a row to the persons; `numbered` is the lookup by which a number is found.
    """

    people: ClassVar[tuple[str, ...]] = ()
    numbered: ClassVar[str] = ""
    # Only makes the search box appear; `get_search_results` decides.
    search_fields = ("pk",)
    search_pattern = r"\s*(([0-9A-Za-z][\s\-]*){12}|[A-Za-z]\d{8}-\d{7}-\d)\s*"

    @property
    def search_help_text(self) -> Any:  # type: ignore[override]
        if self.numbered:
            return _("By credit code or number, never by name or identity number.")
        return _("By credit code, never by name or identity number.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            number = str(parse_number(search_term))
        except InvalidNumber:
            return queryset.filter(self._about(request, search_term)), False
        return queryset.filter(**{self.numbered: number}) if self.numbered else queryset.none(), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        page = super().changelist_view(request, extra_context)
        shown = getattr(page, "context_data", None) or {}
        if "cl" in shown:
            codes = {person.credit_code for row in shown["cl"].result_list for person in self._people_of(row)}
            record_listing(
                actor=cast(User, request.user), credit_codes=codes, purpose="office.list", at=timezone.now()
            )
        return page

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Every page of one row comes by here: to be read, to be decided, or with its history."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            if not self.has_view_permission(request, row):
                raise PermissionDenied
            record_accesses(
                actor=cast(User, request.user),
                subjects=self._people_of(row),
                purpose="office.open",
                at=timezone.now(),
            )
        return row

    def _about(self, request: HttpRequest, code: str) -> Q:
        """Rows about the person with this code, who can read that they were looked up."""
        person = Person.objects.by_credit_code(code).first()
        about = Q(pk__in=[])
        if person:
            record_access(
                actor=cast(User, request.user), subject=person, purpose="office.search", at=timezone.now()
            )
            for path in self.people:
                about |= Q(**{path.replace(".", "__"): person})
        return about

    def _people_of(self, row: Model) -> Iterable[Person]:
        found = (follow(row, path) for path in self.people)
        return {person for person in found if person is not None}


def person(path: str, label: Any) -> Column:
    """A person as the back office knows them: the credit code, and the name behind its mask."""

    def masked(somebody: Person) -> str:
        return format_html('{} <span lang="zh-Hans">{}</span>', somebody.credit_code, somebody.masked_name)

    return column(path, label, masked)


class Rows(admin.TabularInline):
    """Rows that belong to the one being looked at: whoever may see that one sees them, and changes none."""

    template = "admin/rows.html"
    extra = 0
    can_delete = False
    joined: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.select_related(*self.joined) if self.joined else rows

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class History(Rows):
    """What was changed, when and by whom, as the database's own triggers wrote it down."""

    fk_name = "pgh_obj"
    verbose_name_plural = _("History")
    ordering = ["-pgh_created_at", "-pk"]
    joined: ClassVar[tuple[str, ...]] = ("pgh_context",)

    @admin.display(description=_("at"))
    def at(self, row: Any) -> Any:
        return plainly(row.pgh_created_at)

    @admin.display(description=_("changed by"))
    def by(self, row: Any) -> str:
        """The user's name; a job or a command has none."""
        key = row.pgh_context.metadata.get("user") if row.pgh_context else None
        user = User.objects.filter(pk=key).first() if key else None
        return user.get_username() if user else "–"


class Attempts(Rows):
    model = Attempt
    fields = readonly_fields = (
        column("at", _("at")),
        column("get_outcome_display", _("outcome")),
        column("detail", _("detail")),
    )


@admin.register(Message)
class MessageAdmin(LookedAt):
    """The outbox: what waits, what went out and what came of it, without its text and its address."""

    list_display = (
        column("reference", _("reference"), order="reference"),
        column("get_channel_display", _("channel"), order="channel"),
        column("get_state_display", _("state"), order="state"),
        column("attempts", _("attempts"), order="attempts"),
        column("next_at", _("next try at"), order="next_at"),
        column("delivered_at", _("delivered at"), order="delivered_at"),
    )
    list_filter = (choice_of("channel", _("channel")), choice_of("state", _("state")))
    search_fields = ("reference",)
    fields = (*list_display, column("created_at", _("created at")), column("gateway_id", _("gateway's id")))
    ordering = ("-pk",)
    inlines = [Attempts]


@admin.register(Notice)
class NoticeAdmin(AboutPeople):
    people = joined = ("person",)
    list_display = (
        column("reference", _("reference"), order="reference"),
        person("person", _("person")),
        column("kind", _("kind"), order="kind"),
        column("created_at", _("created at"), order="created_at"),
        column("read_at", _("read at"), order="read_at"),
    )
    list_filter = (choice_of("kind", _("kind"), admin.AllValuesFieldListFilter),)
    fields = (*list_display, column("params", _("figures"), str))
    ordering = ("-pk",)


@admin.register(Event)
class EventAdmin(LookedAt):
    """What other systems are told."""

    joined = ("client",)
    list_display = (
        column("uid", _("number"), str),
        column("name", _("event"), order="name"),
        column("client", _("client"), str, order="client__name"),
        column("at", _("at"), order="at"),
    )
    list_filter = (choice_of("name", _("event"), admin.AllValuesFieldListFilter),)
    search_fields = ("uid",)
    fields = (*list_display, column("payload", _("content"), str))
    ordering = ("-pk",)


@admin.register(AccessEntry)
class AccessEntryAdmin(LookedAt):
    """Who looked at whom. Found by who looked, or by the credit code of whom they looked at."""

    joined = ("subject",)
    list_display = fields = (
        column("at", _("at"), order="at"),
        column("actor", _("who looked"), order="actor"),
        column("purpose", _("purpose"), order="purpose"),
        column("subject", _("at whom"), str),
        column("reason", _("reason")),
    )
    list_filter = (choice_of("purpose", _("purpose"), admin.AllValuesFieldListFilter),)
    search_fields = ("actor", "subject__credit_code")
    date_hierarchy = "at"
    ordering = ("-pk",)


@admin.register(ApiClient)
class ApiClientAdmin(LookedAt):
    list_display = fields = (
        column("name", _("name"), order="name"),
        column("get_kind_display", _("kind"), order="kind"),
        column("created_at", _("created at"), order="created_at"),
        column("revoked_at", _("revoked at"), order="revoked_at"),
    )
    list_filter = (choice_of("kind", _("kind")),)


@admin.register(JobRun)
class JobRunAdmin(LookedAt):
    """How far each sweep has come: done of total."""

    list_display = (
        column("job", _("job"), order="job"),
        column("on", _("for the date"), order="on"),
        column("scope", _("scope")),
        column("get_state_display", _("state"), order="state"),
        "progress",
        column("started_at", _("started at"), order="started_at"),
        column("finished_at", _("finished at"), order="finished_at"),
    )
    list_filter = (choice_of("state", _("state")), choice_of("job", _("job"), admin.AllValuesFieldListFilter))
    date_hierarchy = "on"
    fields = (*list_display, column("detail", _("detail")))
    ordering = ("-started_at",)

    @admin.display(description=_("done of total"))
    def progress(self, row: JobRun) -> str:
        return f"{row.done:,}" if row.total is None else f"{row.done:,} / {row.total:,}"


# Of django-allauth nothing is kept, so there is nothing to see.
admin.site.unregister([EmailAddress, SocialAccount, SocialApp, SocialToken])
