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
from hospitals.models import Hospital, HospitalClient, HospitalScene, Scene, SceneCheck
from hospitals.operations.readiness import check_scene, missing_items
from hospitals.operations.steps import lay_out_steps


class CannotRegisterHospital(Refusal):
    code = "cannot_register_hospital"
    articles = (14, 20)
    meaning = _("The code names another hospital, or a public hospital has no date to be online by.")
    remedy = _("Choose another code, or name the date.")


class CannotChangeScene(Refusal):
    code = "cannot_change_scene"
    articles = (14, 15)
    meaning = _("The service is not ready, or cannot be switched on or off on that date.")


class CannotConnectClient(Refusal):
    code = "cannot_connect_client"
    articles = (15,)
    meaning = _("The API client speaks for somebody else, or is of another kind.")
    remedy = _("Make a client of its own for this hospital or lender.")


@enforces(14, 20)
@transaction.atomic
def register_hospital(
    *,
    code: str,
    name_zh: str,
    name_en: str,
    kind: str,
    district: str,
    uscc: str = "",
    target_on: date | None = None,
    online_on: date | None = None,
    at: datetime,
) -> Hospital:
    """Enter a hospital with the list of its steps; a private one by its own application (Article 20).

    A public hospital has a date to be online by (Article 14), from which its steps get theirs. `online_on` is
    for one that takes credit already, by another platform or before this list was kept: its steps are taken
    over. The same facts again return the same row. Raises CannotRegisterHospital where the code names another
    hospital or the date is missing or over, BadInput where a fact is malformed.
    """
    facts = Hospital(
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        kind=kind,
        district=district,
        uscc=uscc,
        target_on=target_on,
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
    if online_on is None:
        _check_target(facts, at)
    facts.save()
    lay_out_steps(hospital=facts, taken_over_on=online_on, at=at)
    if online_on is not None:
        facts.online_on = online_on
        facts.save(update_fields=["online_on"])
    return facts


@enforces(14)
@transaction.atomic
def correct_hospital(
    *,
    hospital: Hospital,
    name_zh: str,
    name_en: str,
    district: str,
    uscc: str,
    target_on: date | None,
    at: datetime,
) -> Hospital:
    """Other names, another code of the institution, or another date to be online by; its kind and code stay.

    Raises BadInput, and CannotRegisterHospital where a public hospital on its way loses its date.
    """
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    has_moved = hospital.online_on is None and target_on != hospital.target_on
    hospital.name_zh, hospital.name_en, hospital.district = name_zh, name_en, district
    hospital.uscc, hospital.target_on = uscc, target_on
    check_texts(hospital)
    check_facts(hospital)
    if has_moved:
        _check_target(hospital, at)
    hospital.save(update_fields=["name_zh", "name_en", "district", "uscc", "target_on"])
    return hospital


@enforces(14, 15)
@transaction.atomic
def open_scene(*, hospital: Hospital, scene: str, on: date, at: datetime) -> HospitalScene:
    """Switch a scene on from a date, when everything on its checklist is ticked (Articles 14, 15).

    A scene that is live on that date stays as it is; one that was closed opens again. Raises BadInput for an
    unknown scene; CannotChangeScene, which names what is missing, while the checklist is not complete, before
    the hospital is online and for a date that is over.
    """
    check_scene(scene)
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
    missing = missing_items(hospital, scene)
    if missing:
        raise CannotChangeScene(
            _("%(service)s is not ready. Missing on its checklist: %(missing)s."),
            article=15,
            field="scene",
            service=Scene(scene).label,
            missing=" · ".join(str(item.label) for item in missing),
        )
    return _open(row, hospital, scene, on)


@enforces(15)
@transaction.atomic
def take_over_scene(*, hospital: Hospital, scene: str, on: date, at: datetime) -> HospitalScene:
    """A scene that takes credit already when the hospital is entered: its checklist is taken over with it.

    Only for a hospital whose own steps were taken over. Raises BadInput, CannotChangeScene.
    """
    check_scene(scene)
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    if not hospital.is_online(on) or hospital.tasks.filter(taken_over=False).exists():
        raise CannotChangeScene(
            _("%(hospital)s was not online before: tick the checklist of each service."),
            article=15,
            field="scene",
            hospital=hospital.name,
        )
    row = HospitalScene.objects.filter(hospital=hospital, scene=scene).first()
    if row and row.is_live(on):
        return row
    _refuse_the_past(on, at, article=15)
    SceneCheck.objects.bulk_create(
        SceneCheck(hospital=hospital, scene=scene, item=item, on=on, taken_over=True)
        for item in missing_items(hospital, scene)
    )
    return _open(row, hospital, scene, on)


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


def _check_target(hospital: Hospital, at: datetime) -> None:
    if hospital.target_on is None and hospital.kind == Hospital.Kind.PUBLIC:
        raise CannotRegisterHospital(
            _("A public hospital has a date to be online by. Name it."), article=14, field="target_on"
        )
    if hospital.target_on is not None and hospital.target_on < business_date(at):
        raise CannotRegisterHospital(
            _("This date is over. Name today or a later one."), article=14, field="target_on"
        )


def _open(row: HospitalScene | None, hospital: Hospital, scene: str, on: date) -> HospitalScene:
    row = row or HospitalScene(hospital=hospital, scene=scene)
    row.live_on, row.closed_on = on, None
    row.save()
    return row


def _refuse_the_past(on: date, at: datetime, *, article: int) -> None:
    today_on = business_date(at)
    if on < today_on:
        raise CannotChangeScene(
            _("A scene changes from today, %(today_on)s, or later: what was charged before keeps its rule."),
            article=article,
            field="on",
            today_on=today_on,
        )
