"""Statements of hospitals and lenders, and the differences that come of them (Article 17)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.rest.endpoints import listing, uploading
from accounts.rest.filters import PeriodQuery, within
from accounts.rest.idempotency import idempotent
from accounts.rest.pages import page
from accounts.rest.parsers import CsvParser, JsonLinesParser, Upload
from accounts.rest.serializers import StrictQuery
from accounts.rest.views import ApiView, read_query
from billing.api import examples
from billing.models import Difference, Reconciliation, Statement
from billing.operations.reconciling import state_day
from billing.operations.statements import MOST_LINES, ControlTotal
from billing.statement_files import READERS, first_line_of
from common.errors import BadInput
from hospitals.api import HospitalView
from hospitals.models import Hospital
from lenders.api import LenderView
from lenders.models import Lender

STATES = [("compared", _("compared")), ("waiting", _("waits for the close of its day"))]


class StatementQuery(StrictQuery):
    """What the statement is about, and what whoever states it has counted."""

    business_on = serializers.DateField(help_text=_("The business date."))
    lines = serializers.IntegerField(
        required=False, min_value=0, max_value=MOST_LINES, help_text=_("Control total: how many lines.")
    )
    bills_fen = serializers.IntegerField(
        required=False, min_value=0, max_value=10**18 - 1, help_text=_("Control total: the sum of all bills.")
    )
    refunds_fen = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=10**18 - 1,
        help_text=_("Control total: the sum of all refunds."),
    )


class LenderStatementQuery(StatementQuery):
    hospital = serializers.RegexField(r"^[A-Z0-9]{2,16}$", help_text=_("Code of the hospital."))


class KindsSerializer(serializers.Serializer):
    """How many differences of each kind."""

    missing_here = serializers.IntegerField(help_text=_("Stated, and unknown to the platform."))
    missing_there = serializers.IntegerField(help_text=_("Posted here, and not stated."))
    amount = serializers.IntegerField(help_text=_("Both have it, with different amounts."))
    duplicate = serializers.IntegerField(help_text=_("Stated more often than it was posted."))
    status = serializers.IntegerField(help_text=_("Void or unpaid on one side only."))


class StatementResultSerializer(serializers.Serializer):
    """The statement as it was taken, and how it compares with the platform."""

    business_on = serializers.DateField()
    hospital = serializers.CharField()
    revision = serializers.IntegerField(help_text=_("A later statement supersedes the one before it."))
    lines = serializers.IntegerField()
    bills_fen = serializers.IntegerField()
    refunds_fen = serializers.IntegerField()
    state = serializers.ChoiceField(STATES)
    here = serializers.IntegerField(help_text=_("Bills and refunds that the platform has."))
    here_fen = serializers.IntegerField(help_text=_("Their sum, refunds taken off."))
    agreed = serializers.IntegerField(help_text=_("How many of them agree to the fen."))
    differences = serializers.IntegerField()
    kinds = KindsSerializer()
    differences_url = serializers.URLField(help_text=_("The differences of that day."))


class DifferenceQuery(PeriodQuery):
    state = serializers.ChoiceField(Difference.State.choices, required=False)
    kind = serializers.ChoiceField(Difference.Kind.choices, required=False)


class DifferenceSerializer(serializers.Serializer):
    """One item about which the platform and somebody's statement do not agree."""

    number = serializers.CharField()
    hospital = serializers.CharField(source="hospital.code")
    lender = serializers.CharField(source="lender.code", default=None, allow_null=True)
    source = serializers.CharField(  # type: ignore[assignment]
        help_text=_("Whose statement it comes of: hospital, insurer or lender.")
    )
    business_on = serializers.DateField()
    item = serializers.ChoiceField(Difference.Item.choices)
    reference = serializers.CharField(help_text=_("As it was stated, or the platform's number."))
    kind = serializers.ChoiceField(Difference.Kind.choices)
    here = serializers.IntegerField(help_text=_("How many items the platform has."))
    here_fen = serializers.IntegerField()
    here_void = serializers.BooleanField(help_text=_("Void here, or not paid."))
    there = serializers.IntegerField(help_text=_("How many lines state it."))
    there_fen = serializers.IntegerField()
    there_void = serializers.BooleanField(help_text=_("Stated as void."))
    owner = serializers.ChoiceField(Difference.Owner.choices, help_text=_("Who has to look into it."))
    state = serializers.ChoiceField(Difference.State.choices)
    found_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)


NOTHING_FOUND = dict.fromkeys(Difference.Kind.values, 0)
RESULT: dict[str, Any] = {
    "business_on": "2026-11-22",
    "hospital": "XM001",
    "revision": 1,
    "lines": 2,
    "bills_fen": 58150,
    "refunds_fen": 5000,
    "state": "compared",
    "here": 3,
    "here_fen": 65150,
    "agreed": 2,
    "differences": 1,
    "kinds": NOTHING_FOUND | {"missing_there": 1},
    "differences_url": "https://platform.example/api/v1/hospital/differences?from=2026-11-22&to=2026-11-22",
}
DIFFERENCE: dict[str, Any] = {
    "number": "D20261123-0000150-0",
    "hospital": "XM001",
    "lender": None,
    "source": "hospital",
    "business_on": "2026-11-22",
    "item": "bill",
    "reference": examples.BILL_NUMBER,
    "kind": "missing_there",
    "here": 1,
    "here_fen": 12000,
    "here_void": False,
    "there": 0,
    "there_fen": 0,
    "there_void": False,
    "owner": "hospital",
    "state": "open",
    "found_on": "2026-11-23",
    "closed_on": None,
}
FILES = {
    JsonLinesParser.media_type: (
        f'{{"reference": "{examples.BILL_NUMBER}", "kind": "bill", "amount_fen": 58150}}\n'
        '{"reference": "MZ-20261122-0815", "kind": "refund", "amount_fen": 5000}\n'
    ),
    CsvParser.media_type: (
        f"reference,kind,amount_fen\n{examples.BILL_NUMBER},bill,58150\nMZ-20261122-0815,refund,5000\n"
    ),
}
ABOUT_LINES = _(
    "One line an item: `reference` is the platform's number or the hospital's own number of the visit, `kind`"
    " is `bill`, `refund` or `void`, `amount_fen` what the credit account bears of it. A line that is wrong"
    " refuses the whole file and is named. The statement of a day is that whole day: a later one supersedes"
    " it. It is compared at once where the day is closed, otherwise after its close."
)
ABOUT_LENDERS_LINES = _(
    "As a hospital states its day, for one hospital; `kind` may also be `payout`, with the number of the"
    " settlement and what was paid."
)


class StatementView(ApiView):
    """Takes a file; whose it is and about whom, the subclass says."""

    parser_classes: tuple[type[BaseParser], ...] = (JsonLinesParser, CsvParser)
    source: ClassVar[str]
    differences: ClassVar[str]

    def take(
        self, request: Request, query: dict[str, Any], hospital: Hospital, lender: Lender | None = None
    ) -> Response:
        upload: Any = request.data
        if not isinstance(upload, Upload) and query.get("lines") != 0:
            raise BadInput(
                _("The body is empty. Where there was nothing that day, say so with lines=0."), field="lines"
            )
        rows = READERS[upload.media_type](upload.file) if isinstance(upload, Upload) else ()
        statement, side = state_day(
            source=self.source,
            hospital=hospital,
            lender=lender,
            business_on=query["business_on"],
            rows=rows,
            control=ControlTotal(*(query.get(name) for name in ("lines", "bills_fen", "refunds_fen"))),
            by=self.client,
            at=timezone.now(),
            first_line=first_line_of(upload.media_type) if isinstance(upload, Upload) else 1,
        )
        return Response(self.result(request, statement, side), status=201)

    def result(self, request: Request, statement: Statement, side: Reconciliation | None) -> dict[str, Any]:
        on = statement.business_on.isoformat()
        found = {
            "business_on": statement.business_on,
            "hospital": statement.hospital.code,
            "revision": statement.revision,
            "lines": statement.lines,
            "bills_fen": statement.bills_fen,
            "refunds_fen": statement.refunds_fen,
            "state": "compared" if side else "waiting",
            "here": side.here if side else 0,
            "here_fen": side.here_fen if side else 0,
            "agreed": side.agreed if side else 0,
            "differences": side.differences if side else 0,
            "kinds": NOTHING_FOUND | (side.kinds if side else {}),
            "differences_url": f"{reverse(self.differences, request=request)}?from={on}&to={on}",
        }
        return StatementResultSerializer(found).data


class HospitalStatements(HospitalView, StatementView):
    """What the hospital has of its day, beside what the platform has."""

    source = "hospital"
    differences = "api_hospital_differences"

    @uploading(
        "state_hospital_day",
        _("State a day, and have it compared"),
        ABOUT_LINES,
        query=StatementQuery,
        files=FILES,
        response=StatementResultSerializer,
        answer=RESULT,
        refusals=(BadInput,),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        return self.take(request, read_query(StatementQuery, request), self.hospital)


class LenderStatements(LenderView, StatementView):
    """What the lender has of one hospital's day."""

    source = "lender"
    differences = "api_lender_differences"

    @uploading(
        "state_lender_day",
        _("State one hospital's day, and have it compared"),
        ABOUT_LENDERS_LINES,
        query=LenderStatementQuery,
        files=FILES,
        response=StatementResultSerializer,
        answer=RESULT | {"differences_url": RESULT["differences_url"].replace("hospital/", "lender/")},
        refusals=(BadInput,),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        query = read_query(LenderStatementQuery, request)
        hospital = Hospital.objects.filter(code=query["hospital"]).first()
        if hospital is None:
            raise BadInput(_("There is no hospital of this code."), field="hospital")
        return self.take(request, query, hospital, self.lender)


def listed(request: Request, differences: QuerySet[Difference]) -> Response:
    """A page of those that the address asks for."""
    query = read_query(DifferenceQuery, request)
    asked = {name: query[name] for name in ("state", "kind") if name in query}
    return page(
        request,
        queryset=within(differences.filter(**asked), query, "business_on").select_related(
            "hospital", "lender"
        ),
        ordering=["business_on", "id"],
        serializer=DifferenceSerializer,
        query=query,
    )


class HospitalDifferences(HospitalView):
    """All that concern the hospital's own days, whoever stated them."""

    @listing(
        "list_hospital_differences",
        _("Differences about the hospital's days"),
        _("Of its own statements, its insurer's and its lenders'. Nothing is corrected by itself."),
        query=DifferenceQuery,
        row=DifferenceSerializer,
        example=DIFFERENCE,
    )
    def get(self, request: Request) -> Response:
        return listed(request, Difference.objects.at_hospital(self.hospital))


class LenderDifferences(LenderView):
    """Those of the lender's own statements."""

    @listing(
        "list_lender_differences",
        _("Differences of this lender's statements"),
        _("Nothing is corrected by itself."),
        query=DifferenceQuery,
        row=DifferenceSerializer,
        example=DIFFERENCE | {"source": "lender", "lender": "BANK01", "owner": "lender"},
    )
    def get(self, request: Request) -> Response:
        return listed(request, Difference.objects.stated_by(self.lender))
