"""What a hospital's system sends and reads: its own visits, bills, refunds and settlements, never a score."""

from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest.filters import PeriodQuery
from accounts.rest.serializers import FenField, ProblemSerializer, StrictSerializer
from billing.api.invoice_serializers import INVOICED, HospitalInvoiceSerializer, invoice_body
from billing.charge_input import (
    MOST_ITEMS,
    EInvoiceSerializer,
    InsuranceSerializer,
    ItemSerializer,
    LenderChoiceSerializer,
    PatientSerializer,
)
from billing.charge_input import (
    ChargeSerializer as ChargeSerializer,
)
from billing.models import Bill, Refund, Visit
from hospitals.models import Scene

MOST_CHARGES = 1000

STATES = [("posted", _("charged")), ("refunded", _("refunded in part or whole")), ("void", _("void"))]
# A hospital can give back for its own reasons only; the others belong to the platform's own acts.
REASONS = [
    (reason.value, reason.label)
    for reason in (Refund.Reason.NOT_USED, Refund.Reason.WRONG_AMOUNT, Refund.Reason.OTHER)
]


class EligibilityQuestionSerializer(PatientSerializer, LenderChoiceSerializer):
    scene = serializers.ChoiceField(Scene.choices, required=False, help_text=_("What is to be paid."))


class EligibilitySerializer(serializers.Serializer):
    eligible = serializers.BooleanField()
    available_fen = serializers.IntegerField(help_text=_("What credit can pay now; 0 where it cannot."))
    lender = serializers.CharField(
        source="lender.code", default=None, allow_null=True, help_text=_("The lender that would pay.")
    )
    reason = serializers.CharField(help_text=_("For the desk to read out; empty where eligible."))
    code = serializers.CharField(source="refusal.code", default=None, allow_null=True)
    article = serializers.IntegerField(source="refusal.article", default=None, allow_null=True)
    credit_code = serializers.CharField(
        allow_null=True, help_text=_("Of whoever showed a one-time code, for what follows; otherwise null.")
    )


class VisitItemsSerializer(StrictSerializer):
    items = serializers.ListField(child=ItemSerializer(), min_length=1, max_length=MOST_ITEMS)
    insurance = InsuranceSerializer(
        allow_null=True,
        required=False,
        default=None,
        help_text=_("Null while the insurance part is not settled."),
    )


@extend_schema_field(
    {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST_CHARGES,
        # Any object is a charge to be answered, if only with what is wrong with it.
        "items": {"anyOf": [{"$ref": "#/components/schemas/ChargeRequest"}, {"type": "object"}]},
    }
)
class ChargesField(serializers.ListField):
    """Charges that are checked one by one."""

    child = serializers.DictField()


class ChargeBatchSerializer(StrictSerializer):
    bills = ChargesField(min_length=1, max_length=MOST_CHARGES)


class OpenVisitSerializer(PatientSerializer, LenderChoiceSerializer):
    scene = serializers.ChoiceField(Scene.choices)
    visit_number = serializers.CharField(
        max_length=64, help_text=_("The hospital's own number of the visit.")
    )
    hold_fen = FenField(minimum=0, help_text=_("Credit to hold for what is to come; 0 holds nothing."))


class SettleVisitSerializer(StrictSerializer):
    """What was used and not reported before."""

    items = serializers.ListField(child=ItemSerializer(), required=False, default=list, max_length=MOST_ITEMS)
    insurance = InsuranceSerializer(
        allow_null=True, required=False, default=None, help_text=_("Null while it is not settled.")
    )
    self_paid_fen = FenField(
        required=False, help_text=_("Checked against items and insurance; otherwise it is their difference.")
    )
    e_invoice = EInvoiceSerializer(
        allow_null=True,
        required=False,
        default=None,
        help_text=_("The electronic invoice, where it is issued already; otherwise it is given later."),
    )


class NewRefundSerializer(StrictSerializer):
    amount_fen = FenField()
    reason = serializers.ChoiceField(REASONS)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class VisitSerializer(serializers.Serializer):
    number = serializers.CharField()
    visit_number = serializers.CharField(source="hospital_visit_no")
    credit_code = serializers.CharField(source="patient.credit_code")
    scene = serializers.ChoiceField(Scene.choices)
    lender = serializers.CharField(source="product.lender.code")
    state = serializers.ChoiceField(Visit.State.choices)
    hold_fen = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class InsurancePartsSerializer(serializers.Serializer):
    pooled_fund_fen = serializers.IntegerField()
    personal_account_fen = serializers.IntegerField()
    other_fen = serializers.IntegerField()


class HospitalBillSerializer(serializers.Serializer):
    """A bill as its hospital sees it. Whether the patient has repaid is between patient and lender."""

    number = serializers.CharField()
    visit = serializers.CharField(source="visit.number")
    visit_number = serializers.CharField(source="visit.hospital_visit_no")
    credit_code = serializers.CharField(source="patient.credit_code")
    scene = serializers.ChoiceField(Scene.choices)
    lender = serializers.CharField(source="lender.code")
    state = serializers.SerializerMethodField()
    business_on = serializers.DateField()
    posted_at = serializers.DateTimeField()
    due_on = serializers.DateField()
    total_fen = serializers.IntegerField()
    insurance = serializers.SerializerMethodField()
    insurance_state = serializers.ChoiceField(Bill.Insurance.choices, source="insurance")
    self_paid_fen = serializers.IntegerField()
    financed_fen = serializers.IntegerField()
    paid_on_site_fen = serializers.IntegerField()
    refunded_fen = serializers.IntegerField(help_text=_("Of the financed part."))
    e_invoice = serializers.SerializerMethodField(help_text=_("The newest; null before one is given."))

    @extend_schema_field(serializers.ChoiceField(STATES))
    def get_state(self, bill: Bill) -> str:
        if bill.state == Bill.State.VOID:
            return "void"
        return "refunded" if bill.refunded_fen else "posted"

    @extend_schema_field(HospitalInvoiceSerializer(allow_null=True))
    def get_e_invoice(self, bill: Bill) -> dict[str, Any] | None:
        given = [*bill.invoices.all()]
        return invoice_body(given) if given else None

    @extend_schema_field(InsurancePartsSerializer(allow_null=True))
    def get_insurance(self, bill: Bill) -> dict[str, int] | None:
        if bill.insurance == Bill.Insurance.MISSING:
            return None
        late = bill.insurance == Bill.Insurance.LATE
        return InsurancePartsSerializer(bill.insurance_settlement if late else bill).data


def bill_body(bill: Bill) -> dict[str, Any]:
    """The same by hand for a bill just made: a serializer is too slow for a thousand at once."""
    parts = (
        {name: getattr(bill, name) for name in ("pooled_fund_fen", "personal_account_fen", "other_fen")}
        if bill.insurance == Bill.Insurance.SETTLED
        else None
    )
    return {
        "number": bill.number,
        "visit": bill.visit.number,
        "visit_number": bill.visit.hospital_visit_no,
        "credit_code": bill.patient.credit_code,
        "scene": bill.scene,
        "lender": bill.lender.code,
        "state": "posted",
        "business_on": bill.business_on.isoformat(),
        "posted_at": localtime(bill.posted_at).isoformat(),
        "due_on": bill.due_on.isoformat(),
        "total_fen": bill.total_fen,
        "insurance": parts,
        "insurance_state": str(bill.insurance),
        "self_paid_fen": bill.self_paid_fen,
        "financed_fen": bill.financed_fen,
        "paid_on_site_fen": bill.paid_on_site_fen,
        "refunded_fen": bill.refunded_fen,
        "e_invoice": invoice_body([bill.taken_invoice]) if bill.taken_invoice else None,
    }


class HospitalRefundSerializer(serializers.Serializer):
    number = serializers.CharField()
    bill = serializers.CharField(source="bill.number")
    business_on = serializers.DateField()
    amount_fen = serializers.IntegerField()
    credit_fen = serializers.IntegerField(
        help_text=_("To the credit account: netted from the next T+1 amount.")
    )
    on_site_fen = serializers.IntegerField(help_text=_("To be given back on the spot."))
    reason = serializers.ChoiceField(Refund.Reason.choices)
    note = serializers.CharField()
    at = serializers.DateTimeField()


class ChargeAnswerSerializer(serializers.Serializer):
    """What became of one charge of a batch: its bill or its problem."""

    status = serializers.IntegerField(help_text=_("201, or the problem's status."))
    bill = HospitalBillSerializer(allow_null=True)
    problem = ProblemSerializer(allow_null=True)


class ChargeBatchAnswerSerializer(serializers.Serializer):
    results = ChargeAnswerSerializer(many=True, help_text=_("One answer a charge, in order."))


class HospitalBillQuery(PeriodQuery):
    state = serializers.ChoiceField(STATES, required=False)
    lender = serializers.CharField(max_length=24, required=False, help_text=_("Code of a lender."))
    insurance = serializers.ChoiceField(
        Bill.Insurance.choices,
        required=False,
        help_text=_("`missing`: bills whose insurance part can still be settled, and is not."),
    )
    e_invoice = serializers.ChoiceField(
        INVOICED,
        required=False,
        help_text=_("`missing`: bills of which an invoice can be given. `red_due`: the red one is missing."),
    )
