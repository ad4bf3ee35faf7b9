"""Floors that are views."""

from typing import Any, ClassVar

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiClient
from accounts.rest.auth import ClientAuthentication
from accounts.rest.permissions import HasScope

_FIND = """
    SELECT account.id FROM accounts_person person
      JOIN credit_creditaccount account ON account.person_id = person.id
     WHERE person.credit_code = %s"""

# The table is made by floors/charge_api.sql.
_KEEP = "INSERT INTO floor_charge (account_id, amount_fen, at) VALUES (%s, %s, now()) RETURNING id"


class BareCharge(APIView):
    """The floor of a charge: the same client let in, one indexed SELECT, one INSERT, and no rule at all."""

    scopes: ClassVar[frozenset[str]] = frozenset({ApiClient.Kind.HOSPITAL})
    authentication_classes = (ClientAuthentication,)
    permission_classes = (HasScope,)

    def post(self, request: Request) -> Response:
        given: Any = request.data
        with connection.cursor() as cursor:
            cursor.execute(_FIND, [given["credit_code"]])
            [account] = cursor.fetchone()
            cursor.execute(_KEEP, [account, given["self_paid_fen"]])
            [number] = cursor.fetchone()
        return Response({"number": number}, status=201)


@login_required
def bare_page(request: HttpRequest) -> HttpResponse:
    """The floor of a citizen's page: session, user and the frame of every page, around nothing."""
    return render(request, "base_portal.html")
