"""Lenders join, register their products, and leave."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiClient, User
from accounts.operations.notices import NewNotice, notify_many
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text, check_texts
from credit.models import LendingRate, Policy
from lenders import notices
from lenders.charges import percent
from lenders.models import Facility, Lender, LenderClient, LenderFiling, LenderStaff, Product


class CannotRegisterLender(Refusal):
    code = "cannot_register_lender"
    articles = (22,)
    meaning = _("The code names another lender.")
    remedy = _("Choose another code.")


class CannotRegisterProduct(Refusal):
    code = "cannot_register_product"
    articles = (22, 23)
    meaning = _(
        "The product's rate is above the cap, its interest-free days are too few, or its lender or code "
        "does not fit."
    )
    remedy = _("Register other terms, or the same product under a code of its own.")


class CannotAppoint(Refusal):
    code = "cannot_appoint"
    articles = (22,)
    meaning = _("The user works elsewhere, or has a sign-in for another office.")
    remedy = _("Give the person a sign-in of their own for this work.")


class CannotConnectClient(Refusal):
    code = "cannot_connect_client"
    articles = (22,)
    meaning = _("The API client speaks for somebody else, or is of another kind.")
    remedy = _("Make a client of its own for this hospital or lender.")


@enforces(22)
@transaction.atomic
def register_lender(*, code: str, name_zh: str, name_en: str, kind: str, on: date) -> Lender:
    """Let a bank or an insurer into the scheme from a date. The same facts again return the same row.

    Its filing with the authorities is recorded with `record_filing`. Raises CannotRegisterLender, BadInput.
    """
    facts = Lender(code=code, name_zh=name_zh, name_en=name_en, kind=kind, joined_on=on)
    check_texts(facts)
    known = Lender.objects.filter(code=code).first()
    if known:
        if (known.name_zh, known.name_en, known.kind) == (name_zh, name_en, kind):
            return known
        raise CannotRegisterLender(
            _("The code %(code)s already names another lender."), article=22, field="code", code=code
        )
    _check_facts(facts)
    facts.save()
    return facts


@enforces(22)
@transaction.atomic
def record_filing(*, lender: Lender, authority: str, document: str, on: date) -> LenderFiling:
    """Keep that the lender's access was filed with an authority; a correction replaces the earlier entry."""
    if authority not in LenderFiling.Authority.values:
        raise BadInput(_("There is no authority “%(authority)s”."), field="authority", authority=authority)
    if not document.strip():
        raise BadInput(_("Enter the document's number."), field="document")
    check_text(document, LenderFiling.document.field)
    filing, _created = LenderFiling.objects.update_or_create(
        lender=lender, authority=authority, defaults={"filed_on": on, "document": document.strip()}
    )
    return filing


@enforces(21, 23)
@transaction.atomic
def register_product(
    *,
    lender: Lender,
    code: str,
    name_zh: str,
    name_en: str,
    interest_free_days: int,
    late_rate_ppm: int,
    service_zh: str = "",
    service_en: str = "",
    on: date,
) -> Product:
    """Register a product if it keeps to the standard in force on that date (Articles 21, 23).

    `late_rate_ppm` is late fee and interest together, a year. Raises CannotRegisterProduct above the cap,
    below the interest-free days, for a lender outside the scheme, or where the code has other terms;
    BadInput.
    """
    facts = Product(
        lender=lender,
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        service_zh=service_zh,
        service_en=service_en,
        interest_free_days=interest_free_days,
        late_rate_ppm=late_rate_ppm,
        registered_on=on,
    )
    check_texts(facts)
    known = Product.objects.filter(code=code).first()
    if known:
        terms = ("lender_id", "interest_free_days", "late_rate_ppm")
        if all(getattr(known, name) == getattr(facts, name) for name in terms):
            return known
        raise CannotRegisterProduct(
            _("The code %(code)s already names a product with other terms; register a new one."),
            article=23,
            field="code",
            code=code,
        )
    if not lender.is_active(on):
        raise CannotRegisterProduct(
            _("%(lender)s is not in the scheme on %(registered_on)s."),
            article=22,
            field="lender",
            lender=lender.name,
            registered_on=on,
        )
    _check_facts(facts)
    _check_standard(facts, on)
    facts.save()
    return facts


@transaction.atomic
def close_product(*, product: Product, on: date) -> Product:
    """Take no new application from a date on; facilities under the product go on."""
    product = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    if product.closed_on is None:
        if on < product.registered_on:
            raise BadInput(_("A product closes after it was registered."), field="on")
        product.closed_on = on
        product.save(update_fields=["closed_on"])
    return product


@enforces(22)
@transaction.atomic
def leave_scheme(*, lender: Lender, at: datetime) -> int:
    """End a lender's part: its facilities close and their citizens are told; what is owed to it stays owed.

    Returns how many facilities were closed. The second time, 0.
    """
    lender = Lender.objects.select_for_update(no_key=True).get(pk=lender.pk)
    if lender.left_on is None:
        lender.left_on = business_date(at)
        lender.save(update_fields=["left_on"])
    ending = list(
        Facility.objects.at(lender)
        .live()
        .select_related("person")
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    Facility.objects.filter(pk__in=[facility.pk for facility in ending]).update(
        state=Facility.State.CLOSED, closed_at=at, is_default=False
    )
    notify_many(
        [
            NewNotice(
                person_id=facility.person_id,
                kind=notices.LENDER_LEFT,
                params={"lender": lender.name_in(facility.person.language), "reference": facility.reference},
                reference=f"facility:{facility.reference}:lender_left",
            )
            for facility in ending
        ],
        at=at,
    )
    return len(ending)


@transaction.atomic
def appoint_staff(*, user: User, lender: Lender) -> LenderStaff:
    """Give a user of role `lender` a post at one lender. Raises CannotAppoint."""
    if user.role != User.Role.LENDER:
        raise CannotAppoint(
            _("This sign-in is for %(role)s; a lender's staff have a sign-in of their own."),
            article=22,
            field="user",
            role=user.get_role_display(),
        )
    post, _created = LenderStaff.objects.get_or_create(user=user, defaults={"lender": lender})
    if post.lender_id != lender.pk:
        raise CannotAppoint(_("This user works at another lender."), article=22, field="user")
    return post


@transaction.atomic
def connect_client(*, client: ApiClient, lender: Lender) -> LenderClient:
    """Let an API client speak for one lender, for ever. Raises CannotConnectClient."""
    if client.kind != ApiClient.Kind.LENDER:
        raise CannotConnectClient(_("This API client was not made for a lender."), article=22, field="client")
    link, _created = LenderClient.objects.get_or_create(client=client, defaults={"lender": lender})
    if link.lender_id != lender.pk:
        raise CannotConnectClient(
            _("This API client already speaks for another lender."), article=22, field="client"
        )
    return link


def _check_standard(product: Product, on: date) -> None:
    policy = Policy.objects.on(on)
    if product.interest_free_days < policy.min_interest_free_days:
        raise CannotRegisterProduct(
            _("%(days)s interest-free days are fewer than the %(fewest)s that every product must give."),
            article=23,
            field="interest_free_days",
            days=product.interest_free_days,
            fewest=policy.min_interest_free_days,
        )
    rate = LendingRate.objects.on(on)
    cap_ppm = policy.cap_ppm(rate.one_year_bp)
    if product.late_rate_ppm > cap_ppm:
        raise CannotRegisterProduct(
            _(
                "Late fee and interest of %(rate)s %% a year are above the cap of %(cap)s %%:"
                " %(multiple)s %% of the one-year LPR of %(lpr)s %%, in force since %(since_on)s."
            ),
            article=23,
            field="late_rate_ppm",
            rate=percent(product.late_rate_ppm),
            cap=percent(cap_ppm),
            multiple=policy.cap_multiple_percent,
            lpr=percent(rate.one_year_bp * 100),
            since_on=rate.in_force_from,
        )


def _check_facts(row: models.Model) -> None:
    try:
        row.clean_fields()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise BadInput(messages[0], field=field) from None
