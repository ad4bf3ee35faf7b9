"""Endpoints for lenders' systems: what they financed, pay, receive and collect (Articles 17, 23, 27).

A lender sees amounts and dates of its own bills and the code of who owes them: no item, name or scene.
"""

from datetime import date

from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Person
from accounts.operations.access import record_listing
from accounts.rest.endpoints import NUMBER, endpoint, in_path, listing, one_of
from accounts.rest.filters import codes_in, within
from accounts.rest.idempotency import idempotent
from accounts.rest.pages import page
from accounts.rest.views import read, read_query
from billing.api import examples
from billing.api.lender_serializers import (
    CollectionQuery,
    CollectionResultSerializer,
    CollectionSerializer,
    LenderBillQuery,
    LenderBillSerializer,
    NewRepaymentSerializer,
    RepaymentSerializer,
)
from billing.api.settlements import (
    PayoutSerializer,
    ReturnSerializer,
    SettlementQuery,
    SettlementSerializer,
    listed,
    shown,
)
from billing.models import Bill, Collection, Objection, Repayment, Settlement
from billing.operations.collections import CannotCollect, finish_collection
from billing.operations.repayments import DuplicateReference, repay
from billing.operations.settlements import CannotPay, confirm_payout, return_payout
from common.calendar import business_date
from common.errors import BadInput
from lenders.api import LenderView

OF_SETTLEMENT = in_path("number", NUMBER, examples.SETTLEMENT_NUMBER, _("The settlement's number."))
OF_COLLECTION = in_path("id", NUMBER, examples.COLLECTION_NUMBER, _("The collection's number."))


class LenderBills(LenderView):
    """Amounts and dates only."""

    @listing(
        "list_lender_bills",
        _("The bills that this lender financed"),
        _(
            "Amounts and dates, and the code of who owes them. `open` includes what is overdue; a bill under"
            " objection is never overdue. The period is that of business dates."
        ),
        query=LenderBillQuery,
        row=LenderBillSerializer,
        example=examples.LENDER_BILL,
    )
    def get(self, request: Request) -> Response:
        query, now = read_query(LenderBillQuery, request), timezone.now()
        answer = page(
            request,
            queryset=within(self.bills(query.get("state"), business_date(now)), query, "business_on"),
            ordering=["business_on", "id"],
            serializer=LenderBillSerializer,
            query=query,
        )
        record_listing(actor=self.client, credit_codes=codes_in(answer), purpose="api.bills", at=now)
        return answer

    def bills(self, state: str | None, today_on: date) -> QuerySet[Bill]:
        bills = Bill.objects.funded_by(self.lender).select_related("payer", "hospital")
        match state:
            case "open":
                bills = bills.open()
            case "overdue":
                bills = bills.overdue(today_on)
            case "paid":
                bills = bills.filter(state=Bill.State.CLOSED)
            case "void":
                bills = bills.filter(state=Bill.State.VOID)
        return bills.annotate(
            under_objection=Exists(Objection.objects.filter(bill=OuterRef("pk"), answered_on=None)),
            shown_state=Case(
                When(state=Bill.State.CLOSED, then=Value("paid")),
                When(state=Bill.State.VOID, then=Value("void")),
                When(due_on__lt=today_on, under_objection=False, then=Value("overdue")),
                default=Value("open"),
                output_field=CharField(),
            ),
        )


class LenderSettlements(LenderView):
    """What is to be paid to which hospital, and when."""

    @listing(
        "list_lender_settlements",
        _("What this lender pays to hospitals"),
        _("One a hospital and business date. `pay_on` is T+1, the next bank working day."),
        query=SettlementQuery,
        row=SettlementSerializer,
        example=examples.SETTLEMENT,
    )
    def get(self, request: Request) -> Response:
        return listed(request, Settlement.objects.funded_by(self.lender))


class SettlementView(LenderView):
    """One settlement of the client's lender."""

    def settlements(self) -> QuerySet[Settlement]:
        return shown(Settlement.objects.funded_by(self.lender))

    def answer(self, settlement: Settlement) -> Response:
        return Response(SettlementSerializer(self.settlements().get(pk=settlement.pk)).data)


class Payout(SettlementView):
    """Due or returned, instructed and paid in one call."""

    @endpoint(
        "pay_settlement",
        _("Tell that a settlement was paid"),
        _("The hospital is told. The same bank reference again changes nothing."),
        path=[OF_SETTLEMENT],
        request=PayoutSerializer,
        example={"bank_reference": "BK20261123000417", "value_on": "2026-11-23"},
        response=SettlementSerializer,
        answer=examples.SETTLEMENT,
        refusals=(CannotPay,),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        given = read(PayoutSerializer, request)
        settlement = one_of(self.settlements(), number=number)
        return self.answer(confirm_payout(settlement=settlement, **given, at=timezone.now()))


class PayoutReturn(SettlementView):
    """The hospital's claim stands again."""

    @endpoint(
        "return_settlement",
        _("Tell that a bank sent a payment back"),
        _("The hospital's claim stands again, to be paid anew. Both sides are told."),
        path=[OF_SETTLEMENT],
        request=ReturnSerializer,
        example={"bank_reference": "BK20261123000417", "reason": "收款账号已变更"},
        response=SettlementSerializer,
        answer=examples.SETTLEMENT | {"state": "returned", "return_reason": "收款账号已变更"},
        refusals=(CannotPay,),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        given = read(ReturnSerializer, request)
        settlement = one_of(self.settlements(), number=number)
        return self.answer(return_payout(settlement=settlement, **given, at=timezone.now()))


class Repayments(LenderView):
    """What citizens paid at the lender."""

    @endpoint(
        "receive_repayment",
        _("Tell that a citizen repaid"),
        _(
            "The oldest due date first, or the bills that the payer chose; within a bill principal before"
            " charges. What is too much becomes a credit balance. The same bank reference again is the same"
            " repayment."
        ),
        request=NewRepaymentSerializer,
        example=examples.REPAYMENT_REQUEST,
        response=RepaymentSerializer,
        answer=examples.REPAYMENT,
        status=201,
        refusals=(DuplicateReference,),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = read(NewRepaymentSerializer, request)
        payer = self.payer(given["credit_code"])
        made = repay(
            payer=payer,
            lender=self.lender,
            amount_fen=given["amount_fen"],
            method=Repayment.Method.LENDER,
            bank_reference=given["bank_reference"],
            bills=self.chosen(payer, given["bills"]) if "bills" in given else None,
            at=timezone.now(),
        )
        return Response(RepaymentSerializer(made).data, status=201)

    def payer(self, credit_code: str) -> Person:
        """Only those who have or had an agreement with this lender. Raises BadInput."""
        theirs = Person.objects.filter(facilities__lender=self.lender)
        person = theirs.by_credit_code(credit_code).first()
        if person is None:
            raise BadInput(
                _("No citizen with this code has an agreement with you."), field="credit_code", article=27
            )
        return person

    def chosen(self, payer: Person, numbers: list[str]) -> QuerySet[Bill]:
        """The payer's bills of these numbers, paid ones included. Raises BadInput where one is not there."""
        bills = Bill.objects.funded_by(self.lender).owed_by(payer).filter(number__in=numbers)
        if bills.count() != len(set(numbers)):
            raise BadInput(
                _("Not every number is a bill that this citizen owes to you."), field="bills", article=27
            )
        return bills


class Collections(LenderView):
    """What the lender is asked to collect."""

    @listing(
        "list_collections",
        _("What this lender is asked to collect"),
        _("Direct debits on the due date, and what citizens started. The period is that of starting."),
        query=CollectionQuery,
        row=CollectionSerializer,
        example=examples.COLLECTION,
    )
    def get(self, request: Request) -> Response:
        query, now = read_query(CollectionQuery, request), timezone.now()
        collections = Collection.objects.filter(lender=self.lender)
        if "state" in query:
            collections = collections.filter(state=query["state"])
        answer = page(
            request,
            queryset=within(
                collections.select_related("payer").prefetch_related("bills"), query, "started_at__date"
            ),
            ordering=["started_at", "id"],
            serializer=CollectionSerializer,
            query=query,
        )
        record_listing(actor=self.client, credit_codes=codes_in(answer), purpose="api.collections", at=now)
        return answer


class CollectionResult(LenderView):
    """The same answer again changes nothing."""

    @endpoint(
        "finish_collection",
        _("Tell how a collection ended"),
        _(
            "A success is a repayment and needs the bank's reference. A failure needs a reason, which the"
            " payer reads."
        ),
        path=[OF_COLLECTION],
        request=CollectionResultSerializer,
        example={"succeeded": True, "bank_reference": "BK20270104002210"},
        response=CollectionSerializer,
        answer=examples.COLLECTION | {"state": "succeeded", "ended_at": "2027-01-04T09:15:30+08:00"},
        refusals=(CannotCollect, DuplicateReference),
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        given = read(CollectionResultSerializer, request)
        collection = one_of(Collection.objects.filter(lender=self.lender), number=id)
        ended = finish_collection(collection=collection, **given, at=timezone.now())
        return Response(CollectionSerializer(ended).data)
