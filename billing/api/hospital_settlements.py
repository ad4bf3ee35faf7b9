"""Endpoints for hospitals' systems: what each lender pays for each business date (Articles 2, 17)."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest.endpoints import NUMBER, endpoint, in_path, listing, one_of
from accounts.rest.idempotency import idempotent
from accounts.rest.views import read
from billing.api import examples
from billing.api.settlements import ReconcileSerializer, SettlementQuery, SettlementSerializer, listed, shown
from billing.models import Settlement
from billing.operations.settlements import CannotReconcile, reconcile_settlement
from hospitals.api import HospitalView


class HospitalSettlements(HospitalView):
    """One a lender and business date."""

    @listing(
        "list_hospital_settlements",
        _("The hospital's settlements"),
        _("One a lender and business date, each with every bill and refund of that date."),
        query=SettlementQuery,
        row=SettlementSerializer,
        example=examples.SETTLEMENT,
    )
    def get(self, request: Request) -> Response:
        return listed(request, Settlement.objects.at_hospital(self.hospital))


class SettlementReconciliation(HospitalView):
    """A difference is refused, and nothing is corrected by itself."""

    @endpoint(
        "reconcile_settlement",
        _("Confirm that a settlement arrived"),
        _("The amount agrees to the fen, or it is refused and nothing is corrected by itself."),
        path=[in_path("number", NUMBER, examples.SETTLEMENT_NUMBER, _("The settlement's number."))],
        request=ReconcileSerializer,
        example={"received_fen": 1883000},
        response=SettlementSerializer,
        answer=examples.SETTLEMENT | {"state": "reconciled"},
        refusals=(CannotReconcile,),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        given = read(ReconcileSerializer, request)
        settlements = shown(Settlement.objects.at_hospital(self.hospital))
        settlement = one_of(settlements, number=number)
        reconcile_settlement(settlement=settlement, **given, at=timezone.now())
        return Response(SettlementSerializer(settlements.get(pk=settlement.pk)).data)
