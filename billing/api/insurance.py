"""Endpoints for the insurance part of bills that were charged without it (Article 17)."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest.endpoints import endpoint, take_nothing
from accounts.rest.idempotency import idempotent
from accounts.rest.views import read
from billing.api import examples
from billing.api.hospital import OF_BILL, BillView
from billing.api.hospital_serializers import (
    HospitalBillSerializer,
    HospitalRefundSerializer,
    InsuranceSerializer,
)
from billing.operations import refunds
from billing.parts import Insurance


class BillUninsured(BillView):
    """So that nobody waits, and is reminded, for ever."""

    @endpoint(
        "confirm_uninsured",
        _("Say that insurance pays nothing of a bill"),
        _(
            "For a bill charged with `insurance` null of which it turned out that no insurance pays. It stays"
            " as it is; `insurance_state` becomes `late`. Said again, it is answered as it stands."
        ),
        path=[OF_BILL],
        response=HospitalBillSerializer,
        answer=examples.BILL
        | {
            "insurance": {"pooled_fund_fen": 0, "personal_account_fen": 0, "other_fen": 0},
            "insurance_state": "late",
            "self_paid_fen": 100150,
            "financed_fen": 100150,
        },
        refusals=(refunds.CannotRefund,),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        take_nothing(request)
        bill = self.bill(number)
        bill.insurance = refunds.confirm_uninsured(bill=bill, at=timezone.now()).insurance
        return Response(HospitalBillSerializer(bill).data)


class BillInsurance(BillView):
    """For a bill charged before insurance had settled (Article 17)."""

    @endpoint(
        "settle_insurance",
        _("Settle the insurance part later"),
        _("For a bill charged with `insurance` null: what insurance pays comes back as a refund."),
        path=[OF_BILL],
        request=InsuranceSerializer,
        example=examples.INSURANCE,
        response=HospitalRefundSerializer,
        answer=examples.REFUND | {"amount_fen": 42000, "credit_fen": 42000, "reason": "insurance"},
        status=201,
        refusals=(refunds.CannotRefund,),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        insurance = Insurance(**read(InsuranceSerializer, request))
        made = refunds.settle_insurance(bill=self.bill(number), insurance=insurance, at=timezone.now())
        return Response(HospitalRefundSerializer(made).data, status=201)
