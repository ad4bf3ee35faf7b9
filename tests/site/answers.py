"""What somebody types into a form that they have never seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.site.reading import Control, Form

Answers = Mapping[str, list[str]]

# By the kind of keyboard that the field asks for.
BY_KEYBOARD = {
    "decimal": "1.00",
    "numeric": "1",
    "email": "lin@example.com",
    "date": "2026-04-15",
    "month": "2026-04",
    "textarea": "金额和医院告诉我的不一样,请核对。",
}
WORDS = "测试"
CHOSEN = frozenset({"radio", "checkbox", "file"})


def empty(form: Form) -> dict[str, Any]:
    """What the form sends when somebody presses its button at once: what was in it already."""
    kept = (one for one in form.controls if one.kind not in CHOSEN or one.is_chosen)
    return _sent(form, kept)


def filled(form: Form, answers: Answers) -> Iterator[dict[str, Any]]:
    """Everything that it demands answered: with the first choice, or what is known of a field by its name.

    Once for every answer where several are known.
    """
    asked = [one for one in form.controls if one.kind != "hidden"]
    chosen = {one.name for one in asked if one.is_chosen}
    demanded = [
        one
        for one in asked
        if "required" in one.attributes
        or one.name in answers
        or (one.kind == "radio" and one.name not in chosen)
    ]
    times = max((len(answers.get(one.name, [""])) for one in asked), default=1)
    for turn in range(times):
        yield _answered(form, demanded or asked, answers, turn)


def _answered(form: Form, asked: Iterable[Control], answers: Answers, turn: int) -> dict[str, Any]:
    sent = empty(form)
    for control in asked:
        known = answers.get(control.name)
        if known:
            sent[control.name] = known[turn % len(known)]
        elif control.kind == "radio":
            sent.setdefault(control.name, control.value)  # the one that is chosen, or the first
        elif control.kind == "checkbox":
            sent[control.name] = [*sent.get(control.name, []), control.value or "on"]
        elif control.kind == "select":
            sent[control.name] = control.value or next(filter(None, control.choices), "")
        elif control.kind == "file":
            sent[control.name] = SimpleUploadedFile("a.csv", b"a,b\n1,2\n", content_type="text/csv")
        else:
            keyboard = control.attributes.get("inputmode", control.kind)
            typed = BY_KEYBOARD.get(keyboard, BY_KEYBOARD.get(control.kind, WORDS))
            sent[control.name] = control.value or typed
    return sent


def _sent(form: Form, controls: Iterable[Control]) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for control in controls:
        sent.setdefault(control.name, []).append(control.value)
    for name, value in form.buttons[:1]:
        if name:
            sent[name] = value
    return sent
