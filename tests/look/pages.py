"""The platform's addresses, and pages of samples on which every component stands at least once."""

from pathlib import Path
from typing import Any

from django import forms
from django.conf.urls.i18n import i18n_patterns
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import path
from django.utils import timezone
from django_cotton.compiler_regex import CottonCompiler

from common.forms import CodeField, ConsentField, DayField, PhoneField, PlainForm, ResidentIdField, YuanField
from config import urls as platform

SAMPLES = Path(__file__).parent / "samples"
HOSTILE = """\"><script>alert(1)</script>' onfocus='alert(2)"""


class RepayForm(PlainForm):
    """One field of every kind."""

    amount = YuanField(label="Amount", maximum_fen=58150, help_text="At most ¥581.50")
    phone = PhoneField()
    resident_id = ResidentIdField()
    code = CodeField(label="Code", one_time=True)
    on = DayField(label="Date", required=False)
    lender = forms.ChoiceField(
        label="Lender", widget=forms.RadioSelect, choices=[("a", "Bank A"), ("b", "B")]
    )
    bills = forms.MultipleChoiceField(
        label="Bills", widget=forms.CheckboxSelectMultiple, choices=[("1", "First"), ("2", "Second")]
    )
    cause = forms.ChoiceField(label="Cause", choices=[("", "Choose"), ("amount", "Wrong amount")])
    text = forms.CharField(label="Text", widget=forms.Textarea(attrs={"rows": 5}), required=False)
    consent = ConsentField(label="My score may be fetched", help_text="You can withdraw this.")
    token = forms.CharField(widget=forms.HiddenInput, required=False)


BILLS = [
    {
        "number": "B20261102-0000123-7",
        "hospital": "First Hospital",
        "fen": 12000,
        "status": "due",
        "word": "To pay",
    },
    {
        "number": "B20261008-0000088-2",
        "hospital": "Children's",
        "fen": 46150,
        "status": "late",
        "word": "3 days late",
    },
    {
        "number": "B20260911-0000051-0",
        "hospital": "Community centre",
        "fen": 8000,
        "status": "ok",
        "word": "Paid",
    },
    {"number": "B20260901-0000012-5", "hospital": HOSTILE, "fen": -1500, "status": "info", "word": "Refund"},
]


def sample(request: HttpRequest, name: str) -> HttpResponse:
    """A sample page; a POST binds its form."""
    now = timezone.now()
    context: dict[str, Any] = {
        "form": RepayForm({"amount": "9999", "phone": "123"} if "errors" in request.GET else None),
        "bills": BILLS,
        "hostile": HOSTILE,
        "now": now,
        "today": now.date(),
        "page": Paginator(range(95), 20).get_page(2),
    }
    template = Template(CottonCompiler().process((SAMPLES / f"{name}.html").read_text()))
    return HttpResponse(template.render(RequestContext(request, context)))


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [
    *platform.urlpatterns,
    *i18n_patterns(
        path("sample/broken/", broken), path("sample/<name>/", sample), prefix_default_language=False
    ),
]
handler403 = "accounts.views.public.forbidden"
handler404 = "accounts.views.public.page_not_found"
handler500 = "accounts.views.public.server_error"
