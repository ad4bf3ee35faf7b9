"""The OpenAPI document, the page made from it and the guide: complete, right, and runnable as they stand."""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema
import pytest
from drf_spectacular.validation import validate_schema

from accounts.models import Person
from billing.api.fhir import (
    CATEGORY_SYSTEM,
    INSURANCE_SYSTEM,
    LENDER_EXTENSION,
    PATIENT_SYSTEMS,
    SCENE_SYSTEM,
    VISIT_SYSTEM,
)
from common.numbers import is_number
from config.hospital_guide import INVOICE
from tests.api.conftest import SECRET, TODAY, World

ROOT = Path(__file__).resolve().parent.parent.parent
JSON, PROBLEM = "application/json", "application/problem+json"

# What interfaces name, and the few that were added beside them.
ENDPOINTS = {
    "GET /events",
    "GET /hospital/bills",
    "GET /hospital/differences",
    "GET /hospital/settlements",
    "GET /lender/applications",
    "GET /lender/bills",
    "GET /lender/collections",
    "GET /lender/differences",
    "GET /lender/settlements",
    "GET /me",
    "GET /webhook",
    "POST /hospital/bills",
    "POST /hospital/bills/batch",
    "POST /hospital/bills/{number}/insurance",
    "POST /hospital/bills/{number}/refunds",
    "POST /hospital/bills/{number}/uninsured",
    "POST /hospital/bills/{number}/void",
    "POST /hospital/eligibility",
    "POST /hospital/settlements/{number}/reconcile",
    "POST /hospital/statements",
    "POST /hospital/visits",
    "POST /hospital/visits/{number}/cancel",
    "POST /hospital/visits/{number}/items",
    "POST /hospital/visits/{number}/settle",
    "POST /lender/applications/{id}/decision",
    "POST /lender/collections/{id}/result",
    "POST /lender/contact-checks",
    "POST /lender/repayments",
    "POST /lender/settlements/{number}/payout",
    "POST /lender/settlements/{number}/return",
    "POST /lender/statements",
    "PUT /hospital/bills/{number}/e-invoice",
    "PUT /hospital/bills/{number}/e-invoice/red",
    "PUT /lender/offers/{code}",
    "PUT /webhook",
}


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    return httpx.get(f"{world.url}/api/v1/openapi.json").raise_for_status().json()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


@pytest.mark.article(7)
def test_the_document_is_openapi_3_1_and_holds_every_endpoint(document: dict[str, Any]) -> None:
    validate_schema(document)

    assert document["openapi"].startswith("3.1.")
    assert set(operations(document)) >= ENDPOINTS


def test_every_operation_says_who_may_call_it_and_how_it_refuses(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        scopes = [scope for one in operation["security"] for scope in one["client"]]
        audience = name.split("/")[1].split("?")[0]
        assert scopes == ([audience] if audience in ("hospital", "lender") else ["hospital", "lender"]), name
        assert {"401", "403", "default"} <= operation["responses"].keys(), name
        for status, response in operation["responses"].items():
            expected = JSON if status.startswith("2") else PROBLEM
            assert list(response["content"]) == [expected], (name, status)
        assert operation["summary"], name


def test_every_body_is_closed_and_has_an_example(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        if "requestBody" in operation:
            contents = operation["requestBody"]["content"]
            assert all(content["examples"] for content in contents.values()), name
            if JSON not in contents:
                # A file, whose lines are judged one by one.
                assert set(contents) == {"application/x-ndjson", "text/csv"}, name
                continue
            content = contents[JSON]
            component = content["schema"]["$ref"].rpartition("/")[2]
            assert document["components"]["schemas"][component]["additionalProperties"] is False, name


def test_a_charge_may_be_an_invoice_and_is_never_nothing(document: dict[str, Any]) -> None:
    body = operations(document)["POST /hospital/bills"]["requestBody"]

    assert list(body["content"]) == [JSON, "application/fhir+json"]
    assert body["required"] is True


def test_every_example_is_what_its_schema_says(document: dict[str, Any]) -> None:
    checked = 0
    for name, operation in operations(document).items():
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for body in [*bodies, *operation["responses"].values()]:
            for content in body["content"].values():
                schema = content["schema"] | {"components": document["components"]}
                for example in content.get("examples", {}).values():
                    (
                        jsonschema.Draft202012Validator(
                            schema, format_checker=jsonschema.FormatChecker()
                        ).validate(example["value"]),
                        name,
                    )
                    checked += 1
    assert checked > 60


def test_every_number_in_an_example_has_its_check_digit(document: dict[str, Any]) -> None:
    numbers = set(re.findall(r"\b[A-Z][0-9]{8}-[0-9]{7}-[0-9]\b", json.dumps(document)))

    assert numbers
    assert [number for number in numbers if not is_number(number)] == []


def test_the_document_speaks_both_languages(world: World) -> None:
    address = f"{world.url}/api/v1/openapi.json"
    english = httpx.get(address, params={"lang": "en"}).json()

    assert operations(english)["POST /hospital/bills"]["summary"] == "Charge in one step"


# Says what it was called with, each word closed by a zero byte, and then what was typed into it.
CURL = """#!/bin/sh
printf '%s\\0' "$@"
case " $* " in *" @- "*) cat ;; esac
"""


class Shell:
    """A real shell with the variables that the reader is told to set; only its curl is ours."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.variables = variables
        self.path = f"{folder}:/usr/bin:/bin"
        (folder / "curl").write_text(CURL)
        (folder / "curl").chmod(0o755)

    def run(self, command: str) -> httpx.Response:
        environment = self.variables | {"PATH": self.path}
        said = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, check=True)
        *words, typed = said.stdout.decode().split("\0")
        method, url, headers, data, auth = "", "", {}, "", None
        rest = iter(words)
        for word in rest:
            match word:
                case "-sS":
                    continue
                case "-X":
                    method = next(rest)
                case "-H":
                    name, _colon, value = next(rest).partition(": ")
                    headers[name] = value
                case "-d":
                    data = next(rest).replace("@-", typed)
                case "-u":
                    user, _colon, password = next(rest).partition(":")
                    auth = (user, password)
                case _:
                    url = word
        if auth:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = httpx.request(
            method or ("POST" if data else "GET"),
            url,
            headers=headers,
            content=data.encode() or None,
            auth=auth,
            timeout=30,
        )
        self.remember(answer)
        return answer

    def remember(self, answer: httpx.Response) -> None:
        """What the reader would copy from an answer into a variable."""
        body = answer.json()
        rows = body.get("results") or [body]
        for row in reversed(rows):
            number = str(row.get("number", ""))
            if is_number(number) and number[0] in "BS":
                self.variables["BILL" if number[0] == "B" else "SETTLEMENT"] = number
            if "net_fen" in row:
                self.variables["NET_FEN"] = str(row["net_fen"])


@pytest.fixture
def shell(world: World, lin: Person, settings: Any, tmp_path: Path) -> Shell:
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    hospital, bank = world.hospital, world.bank
    return Shell(
        tmp_path,
        {
            "PLATFORM": world.url,
            "HOSPITAL_ID": hospital.client.application.client_id,
            "HOSPITAL_SECRET": SECRET,
            "HOSPITAL_TOKEN": hospital.token,
            "LENDER_TOKEN": bank.token,
            "RESIDENT_ID": lin.resident_id,
            "CREDIT_CODE": lin.credit_code,
            "TODAY": str(TODAY),
            "INVOICE_NUMBER": "9900000001",
            "WEBHOOK_URL": "http://127.0.0.1:9/events",
        },
    )


def test_the_guides_worked_example_works_as_it_stands(shell: Shell) -> None:
    guide = (ROOT / "docs" / "api.md").read_text()
    commands = re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)

    assert len(commands) >= 10
    for command in commands:
        answer = shell.run(command)
        assert answer.is_success, (command, answer.text)


def test_the_guide_names_every_event_and_no_other() -> None:
    told = {
        name
        for app in ("billing", "lenders", "hospitals")
        for path in (ROOT / app).rglob("*.py")
        for name in re.findall(r'(?:name=|Fact\(\S+ |_tell\(\S+ )"([a-z_]+\.[a-z_]+)"', path.read_text())
    }
    guide = (ROOT / "docs" / "api.md").read_text()

    events = guide[guide.index("| to | event |") :]
    assert set(re.findall(r"`([a-z_]+\.[a-z_]+)`", events)) == told


def test_the_guide_says_how_every_part_of_an_invoice_is_read(docs_page: httpx.Response) -> None:
    guide = (ROOT / "docs" / "api.md").read_text()

    for row in INVOICE:
        for place in row.place.removesuffix(", …").split(", "):
            assert f"`{place}`" in guide, place
            assert place in docs_page.text, place
        for field in filter(None, row.becomes.split(", ")):
            assert f"`{field}`" in guide, field
    own = (VISIT_SYSTEM, SCENE_SYSTEM, CATEGORY_SYSTEM, INSURANCE_SYSTEM, LENDER_EXTENSION)
    for name in (*PATIENT_SYSTEMS, *own):
        assert f"`{name}`" in guide, name
        assert name in docs_page.text, name


@pytest.fixture(scope="module")
def docs_page(world: World) -> httpx.Response:
    return httpx.get(f"{world.url}/en/api/docs/").raise_for_status()


def test_the_page_shows_every_endpoint(docs_page: httpx.Response, document: dict[str, Any]) -> None:
    for name in operations(document):
        method, path = name.split(" ")
        assert f"<code>{method} /api/v1{path}</code>" in docs_page.text, name


def test_the_page_keeps_to_the_content_policy_and_loads_nothing_from_elsewhere(
    docs_page: httpx.Response,
) -> None:
    policy = docs_page.headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert not re.search(r"<style|style=|\son[a-z]+=", docs_page.text)
    assert all(
        src.startswith("/") for src in re.findall(r'<(?:script|img)[^>]* src="([^"]*)"', docs_page.text)
    )
    assert "<script>" not in docs_page.text


def test_every_curl_of_the_page_is_a_call_that_the_platform_understands(
    docs_page: httpx.Response, shell: Shell, world: World
) -> None:
    commands = [
        unescape(text)
        for text in re.findall(r"<pre[^>]*>(.*?)</pre>", docs_page.text, re.DOTALL)
        if "curl" in text
    ]
    calls = [command for command in commands if command.startswith("curl")]

    # Every endpoint once, and the charge a second time as an Invoice.
    assert len(calls) == len(ENDPOINTS) + 1
    for command in calls:
        shell.variables["TOKEN"] = shell.variables[
            "LENDER_TOKEN" if "/lender/" in command else "HOSPITAL_TOKEN"
        ]
        answer = shell.run(command)
        # The people, bills and addresses of the examples are made up: that is all that may be wrong.
        made_up = {answer.json().get("field")} & {
            "credit_code", "url", "value_on", "business_on", "e_invoice.issued_on",
        }  # fmt: skip
        assert answer.status_code in (200, 201, 404, 409) or made_up, (command, answer.text)


def test_the_page_stands_in_both_languages(world: World) -> None:
    chinese = httpx.get(f"{world.url}/api/docs/").raise_for_status()

    assert 'lang="zh-Hans"' in chinese.text.split(">")[1]
    assert urlsplit(str(chinese.url)).path == "/api/docs/"
