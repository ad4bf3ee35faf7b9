"""What a lender's system sends and reads about bills: amounts and dates, and codes of people."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest.filters import PeriodQuery
from accounts.rest.serializers import FenField, StrictSerializer
from billing.models import Collection
from lenders.api import CreditCodeField

MOST_BILLS = 200

STATES = [
    ("open", _("not paid yet")),
    ("overdue", _("not paid, and the due date is over")),
    ("paid", _("nothing is owed any more")),
    ("void", _("undone on the day of its charge")),
]


class LenderBillQuery(PeriodQuery):
    state = serializers.ChoiceField(STATES, required=False)


class CollectionQuery(PeriodQuery):
    state = serializers.ChoiceField(Collection.State.choices, required=False)


class LenderBillSerializer(serializers.Serializer):
    number = serializers.CharField()
    credit_code = serializers.CharField(source="payer.credit_code", help_text=_("Who owes it."))
    hospital = serializers.CharField(source="hospital.code")
    business_on = serializers.DateField()
    due_on = serializers.DateField()
    financed_fen = serializers.IntegerField()
    repaid_fen = serializers.IntegerField()
    refunded_fen = serializers.IntegerField()
    owed_fen = serializers.IntegerField(help_text=_("Principal still owed."))
    charges_fen = serializers.IntegerField(help_text=_("Late fee and interest together, up to yesterday."))
    charges_paid_fen = serializers.IntegerField()
    to_pay_fen = serializers.IntegerField()
    state = serializers.ChoiceField(STATES, source="shown_state")
    under_objection = serializers.BooleanField(help_text=_("Its reminders and charges stand still."))


class NewRepaymentSerializer(StrictSerializer):
    credit_code = CreditCodeField(help_text=_("Who paid."))
    amount_fen = FenField()
    bank_reference = serializers.CharField(max_length=64, help_text=_("The bank's reference of the payment."))
    bills = serializers.ListField(
        child=serializers.CharField(max_length=24),
        required=False,
        min_length=1,
        max_length=MOST_BILLS,
        help_text=_("Numbers of the bills that the payer chose; otherwise the oldest due date first."),
    )


class AllocationSerializer(serializers.Serializer):
    bill = serializers.CharField(source="bill.number")
    principal_fen = serializers.IntegerField()
    charges_fen = serializers.IntegerField()


class RepaymentSerializer(serializers.Serializer):
    number = serializers.CharField()
    credit_code = serializers.CharField(source="payer.credit_code")
    amount_fen = serializers.IntegerField()
    to_balance_fen = serializers.IntegerField(help_text=_("What was too much: it pays the next bill."))
    bank_reference = serializers.CharField()
    business_on = serializers.DateField()
    at = serializers.DateTimeField()
    allocations = AllocationSerializer(many=True)


class CollectionSerializer(serializers.Serializer):
    id = serializers.CharField(source="number")
    number = serializers.CharField()
    credit_code = serializers.CharField(source="payer.credit_code")
    amount_fen = serializers.IntegerField()
    kind = serializers.ChoiceField(Collection.Kind.choices)
    state = serializers.ChoiceField(Collection.State.choices)
    bills = serializers.SerializerMethodField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_bills(self, collection: Collection) -> list[str]:
        return sorted(bill.number for bill in collection.bills.all())


class CollectionResultSerializer(StrictSerializer):
    succeeded = serializers.BooleanField()
    bank_reference = serializers.CharField(
        max_length=64, required=False, allow_blank=True, default="", help_text=_("Where it succeeded.")
    )
    reason = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text=_("Where it failed.")
    )
