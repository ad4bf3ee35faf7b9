"""Endpoints for lenders' systems: applications, contact and offers (Articles 9, 22, 23, 24, 25)."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiClient, Person
from accounts.operations.access import record_listing
from accounts.rest.endpoints import endpoint, in_path, listing, one_of
from accounts.rest.filters import PeriodQuery, codes_in, within
from accounts.rest.idempotency import changes_nothing, idempotent
from accounts.rest.pages import page
from accounts.rest.serializers import StrictSerializer
from accounts.rest.views import ApiView, read, read_query
from common.errors import BadInput
from lenders.models import Facility, Lender, Offer
from lenders.operations.contact import Topic, check_contact
from lenders.operations.facilities import CannotDecide, decide_application
from lenders.operations.offers import CannotOffer, Wording, put_offer

REFERENCE = {"type": "string", "pattern": "^[A-Z2-7]{16}$"}
CREDIT_CODE = r"^[0-9A-HJKMNP-TV-Z]{12}$"
APPLICATION: dict[str, Any] = {
    "id": "MFRGG2LTMVSG633O",
    "credit_code": "K7M2Q9XWAB3C",
    "product": "BANK01-A",
    "applied_at": "2026-11-20T19:05:44+08:00",
    "state": "applied",
    "decided_at": None,
    "reason": "",
}
OFFER_CODE = {"type": "string", "pattern": "^[A-Z0-9][A-Z0-9-]{1,23}$"}
OFFER: dict[str, Any] = {
    "kind": "instalments",
    "name_zh": "账单分期",
    "name_en": "Repay in instalments",
    "description_zh": "到期的账单可分 3 期或 6 期归还，年化费率与信用就医产品相同。",
    "description_en": "Repay a bill that is due in 3 or 6 instalments, at the product's own yearly rate.",
    "valid_from_on": "2026-11-01",
    "valid_until_on": "2027-10-31",
}


class LenderView(ApiView):
    """For the one lender that the client speaks for; every queryset starts from it."""

    scopes: ClassVar[frozenset[str]] = frozenset({ApiClient.Kind.LENDER})

    @cached_property
    def lender(self) -> Lender:
        lender = Lender.objects.filter(clients__client=self.client).first()
        if lender is None:
            raise PermissionDenied
        return lender


class CreditCodeField(serializers.RegexField):
    """A citizen as lenders know them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(CREDIT_CODE, **options)


class ApplicationSerializer(serializers.Serializer):
    id = serializers.CharField(source="reference")
    credit_code = serializers.CharField(source="person.credit_code")
    product = serializers.CharField(source="product.code")
    applied_at = serializers.DateTimeField()
    state = serializers.ChoiceField(Facility.State.choices)
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(source="decision_reason")


class ApplicationQuery(PeriodQuery):
    state = serializers.ChoiceField(Facility.State.choices, required=False, default=Facility.State.APPLIED)


class DecisionSerializer(StrictSerializer):
    granted = serializers.BooleanField()
    reason = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        default="",
        help_text=_("Needed where it is declined; the citizen reads it."),
    )


class ContactQuestionSerializer(StrictSerializer):
    credit_code = CreditCodeField()
    topic = serializers.ChoiceField(Topic.choices)


class ContactAnswerSerializer(serializers.Serializer):
    allowed = serializers.BooleanField()
    reason = serializers.CharField()
    article = serializers.IntegerField()


class WordingSerializer(StrictSerializer):
    kind = serializers.ChoiceField(Offer.Kind.choices)
    name_zh = serializers.CharField(max_length=100)
    name_en = serializers.CharField(max_length=200)
    description_zh = serializers.CharField(max_length=500)
    description_en = serializers.CharField(max_length=1000)
    valid_from_on = serializers.DateField()
    valid_until_on = serializers.DateField(
        help_text=_("This day is included; one that is past ends the offer.")
    )


class OfferSerializer(serializers.Serializer):
    code = serializers.CharField()
    kind = serializers.ChoiceField(Offer.Kind.choices)
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    description_zh = serializers.CharField()
    description_en = serializers.CharField()
    valid_from_on = serializers.DateField()
    valid_until_on = serializers.DateField()


class Applications(LenderView):
    """Applications by those whose consent to this lender stands."""

    @listing(
        "list_applications",
        _("Applications by citizens"),
        _(
            "Those that wait for an answer, or those of another `state`. Of somebody who has withdrawn the"
            " consent to this lender, no waiting application is shown. The period is that of applying."
        ),
        query=ApplicationQuery,
        row=ApplicationSerializer,
        example=APPLICATION,
    )
    def get(self, request: Request) -> Response:
        query, now = read_query(ApplicationQuery, request), timezone.now()
        answer = page(
            request,
            queryset=within(self.applications(query["state"]), query, "applied_at__date"),
            ordering=["applied_at", "id"],
            serializer=ApplicationSerializer,
            query=query,
        )
        record_listing(actor=self.client, credit_codes=codes_in(answer), purpose="api.applications", at=now)
        return answer

    def applications(self, state: str) -> QuerySet[Facility]:
        found = Facility.objects.at(self.lender).filter(state=state).select_related("person", "product")
        if state == Facility.State.APPLIED:
            found = found.with_consent().filter(consented=True)  # type: ignore[misc]
        return found


class Decision(LenderView):
    """The same answer again changes nothing."""

    @endpoint(
        "decide_application",
        _("Grant or decline an application"),
        _("A decline needs a reason, which the citizen sees. The same answer again changes nothing."),
        path=[in_path("id", REFERENCE, APPLICATION["id"], _("The application's `id`."))],
        request=DecisionSerializer,
        example={"granted": True, "reason": ""},
        response=ApplicationSerializer,
        answer=APPLICATION | {"state": "granted", "decided_at": "2026-11-21T08:31:02+08:00"},
        refusals=(CannotDecide,),
    )
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        given = read(DecisionSerializer, request)
        facilities = Facility.objects.at(self.lender).select_related("person", "product")
        decided = decide_application(facility=one_of(facilities, reference=id), **given, at=timezone.now())
        return Response(ApplicationSerializer(decided).data)


class ContactChecks(LenderView):
    """The marketing wall (Article 25)."""

    @endpoint(
        "check_contact",
        _("May this lender contact a citizen about something?"),
        _(
            "About the scheme where there is an agreement; about anything else only while the citizen's"
            " separate consent to this lender's marketing stands. The question is recorded, and the citizen"
            " can read it."
        ),
        request=ContactQuestionSerializer,
        example={"credit_code": APPLICATION["credit_code"], "topic": "marketing"},
        response=ContactAnswerSerializer,
        answer={
            "allowed": False,
            "reason": "The citizen has not agreed to this lender's marketing: speak of the scheme only.",
            "article": 25,
        },
        refusals=(BadInput,),
    )
    @changes_nothing
    def post(self, request: Request) -> Response:
        given = read(ContactQuestionSerializer, request)
        answer = check_contact(
            actor=self.client,
            lender=self.lender,
            person=Person.objects.by_credit_code(given["credit_code"]).first(),
            topic=given["topic"],
            at=timezone.now(),
        )
        return Response(ContactAnswerSerializer(answer).data)


class Offers(LenderView):
    """One value-added offer of this lender, put whole (Articles 23, 24, 25)."""

    @endpoint(
        "put_offer",
        _("Word a value-added offer"),
        _(
            "Makes the offer of this code what the body says; the same again changes nothing. Citizens whose"
            " score opens offers to them find it on a page of their own; nobody is sent it. Who asks for one"
            " is told as `offer.requested`. Gifts, prices and cards have no field: none may be a condition."
        ),
        path=[in_path("code", OFFER_CODE, "FENQI-6", _("The lender's own code of the offer."))],
        request=WordingSerializer,
        example=OFFER,
        response=OfferSerializer,
        answer={"code": "FENQI-6", **OFFER},
        refusals=(CannotOffer,),
    )
    def put(self, request: Request, code: str) -> Response:
        wording = Wording(**read(WordingSerializer, request))
        offer = put_offer(lender=self.lender, code=code, wording=wording, at=timezone.now())
        return Response(OfferSerializer(offer).data)
