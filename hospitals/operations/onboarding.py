"""Bringing a hospital into the scheme, and its scenes into credit one after another."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiClient
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_texts
from hospitals.models import Hospital, HospitalClient, HospitalScene, Scene


class CannotRegisterHospital(Refusal):
    code = "cannot_register_hospital"
    articles = (20,)
    meaning = _("The code names another hospital.")
    remedy = _("Choose another code.")


class CannotChangeScene(Refusal):
    code = "cannot_change_scene"
    articles = (14, 15)
    meaning = _("The service cannot be switched on or off on that date.")


class CannotConnectClient(Refusal):
    code = "cannot_connect_client"
    articles = (15,)
    meaning = _("The API client speaks for somebody else, or is of another kind.")
    remedy = _("Make a client of its own for this hospital or lender.")


@enforces(20)
@transaction.atomic
def register_hospital(
    *,
    code: str,
    name_zh: str,
    name_en: str,
    kind: str,
    district: str,
    uscc: str = "",
    online_on: date | None = None,
    at: datetime,
) -> Hospital:
    """Enter a hospital; a private one joins by the same act and on the same terms as any other (Article 20).

    The same facts again return the same row. Raises CannotRegisterHospital where the code names another
    hospital, BadInput where a fact is malformed.
    """
    facts = Hospital(
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        kind=kind,
        district=district,
        uscc=uscc,
        online_on=online_on,
    )
    check_texts(facts)
    known = Hospital.objects.filter(code=code).first()
    if known:
        if all(getattr(known, name) == getattr(facts, name) for name in ("name_zh", "name_en", "kind")):
            return known
        raise CannotRegisterHospital(
            _("The code %(code)s already names another hospital."), article=20, field="code", code=code
        )
    check_facts(facts)
    facts.save()
    return facts


@transaction.atomic
def put_online(*, hospital: Hospital, on: date) -> Hospital:
    """Let the hospital take credit from a date on. A hospital that is online already keeps its date."""
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    if hospital.online_on is None or on < hospital.online_on:
        hospital.online_on = on
        hospital.save(update_fields=["online_on"])
    return hospital


@enforces(14, 15)
@transaction.atomic
def open_scene(*, hospital: Hospital, scene: str, on: date, at: datetime) -> HospitalScene:
    """Switch a scene on from a date, when the hospital's system is ready for it (Articles 14, 15).

    A scene that is live on that date stays as it is; one that was closed opens again. Raises BadInput for an
    unknown scene, CannotChangeScene before the hospital is online and for a date that is over.
    """
    if scene not in Scene.values:
        raise BadInput(_("There is no scene “%(scene)s”."), field="scene", scene=scene)
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    row = HospitalScene.objects.filter(hospital=hospital, scene=scene).first()
    if row and row.is_live(on):
        return row
    _refuse_the_past(on, at, article=15)
    if not hospital.is_online(on):
        raise CannotChangeScene(
            _("%(hospital)s is not online on %(scene_on)s: put the hospital online first."),
            article=15,
            field="on",
            hospital=hospital.name,
            scene_on=on,
        )
    row = row or HospitalScene(hospital=hospital, scene=scene)
    row.live_on, row.closed_on = on, None
    row.save()
    return row


@enforces(14)
@transaction.atomic
def close_scene(*, hospital: Hospital, scene: str, on: date, at: datetime) -> HospitalScene:
    """Switch a scene off from a date: no new visit or charge; what was charged before stays as it is.

    Raises CannotChangeScene where the scene is not live then, and for a date that is over.
    """
    row = HospitalScene.objects.select_for_update(no_key=True).filter(hospital=hospital, scene=scene).first()
    if row and row.closed_on == on:
        return row
    if row is None or not row.is_live(on):
        raise CannotChangeScene(_("This scene is not live on that date."), article=14, field="scene")
    _refuse_the_past(on, at, article=14)
    row.closed_on = on
    row.save(update_fields=["closed_on"])
    return row


@transaction.atomic
def connect_client(*, client: ApiClient, hospital: Hospital) -> HospitalClient:
    """Let an API client speak for one hospital, for ever. Raises CannotConnectClient."""
    if client.kind != ApiClient.Kind.HOSPITAL:
        raise CannotConnectClient(
            _("This API client was not made for a hospital."), article=15, field="client"
        )
    link, _created = HospitalClient.objects.get_or_create(client=client, defaults={"hospital": hospital})
    if link.hospital_id != hospital.pk:
        raise CannotConnectClient(
            _("This API client already speaks for another hospital."), article=15, field="client"
        )
    return link


def check_facts(hospital: Hospital) -> None:
    """Raises BadInput naming the first fact that cannot be right."""
    try:
        hospital.clean_fields()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise BadInput(messages[0], field=field) from None
    if hospital.uscc and Hospital.objects.filter(uscc=hospital.uscc).exclude(pk=hospital.pk).exists():
        raise BadInput(_("This unified social credit code belongs to another hospital."), field="uscc")


def _refuse_the_past(on: date, at: datetime, *, article: int) -> None:
    today_on = business_date(at)
    if on < today_on:
        raise CannotChangeScene(
            _("A scene changes from today, %(today_on)s, or later: what was charged before keeps its rule."),
            article=article,
            field="on",
            today_on=today_on,
        )
