"""The API's documentation as a page, made from the same OpenAPI document that machines read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from drf_spectacular.generators import SchemaGenerator

from common.articles import enforces
from config.hospital_guide import GOING_LIVE, invoice_curl, invoice_rows

JSON = "application/json"
PREFIX = "/api/v1"
DEEPEST = 4

Schema = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One value of a body or an address; `items[].name` is the name of each item."""

    name: str
    kind: str
    needed: bool
    description: str


@dataclass(frozen=True)
class Problem:
    status: str
    description: str


@dataclass(frozen=True)
class Endpoint:
    name: str
    method: str
    path: str
    scopes: tuple[str, ...]
    summary: str
    description: str
    needs_key: bool
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer_status: str
    answer: tuple[Field, ...]
    example: str
    problems: tuple[Problem, ...]
    curl: str


@dataclass(frozen=True)
class Chapter:
    """The endpoints of one scope, or of both."""

    code: str
    title: str
    endpoints: tuple[Endpoint, ...]


@enforces(7)
def api_docs(request: HttpRequest) -> HttpResponse:
    """Public: what is here is also in openapi.json."""
    context = {
        "chapters": chapters(get_language() or "en"),
        "invoice_rows": invoice_rows(),
        "invoice_curl": invoice_curl(),
        "going_live": GOING_LIVE,
        "platform": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "config/public/api_docs.html", context)


@lru_cache(maxsize=4)
def chapters(language: str) -> tuple[Chapter, ...]:
    """Every endpoint, described in that language. Made once a process: only a new release changes it."""
    with override(language):
        document = SchemaGenerator().get_schema(public=True)
        titles = {"hospital": _("For hospitals"), "lender": _("For lenders"), "both": _("For both")}
        endpoints = list(_endpoints(document))
        return tuple(
            Chapter(code, title, tuple(endpoint for tag, endpoint in endpoints if tag == code))
            for code, title in titles.items()
        )


def _endpoints(document: Schema) -> Iterator[tuple[str, Endpoint]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield operation["tags"][0], _endpoint(document, path, method.upper(), operation)


def _endpoint(document: Schema, path: str, method: str, operation: Schema) -> Endpoint:
    parameters = operation.get("parameters", [])
    contents: dict[str, Schema] = operation.get("requestBody", {}).get("content", {})
    media_type = next(iter(contents), JSON)
    asked = contents.get(media_type, {})
    status = next(code for code in operation["responses"] if code.startswith("2"))
    answered = operation["responses"][status].get("content", {}).get(JSON, {})
    body = _example(asked)
    needs_key = any(one["name"] == "Idempotency-Key" for one in parameters)
    summary = str(operation.get("summary", operation["operationId"]))
    description = operation.get("description", "")
    return Endpoint(
        name=operation["operationId"],
        method=method,
        path=path,
        scopes=tuple(
            sorted(scope for one in operation["security"] for scopes in one.values() for scope in scopes)
        ),
        summary=summary,
        description="" if description == summary else _plain(description),
        needs_key=needs_key,
        parameters=tuple(
            Field(
                one["name"],
                _kind(document, one["schema"]),
                one.get("required", False),
                _plain(one.get("description", "")),
            )
            for one in parameters
            if one["in"] != "header"
        ),
        body=tuple(_fields(document, asked.get("schema", {}))),
        answer_status=status,
        answer=tuple(_fields(document, answered.get("schema", {}))),
        example=_as_json(_example(answered)),
        problems=tuple(
            Problem(code, _plain(one["description"]))
            for code, one in sorted(operation["responses"].items())
            if code.startswith(("4", "5"))
        ),
        curl=_curl(
            method, _filled(path, parameters), operation["operationId"] if needs_key else "", body, media_type
        ),
    )


def _resolved(document: Schema, schema: Schema) -> Schema:
    """The schema itself where it is a reference, or the one beside null."""
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for word in ("allOf", "oneOf", "anyOf"):
        if word in schema:
            return _resolved(document, schema[word][0])
    return schema


def _fields(document: Schema, schema: Schema, path: str = "", depth: int = 0) -> Iterator[Field]:
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        yield from _fields(document, schema["items"], f"{path}[]", depth)
        return
    needed = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        here = f"{path}.{name}".lstrip(".")
        description = one.get("description") or _own_description(one)
        yield Field(here, _kind(document, one), name in needed, _plain(description))
        if depth < DEEPEST:
            yield from _fields(document, one, here, depth + 1)


def _own_description(schema: Schema) -> str:
    return next((one["description"] for one in schema.get("oneOf", []) if "description" in one), "")


def _plain(markdown: str) -> str:
    """Without the marks of Markdown, of which only code and lists of values are used."""
    return markdown.replace("* `", "").replace("` - ", ": ").replace("`", "")


def _kind(document: Schema, schema: Schema) -> str:
    """What a value is, in words: `whole number`, `date`, `one of applied, granted`."""
    may_be_null = any(one.get("type") == "null" for one in schema.get("oneOf", []))
    plain = _resolved(document, schema)
    kinds = plain.get("type", "object")
    if isinstance(kinds, list):
        may_be_null |= "null" in kinds
        kinds = next(one for one in kinds if one != "null")
    if "enum" in plain:
        words = _("one of %(values)s") % {"values": ", ".join(str(one) for one in plain["enum"] if one)}
    elif plain.get("format") in ("date", "date-time", "uri", "uuid"):
        words = {"date": _("date"), "date-time": _("time"), "uri": "URL", "uuid": "UUID"}[plain["format"]]
    else:
        words = {
            "integer": _("whole number"),
            "boolean": _("true or false"),
            "string": _("text"),
            "array": _("list"),
        }.get(kinds, _("object"))
    return _("%(kind)s or null") % {"kind": words} if may_be_null else words


def _example(content: Schema) -> Any:
    for example in content.get("examples", {}).values():
        return example["value"]
    return None


def _filled(path: str, parameters: list[Schema]) -> str:
    for one in parameters:
        if one["in"] == "path":
            [example] = one["examples"].values()
            path = path.replace(f"{{{one['name']}}}", example["value"])
    needed = [one for one in parameters if one["in"] == "query" and one.get("required")]
    query = "&".join(f"{one['name']}={_sample(one['schema'])}" for one in needed)
    return f"{path}?{query}" if query else path


def _sample(schema: Schema) -> str:
    """A value for an address that must name one: a date, or a code."""
    return "2026-11-22" if schema.get("format") == "date" else "XM001"


def _as_json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)


def _curl(method: str, path: str, key: str, body: Any, media_type: str) -> str:
    """For a shell in which PLATFORM and TOKEN are set."""
    lines = [f'curl -sS -X {method} "$PLATFORM{path}"', '-H "Authorization: Bearer $TOKEN"']
    if key:
        lines.append(f'-H "Idempotency-Key: {key}-1"')
    if body is not None:
        text = _as_json(body) if media_type == JSON else str(body)
        quoted = text.replace("'", "'\\''")
        lines += [f'-H "Content-Type: {media_type}"', f"-d '{quoted}'"]
    return " \\\n  ".join(lines)
