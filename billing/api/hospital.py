"""Endpoints for hospitals' systems: eligibility, visits, bills and refunds (Articles 14, 15, 17)."""

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Person
from accounts.operations.access import record_access, record_listing
from accounts.operations.idempotency import Answer
from accounts.rest.acceptance import acceptance
from accounts.rest.batches import each, in_parts
from accounts.rest.endpoints import NUMBER, endpoint, in_path, listing, one_of, take_nothing
from accounts.rest.filters import codes_in, within
from accounts.rest.idempotency import changes_nothing, idempotent
from accounts.rest.pages import page
from accounts.rest.parsers import FhirParser, StrictJSONParser
from accounts.rest.problems import problem_of
from accounts.rest.views import read, read_query
from billing.api import examples, fhir
from billing.api.finding import named_lender
from billing.api.hospital_serializers import (
    ChargeBatchAnswerSerializer,
    ChargeBatchSerializer,
    EligibilityQuestionSerializer,
    EligibilitySerializer,
    HospitalBillQuery,
    HospitalBillSerializer,
    HospitalRefundSerializer,
    NewRefundSerializer,
    OpenVisitSerializer,
    SettleVisitSerializer,
    VisitItemsSerializer,
    VisitSerializer,
    bill_body,
)
from billing.charge_input import (
    ChargeSerializer,
    asked_from,
    e_invoice_of,
    key_of,
    lines,
    parts,
)
from billing.models import Bill, Visit
from billing.operations import charges, refunds
from billing.operations.batches import Asked, charge_batch
from billing.operations.credit_check import check_credit
from billing.operations.invoiced import invoiced
from billing.operations.invoices import CannotInvoice
from billing.operations.patients import CodeSpent, identify
from billing.operations.till import CannotCharge
from common.errors import BadInput, Refusal
from credit.operations.family import NoAccount
from credit.operations.limits import AccountNotActive, CannotDraw
from hospitals.api import HospitalView
from lenders.operations.facilities import NoLender

DRAWING = (CannotCharge, NoAccount, CodeSpent, AccountNotActive, NoLender, CannotDraw)
OF_BILL = in_path("number", NUMBER, examples.BILL_NUMBER, _("The bill's number."))
OF_VISIT = in_path("number", NUMBER, examples.VISIT_NUMBER, _("The visit's number, as the platform gave it."))


class PatientView(HospitalView):
    """Looks a patient up. The look stays in the access log even where a rule refuses and undoes the rest."""

    purpose: ClassVar[str]
    seen: Person | None = None

    def patient(self, given: dict[str, Any], at: datetime) -> Person:
        self.seen = identify(actor=self.client, key=key_of(given), purpose=self.purpose, at=at)
        return self.seen

    def handle_exception(self, exc: Exception) -> Response:
        if self.seen is not None and isinstance(exc, Refusal):
            record_access(
                actor=self.client, subject=self.seen, purpose=f"{self.purpose}.refused", at=timezone.now()
            )
        self.seen = None
        return super().handle_exception(exc)


class Eligibility(HospitalView):
    """Whether credit can pay for a patient; the score stays with its operator, the limit with the citizen."""

    @endpoint(
        "check_eligibility",
        _("May this patient pay by credit, and how much?"),
        _(
            "By the same rules as a charge, at this moment. Nothing is held. Somebody unknown is answered"
            " like somebody without an account. The look is recorded, and the citizen can read it."
        ),
        request=EligibilityQuestionSerializer,
        example=examples.PATIENT,
        response=EligibilitySerializer,
        answer=examples.ELIGIBILITY,
        refusals=(BadInput,),
    )
    @changes_nothing
    def post(self, request: Request) -> Response:
        given = read(EligibilityQuestionSerializer, request)
        found = check_credit(
            actor=self.client,
            hospital=self.hospital,
            key=key_of(given),
            scene=given.get("scene", ""),
            lender=named_lender(given),
            at=timezone.now(),
        )
        return Response(EligibilitySerializer(found).data)


class Visits(PatientView):
    """Registration and admission without a deposit."""

    purpose = "api.visit"

    @endpoint(
        "open_visit",
        _("Open a visit and hold credit"),
        _("For registration or admission without a deposit. An outpatient visit is settled on the same day."),
        request=OpenVisitSerializer,
        example={
            **examples.PATIENT,
            "scene": "inpatient",
            "visit_number": "ZY-20261122-0031",
            "hold_fen": 150000,
        },
        response=VisitSerializer,
        answer=examples.VISIT,
        status=201,
        refusals=DRAWING,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given, at = read(OpenVisitSerializer, request), timezone.now()
        visit = charges.open_visit(
            hospital=self.hospital,
            patient=self.patient(given, at),
            scene=given["scene"],
            hold_fen=given["hold_fen"],
            lender=named_lender(given),
            hospital_visit_no=given["visit_number"],
            at=at,
        )
        return Response(VisitSerializer(visit).data, status=201)


class VisitView(HospitalView):
    """One visit at the client's hospital."""

    def visit(self, number: str) -> Visit:
        visits = Visit.objects.filter(hospital=self.hospital)
        return one_of(visits.select_related("patient", "product__lender"), number=number)


class VisitItems(VisitView):
    """So that the same-day settlement knows what was used (Article 17)."""

    @endpoint(
        "report_items",
        _("Report what was used during a visit"),
        _(
            "Lines add up. At 23:00 an outpatient visit that is still open is settled with what was reported;"
            " one with nothing reported gives its hold back."
        ),
        path=[OF_VISIT],
        request=VisitItemsSerializer,
        example={"items": examples.ITEMS, "insurance": None},
        response=VisitSerializer,
        answer=examples.VISIT,
        refusals=(charges.VisitEnded,),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        given, visit = read(VisitItemsSerializer, request), self.visit(number)
        charges.report_items(visit=visit, items=lines(given["items"]), insurance=parts(given["insurance"]))
        return Response(VisitSerializer(visit).data)


class VisitSettlement(VisitView):
    """What was used becomes a bill; the rest of the hold is released."""

    @endpoint(
        "settle_visit",
        _("Settle a visit into a bill"),
        _("What was reported before counts too. The rest of the hold is released."),
        path=[OF_VISIT],
        request=SettleVisitSerializer,
        example={"items": examples.ITEMS, "insurance": examples.INSURANCE, "self_paid_fen": 58150},
        response=HospitalBillSerializer,
        answer=examples.BILL | {"visit": examples.VISIT_NUMBER},
        status=201,
        refusals=(charges.VisitEnded, AccountNotActive, CannotDraw, CannotInvoice),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        given = read(SettleVisitSerializer, request)
        visit, at = self.visit(number), timezone.now()
        bill = invoiced(
            lambda: charges.settle_visit(
                visit=visit,
                items=lines(given["items"]),
                insurance=parts(given["insurance"]),
                self_paid_fen=given.get("self_paid_fen"),
                at=at,
            ),
            e_invoice=e_invoice_of(given["e_invoice"]),
            at=at,
        )
        return Response(HospitalBillSerializer(bill).data, status=201)


class VisitCancellation(VisitView):
    """The whole hold is released; a visit already cancelled is answered as it is."""

    @endpoint(
        "cancel_visit",
        _("Cancel a visit and release its hold"),
        path=[OF_VISIT],
        response=VisitSerializer,
        answer=examples.VISIT | {"state": "cancelled", "ended_at": "2026-11-22T15:20:00+08:00"},
        refusals=(charges.VisitEnded,),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        take_nothing(request)
        visit = charges.cancel_visit(visit=self.visit(number), at=timezone.now())
        return Response(VisitSerializer(visit).data)


class ChargingView(PatientView):
    """Charges in one step, one bill or many."""

    purpose = "api.charge"

    def charge(self, given: dict[str, Any]) -> Response:
        at = timezone.now()
        bill = invoiced(
            lambda: charges.charge(
                hospital=self.hospital,
                patient=self.patient(given, at),
                scene=given["scene"],
                items=lines(given["items"]),
                insurance=parts(given["insurance"]),
                self_paid_fen=given["self_paid_fen"],
                lender=named_lender(given),
                hospital_visit_no=given["visit_number"],
                at=at,
            ),
            e_invoice=e_invoice_of(given["e_invoice"]),
            at=at,
        )
        return Response(bill_body(bill), status=201)


class Bills(ChargingView):
    """The hospital's bills, and charging in one step."""

    parser_classes = (StrictJSONParser, FhirParser)

    @listing(
        "list_bills",
        _("The hospital's bills"),
        _(
            "By business date. Whether a patient has repaid is between patient and lender."
            " `insurance=missing` lists what the same-day duty left open, `e_invoice=red_due` the invoices"
            " whose red one is missing."
        ),
        query=HospitalBillQuery,
        row=HospitalBillSerializer,
        example=examples.BILL,
    )
    def get(self, request: Request) -> Response:
        query, now = read_query(HospitalBillQuery, request), timezone.now()
        answer = page(
            request,
            queryset=self.bills(query),
            ordering=["business_on", "id"],
            serializer=HospitalBillSerializer,
            query=query,
        )
        record_listing(actor=self.client, credit_codes=codes_in(answer), purpose="api.bills", at=now)
        return answer

    @endpoint(
        "charge",
        _("Charge in one step"),
        _(
            "A visit opened and settled at once. Where the limit is short the lender pays up to it and"
            " `paid_on_site_fen` says what the patient pays at the desk. No credit never means no care:"
            " on a refusal take another payment. The body may be a FHIR Invoice instead, as"
            " `application/fhir+json`; the guide says how it is read."
        ),
        request=ChargeSerializer,
        example=examples.CHARGE,
        instead=fhir.REQUEST,
        response=HospitalBillSerializer,
        answer=examples.BILL,
        status=201,
        refusals=(*DRAWING, CannotInvoice),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        if not fhir.is_invoice(request):
            return self.charge(read(ChargeSerializer, request))
        invoice = fhir.read_invoice(request)
        with invoice.naming_its_places():
            return self.charge(fhir.read_charge(invoice))

    def bills(self, query: dict[str, Any]) -> QuerySet[Bill]:
        bills = (
            Bill.objects.at_hospital(self.hospital)
            .select_related("visit", "patient", "lender", "insurance_settlement")
            .prefetch_related("invoices")
        )
        if "lender" in query:
            bills = bills.filter(lender__code=query["lender"])
        match query.get("state"):
            case "void":
                bills = bills.filter(state=Bill.State.VOID)
            case "refunded":
                bills = bills.filter(~Q(state=Bill.State.VOID), refunded_fen__gt=0)
            case "posted":
                bills = bills.filter(refunded_fen=0)
        match query.get("insurance"):
            case Bill.Insurance.MISSING:
                bills = bills.insurance_missing()
            case str(how):
                bills = bills.filter(insurance=how)
        match query.get("e_invoice"):
            case "missing":
                bills = bills.without_invoice()
            case str(how):
                bills = bills.filter(invoices__state=how)
        return within(bills, query, "business_on")


class BillBatch(ChargingView):
    """Up to a thousand charges, each with an answer of its own."""

    @endpoint(
        "charge_batch",
        _("Charge many at once"),
        _(
            "Up to 1,000 charges, each as for charging in one step. Each is answered for itself, in order:"
            " one refused stops no other. Where an answer is lost, send the same again with the same key:"
            " what was charged is answered as before, what was refused is tried anew."
        ),
        request=ChargeBatchSerializer,
        example={"bills": [examples.CHARGE]},
        response=ChargeBatchAnswerSerializer,
        answer={"results": [{"status": 201, "bill": examples.BILL, "problem": None}]},
    )
    @in_parts
    def post(self, request: Request) -> Response:
        given = read(ChargeBatchSerializer, request)
        answers = each(self, request, given["bills"], self.charge_all)
        return Response({"results": [shown(answer) for answer in answers]})

    def charge_all(self, bodies: list[Any]) -> list[Answer]:
        asked = [asked_of(body) for body in bodies]
        understood = [one for one in asked if isinstance(one, Asked)]
        made = iter(
            charge_batch(
                actor=self.client,
                hospital=self.hospital,
                asked=understood,
                purpose=self.purpose,
                at=timezone.now(),
            )
        )
        return [one if isinstance(one, Answer) else answer_to(next(made)) for one in asked]


def asked_of(body: Any) -> Asked | Answer:
    """A charge of a batch as it was meant, or the answer that says what is wrong with it."""
    given = acceptance(ChargeSerializer)(body)
    if given is None:
        serializer = ChargeSerializer(data=body)
        if not serializer.is_valid():
            return problem_answer(ValidationError(serializer.errors))
        given = serializer.validated_data
    return asked_from(given)


def answer_to(made: Bill | Refusal) -> Answer:
    return Answer(201, bill_body(made)) if isinstance(made, Bill) else problem_answer(made)


def problem_answer(refusal: Refusal | ValidationError) -> Answer:
    problem = problem_of(refusal)
    return Answer(problem["status"], problem)


def shown(answer: Answer) -> dict[str, Any]:
    done, refused = (answer.body, None) if answer.succeeded else (None, answer.body)
    return {"status": answer.status, "bill": done, "problem": refused}


class BillView(HospitalView):
    """One bill of the client's hospital."""

    def bill(self, number: str) -> Bill:
        bills = Bill.objects.at_hospital(self.hospital)
        return one_of(bills.select_related("visit", "patient", "lender"), number=number)


class BillVoid(BillView):
    """Undone as if it had never been; a void bill is answered as it is."""

    @endpoint(
        "void_bill",
        _("Void a bill on the day of its charge"),
        _("On its own business day, before any repayment or refund. Afterwards make a refund."),
        path=[OF_BILL],
        response=HospitalBillSerializer,
        answer=examples.BILL | {"state": "void", "refunded_fen": 58150},
        refusals=(charges.CannotVoid,),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        take_nothing(request)
        bill = self.bill(number)
        voided = charges.void_bill(bill=bill, at=timezone.now())
        bill.state, bill.refunded_fen = voided.state, voided.refunded_fen
        return Response(HospitalBillSerializer(bill).data)


class BillRefunds(BillView):
    """To the credit account first (Article 17)."""

    @endpoint(
        "refund_bill",
        _("Refund a bill in part or whole"),
        _("To the credit account first; netted from the hospital's next T+1 amount."),
        path=[OF_BILL],
        request=NewRefundSerializer,
        example={"amount_fen": 5000, "reason": "not_used"},
        response=HospitalRefundSerializer,
        answer=examples.REFUND,
        status=201,
        refusals=(refunds.CannotRefund,),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        given = read(NewRefundSerializer, request)
        made = refunds.refund(bill=self.bill(number), **given, at=timezone.now())
        return Response(HospitalRefundSerializer(made).data, status=201)
