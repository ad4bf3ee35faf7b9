"""The back office of lenders: operators enter lenders, filings and products (Articles 11, 22, 23)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.http import HttpRequest

from accounts.admin import History, LookedAt, OperatorsOnly, is_operator
from common.admin import OperationForm
from common.calendar import business_date
from lenders.models import Lender, LenderFiling, Offer, Product
from lenders.operations.registering import record_filing, register_lender, register_product


class CorrectedByOperators(OperatorsOnly):
    """Rows that operators add by an operation; once entered, only what `corrected` names can be put right."""

    corrected: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return tuple(str(name) for name in self.get_fields(request, obj) if name not in self.corrected)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request) and bool(self.corrected)


class RegisterLenderForm(OperationForm):
    def perform(self, at: datetime) -> Lender:
        answers = self.cleaned_data
        return register_lender(
            code=answers["code"],
            name_zh=answers["name_zh"],
            name_en=answers["name_en"],
            kind=answers["kind"],
            on=answers["joined_on"],
        )


@admin.register(Lender)
class LenderAdmin(CorrectedByOperators):
    operations = (RegisterLenderForm, None)
    corrected = ("name_zh", "name_en")
    list_display = ("code", "name_zh", "kind", "joined_on", "left_on")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        entered = ("code", "name_zh", "name_en", "kind", "joined_on")
        return (*entered, "left_on") if obj else entered


class RecordFilingForm(OperationForm):
    def perform(self, at: datetime) -> LenderFiling:
        answers = self.cleaned_data
        return record_filing(
            lender=answers["lender"],
            authority=answers["authority"],
            document=answers["document"],
            on=answers["filed_on"],
        )


@admin.register(LenderFiling)
class LenderFilingAdmin(CorrectedByOperators):
    """Entering a lender's filing with the same authority again corrects it."""

    operations = (RecordFilingForm, None)
    fields = ("lender", "authority", "filed_on", "document")
    list_display = ("lender", "authority", "filed_on", "document")
    list_select_related = ("lender",)


class RegisterProductForm(OperationForm):
    def perform(self, at: datetime) -> Product:
        return register_product(**self.cleaned_data, on=business_date(at))


class ProductHistory(History):
    model = Product.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = ("at", "by", "name_zh", "name_en", "service_zh", "service_en")


@admin.register(Product)
class ProductAdmin(CorrectedByOperators):
    """Registered under the standard of the day; the terms never change afterwards, only the words do."""

    operations = (RegisterProductForm, None)
    corrected = ("name_zh", "name_en", "service_zh", "service_en")
    list_display = ("code", "lender", "name_zh", "interest_free_days", "late_rate_ppm", "registered_on")
    list_select_related = ("lender",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        terms = ("lender", "code", "interest_free_days", "late_rate_ppm")
        return (*terms, *self.corrected, "registered_on", "closed_on") if obj else (*terms, *self.corrected)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[InlineModelAdmin[Any, Any]]]:
        return [ProductHistory] if obj else []


class OfferHistory(History):
    model = Offer.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = (
        "pgh_created_at", "kind", "name_zh", "name_en", "description_zh", "description_en",
        "valid_from_on", "valid_until_on",
    )  # fmt: skip


@admin.register(Offer)
class OfferAdmin(LookedAt):
    """What lenders put before citizens, in every wording it had: read here, worded by the lender's system."""

    joined = ("lender",)
    list_display = ("code", "lender", "kind", "name_zh", "valid_from_on", "valid_until_on")
    fields = (*list_display, "name_en", "description_zh", "description_en")
    list_filter = ("kind",)
    inlines = [OfferHistory]
