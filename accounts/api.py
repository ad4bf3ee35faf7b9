"""What every client may ask, hospital's or lender's: who am I, my webhook, my events."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.models import ApiClient, Event, WebhookEndpoint
from accounts.operations.events import Position, events_after
from accounts.operations.webhooks import SECRET_SHAPE, set_webhook
from accounts.rest.pages import (
    DEFAULT_LIMIT,
    MAXIMUM_LIMIT,
    CursorField,
    CursorInvalid,
    decode_cursor,
    encode_cursor,
)
from accounts.rest.serializers import StrictQuery, StrictSerializer
from accounts.rest.views import ApiView, read, read_query

EITHER = frozenset(ApiClient.Kind.values)
# Printable ASCII, without a user name and a fragment; a host of another script is written in punycode.
URL_SHAPE = r"^https?://[\x21\x22\x24-\x2e\x30-\x3e\x41-\x7e]+([/?][\x21\x22\x24-\x7e]*)?$"
_BIGINT = 2**63
EVENT = {
    "id": "0b8f2c4e-4a53-4f0e-9c0e-3d8f0c7b6a11",
    "type": "settlement.paid",
    "timestamp": "2026-11-23T10:05:00+08:00",
    "data": {"number": "S20261122-0000131-8", "net_fen": 1883000, "state": "paid"},
    "cursor": "Wzc0MSwxXQ",
}


class MeSerializer(serializers.Serializer):
    client_id = serializers.CharField(source="application.client_id")
    name = serializers.CharField()
    kind = serializers.ChoiceField(ApiClient.Kind.choices)


class Me(ApiView):
    """The client whose token this is."""

    scopes = EITHER

    @extend_schema(
        operation_id="me",
        summary=_("Who am I?"),
        description=_("The client whose token this is."),
        responses=MeSerializer,
        tags=["both"],
    )
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(self.client).data)


class WebhookSerializer(serializers.Serializer):
    url = serializers.URLField()
    secret_set_at = serializers.DateTimeField()
    previous_secret_until = serializers.DateTimeField(source="previous_until", allow_null=True)


class WebhookSetSerializer(WebhookSerializer):
    secret = serializers.CharField(
        allow_null=True, help_text=_("Only where the platform has just made it; it is never shown again.")
    )


class WebhookRequestSerializer(StrictSerializer):
    url = serializers.RegexField(URL_SHAPE, max_length=500, help_text=_("https:// and a public host."))
    secret = serializers.RegexField(
        SECRET_SHAPE,
        required=False,
        help_text=_("whsec_ and 24 to 64 random bytes in base64. The one before it stays live for 24 hours."),
    )


class Webhook(ApiView):
    """The client's one endpoint for events, signed by Standard Webhooks."""

    scopes = EITHER

    @extend_schema(
        operation_id="webhook",
        summary=_("Where events are sent"),
        description=_("The client's one address for events, signed by Standard Webhooks."),
        responses=WebhookSerializer,
        tags=["both"],
    )
    def get(self, request: Request) -> Response:
        endpoint = WebhookEndpoint.objects.filter(client=self.client).first()
        if endpoint is None:
            raise NotFound
        return Response(WebhookSerializer(endpoint).data)

    @extend_schema(
        operation_id="set_webhook",
        summary=_("Have events sent"),
        description=_("Sets the one address for events. The same request again changes nothing."),
        request=WebhookRequestSerializer,
        responses=WebhookSetSerializer,
        tags=["both"],
        examples=[
            OpenApiExample("set_webhook", value={"url": "https://example.com/events"}, request_only=True)
        ],
    )
    def put(self, request: Request) -> Response:
        done = set_webhook(client=self.client, **read(WebhookRequestSerializer, request), at=timezone.now())
        return Response({**WebhookSerializer(done.endpoint).data, "secret": done.new_secret})


class EventSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    type = serializers.CharField()
    timestamp = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]
    cursor = serializers.CharField(
        help_text=_("Give it as `after` to go on behind this event, at any later time.")
    )


class EventPageSerializer(serializers.Serializer):
    next = serializers.URLField(allow_null=True, help_text=_("Null where there are no more for now."))
    results = EventSerializer(many=True)


class EventQuery(StrictQuery):
    after = CursorField(help_text=_("The cursor of the last event that you have."))
    limit = serializers.IntegerField(
        required=False, default=DEFAULT_LIMIT, min_value=1, max_value=MAXIMUM_LIMIT
    )


def _position(query: dict[str, Any]) -> Position:
    if "after" not in query:
        return Position()
    values = decode_cursor(query["after"], 2, "after")
    if not all(type(value) is int and 0 <= value < _BIGINT for value in values):
        raise CursorInvalid("after")
    return Position(*values)


def _shown(event: Event) -> dict[str, Any]:
    return {**event.as_sent(), "cursor": encode_cursor([event.txid, event.pk])}


class Events(ApiView):
    """The same events that the webhook gets, in an order in which none is ever missed. Kept for good."""

    scopes = EITHER

    @extend_schema(
        operation_id="events",
        summary=_("Read events"),
        description=_(
            "The same events that are sent, in an order in which none is ever missed. Kept for good."
        ),
        parameters=[EventQuery],
        responses=EventPageSerializer,
        tags=["both"],
        examples=[OpenApiExample("events", value={"next": None, "results": [EVENT]}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        query = read_query(EventQuery, request)
        limit = query["limit"]
        found = events_after(client=self.client, position=_position(query), limit=limit + 1)
        results = [_shown(event) for event in found[:limit]]
        following = None
        if len(found) > limit:
            following = replace_query_param(request.build_absolute_uri(), "after", results[-1]["cursor"])
        return Response({"next": following, "results": results})
