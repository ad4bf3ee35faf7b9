"""Settlements as hospital and lender both see them."""

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest.filters import PeriodQuery, within
from accounts.rest.pages import page
from accounts.rest.serializers import FenField, StrictSerializer
from accounts.rest.views import read_query
from billing.models import Settlement, SettlementStep


class SettlementQuery(PeriodQuery):
    state = serializers.ChoiceField(Settlement.State.choices, required=False)


class ReconcileSerializer(StrictSerializer):
    received_fen = FenField(help_text=_("What arrived on the hospital's account."))


class PayoutSerializer(StrictSerializer):
    bank_reference = serializers.CharField(max_length=64, help_text=_("The bank's reference of the payment."))
    value_on = serializers.DateField(
        help_text=_("Value date: after the business date, and not in the future.")
    )


class ReturnSerializer(StrictSerializer):
    bank_reference = serializers.CharField(max_length=64, help_text=_("The bank's reference of the return."))
    reason = serializers.CharField(max_length=200, help_text=_("In the bank's words."))


class SettlementSerializer(serializers.Serializer):
    """What one lender pays one hospital for one business date."""

    number = serializers.CharField()
    hospital = serializers.CharField(source="hospital.code")
    lender = serializers.CharField(source="lender.code")
    business_on = serializers.DateField()
    pay_on = serializers.DateField(help_text=_("T+1: the next bank working day."))
    bills = serializers.IntegerField()
    bills_fen = serializers.IntegerField()
    refunds = serializers.IntegerField()
    refunds_fen = serializers.IntegerField()
    carried_in_fen = serializers.IntegerField(
        help_text=_("0 or less: refunds that earlier dates could not cover.")
    )
    net_fen = serializers.IntegerField(help_text=_("Bills less refunds and what was carried in."))
    state = serializers.ChoiceField(Settlement.State.choices)
    bank_reference = serializers.CharField(allow_null=True, help_text=_("Of the last payment."))
    value_on = serializers.DateField(allow_null=True, help_text=_("Value date of the last payment."))
    return_reason = serializers.CharField(allow_null=True, help_text=_("Why a bank sent it back last."))


def shown(settlements: QuerySet[Settlement]) -> QuerySet[Settlement]:
    """With what SettlementSerializer shows of their last steps, in one query."""

    def last(state: Settlement.State, column: str) -> Subquery:
        steps = SettlementStep.objects.filter(settlement=OuterRef("pk"), state=state)
        return Subquery(steps.order_by("-pk").values(column)[:1])

    return settlements.select_related("hospital", "lender").annotate(
        bank_reference=last(Settlement.State.PAID, "bank_reference"),
        value_on=last(Settlement.State.PAID, "value_on"),
        return_reason=last(Settlement.State.RETURNED, "reason"),
    )


def listed(request: Request, settlements: QuerySet[Settlement]) -> Response:
    """A page of those that the address asks for."""
    query = read_query(SettlementQuery, request)
    if "state" in query:
        settlements = settlements.filter(state=query["state"])
    return page(
        request,
        queryset=within(shown(settlements), query, "business_on"),
        ordering=["business_on", "id"],
        serializer=SettlementSerializer,
        query=query,
    )
