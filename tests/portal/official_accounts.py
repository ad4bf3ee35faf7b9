"""A browser that goes to an official account and comes back."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from django.test import Client

from city.identities import phone, resident_id

HERE = "127.0.0.1:8000"
ZHAO = {"name": "赵春来", "resident_id": resident_id(date(1990, 1, 1), 777), "phone": phone(777)}
REAL_NAME, TELEPHONE_ONLY = "i-xiamen", "health"


def browser() -> Client:
    return Client(headers={"host": HERE})


def go_there(reader: Client, code: str = REAL_NAME, **posted: str) -> dict[str, str]:
    """Presses the button; what the platform asks the issuer, and `at`, where."""
    answer = reader.post(f"/en/sign-in/with/{code}/", posted)
    assert answer.status_code == 302, answer.content.decode()
    place = urlsplit(answer.headers["Location"])
    asked = {name: values[0] for name, values in parse_qs(place.query).items()}
    return asked | {"at": f"{place.scheme}://{place.netloc}{place.path}"}


def agree(asked: dict[str, str], **person: str) -> str:
    """Says at the issuer who one is; the address by which the browser is sent back."""
    answer = httpx.post(asked["at"], data={**asked, **person})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def come_back(reader: Client, place: str) -> Any:
    parts = urlsplit(place)
    return reader.get(f"{parts.path}?{parts.query}")


def sign_in_there(reader: Client, person: dict[str, str], code: str = REAL_NAME, **posted: str) -> Any:
    return come_back(reader, agree(go_there(reader, code, **posted), **person))
