"""Endpoints for the medical electronic invoices of a hospital's bills (Article 17)."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest.endpoints import endpoint
from accounts.rest.views import read
from billing.api import examples
from billing.api.hospital import OF_BILL, BillView
from billing.api.invoice_serializers import (
    HospitalInvoiceSerializer,
    RedInvoiceSerializer,
    invoice_body,
    red_invoice_of,
)
from billing.charge_input import EInvoiceSerializer, e_invoice_of
from billing.operations.invoices import CannotInvoice, reverse_invoice, take_invoice
from common.errors import BadInput


class BillInvoice(BillView):
    """Given after the bill, or anew for what a refund has left."""

    @endpoint(
        "put_e_invoice",
        _("Give the electronic invoice of a bill"),
        _(
            "Of what the bill comes to: its total, less what was refunded other than for insurance settled"
            " later. The same again is answered as it stands; an invoice cannot be changed. A refund, a void"
            " or an insurance part settled later turns it red: give the red invoice, then another for what is"
            " left."
        ),
        path=[OF_BILL],
        request=EInvoiceSerializer,
        example=examples.E_INVOICE,
        response=HospitalInvoiceSerializer,
        answer=examples.INVOICED,
        refusals=(BadInput, CannotInvoice),
    )
    def put(self, request: Request, number: str) -> Response:
        given = e_invoice_of(read(EInvoiceSerializer, request))
        assert given is not None  # noqa: S101 - a body has been read
        bill = self.bill(number)
        take_invoice(bill=bill, e_invoice=given, at=timezone.now())
        return Response(invoice_body([*bill.invoices.all()]))


class BillRedInvoice(BillView):
    """What takes an invoice back."""

    @endpoint(
        "put_red_invoice",
        _("Give the red invoice that takes a bill's invoice back"),
        _(
            "For an invoice in the state `red_due`, of which `e_invoice.red_due` has told. It is of the same"
            " amount. The same again is answered as it stands."
        ),
        path=[OF_BILL],
        request=RedInvoiceSerializer,
        example=examples.RED_INVOICE,
        response=HospitalInvoiceSerializer,
        answer=examples.INVOICED | {"state": "reversed", "red_number": examples.RED_INVOICE["number"]},
        refusals=(BadInput, CannotInvoice),
    )
    def put(self, request: Request, number: str) -> Response:
        given = red_invoice_of(read(RedInvoiceSerializer, request))
        bill = self.bill(number)
        reverse_invoice(bill=bill, red_invoice=given, at=timezone.now())
        return Response(invoice_body([*bill.invoices.all()]))
