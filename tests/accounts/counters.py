"""A small API of its own, for what every POST has in common: it counts jobs."""

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import JobRun
from accounts.rest.idempotency import changes_nothing, idempotent
from accounts.rest.pages import PageQuery, page
from accounts.rest.serializers import FenField, StrictSerializer
from accounts.rest.views import ApiView, read, read_query
from common.errors import Refusal


class TooMuch(Refusal):
    code = "too_much"


class LineSerializer(StrictSerializer):
    name = serializers.CharField(max_length=20)
    amount_fen = FenField(minimum=0)


class CountSerializer(StrictSerializer):
    job = serializers.CharField(max_length=20)
    on = serializers.DateField()
    amount_fen = FenField()
    scene = serializers.ChoiceField([("outpatient", "outpatient"), ("parking", "parking")], required=False)
    urgent = serializers.BooleanField(required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=5), required=False)
    lines = LineSerializer(many=True, required=False)
    at = serializers.DateTimeField(required=False)


class JobSerializer(serializers.Serializer):
    job = serializers.CharField()
    done = serializers.IntegerField()


class Counts(ApiView):
    scopes = frozenset({"hospital"})
    # What a test wants to happen inside the effect.
    meanwhile: Any = staticmethod(lambda: None)

    @idempotent
    def post(self, request: Request) -> Response:
        given = read(CountSerializer, request)
        run = JobRun.objects.create(
            job=given["job"], on=given["on"], done=given["amount_fen"], started_at="2026-11-20T10:00:00Z"
        )
        Counts.meanwhile()
        if given["amount_fen"] > 1000:
            raise TooMuch("%(amount_fen)s is too much.", article=24, amount_fen=given["amount_fen"])
        return Response({"id": run.pk, "done": run.done}, status=201)

    def get(self, request: Request) -> Response:
        query = read_query(PageQuery, request)
        return page(
            request,
            queryset=JobRun.objects.all(),
            ordering=["-on", "-id"],
            serializer=JobSerializer,
            query=query,
        )


class Questions(ApiView):
    scopes = frozenset({"hospital"})

    @changes_nothing
    def post(self, request: Request) -> Response:
        return Response({"answer": 42})


urlpatterns = [
    path("api/v1/counts", Counts.as_view()),
    path("api/v1/questions", Questions.as_view()),
]
