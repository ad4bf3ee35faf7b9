"""The little of HTTP that the counterparts need: routes, JSON in and out, and a clear no that names the
field.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from http import HTTPStatus
from socket import SHUT_RDWR
from typing import Any
from urllib.parse import parse_qs

MAXIMUM_BODY_BYTES = 2_000_000

Environ = dict[str, Any]


class Refused(Exception):
    """Answered as problem+json."""

    def __init__(self, status: int, code: str, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"status": status, "code": code, "detail": detail} | ({"field": field} if field else {})


@dataclass(frozen=True)
class Answer:
    """`cut` breaks the connection instead of answering: what was asked for was done all the same.

    `location` is where a browser is sent on to.
    """

    body: Any
    status: int = 200
    content_type: str = "application/json"
    cut: bool = False
    location: str = ""


@dataclass
class Request:
    environ: Environ
    arguments: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        try:
            length = int(self.environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            raise Refused(400, "bad_request", "Content-Length is not a number.") from None
        if length > MAXIMUM_BODY_BYTES:
            raise Refused(413, "too_large", f"At most {MAXIMUM_BODY_BYTES} bytes.")
        return self.environ["wsgi.input"].read(length)

    def json(self) -> "Fields":
        try:
            content = json.loads(self.body())
        except ValueError:
            raise Refused(400, "not_json", "The body is not JSON.") from None
        return Fields(content)

    def event(self) -> "Fields":
        """Something told: as it is, or in the envelope in which the platform sends its events."""
        fields = self.json()
        return Fields(fields.content["data"], "data") if "data" in fields else fields

    def query(self, name: str) -> str:
        return parse_qs(self.environ.get("QUERY_STRING", "")).get(name, [""])[0]

    def headers(self) -> dict[str, str]:
        return {
            name[5:].replace("_", "-").lower(): value
            for name, value in self.environ.items()
            if name.startswith("HTTP_")
        }


class Fields:
    """A JSON object whose fields are asked for by kind. What is missing or of another kind is refused."""

    def __init__(self, content: Any, path: str = "") -> None:
        if not isinstance(content, dict):
            raise Refused(422, "bad_input", f"{path or 'The body'} must be an object.", field=path)
        self.content = content
        self.path = path

    def __contains__(self, name: str) -> bool:
        return name in self.content

    def text(self, name: str, *, maximum: int = 200) -> str:
        value = self.content.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= maximum:
            raise self._bad(name, f"must be text of 1 to {maximum} characters")
        return value

    def person(self) -> tuple[str, str]:
        """Who it is about: either ("resident_id", …) or ("credit_code", …)."""
        named = [name for name in ("resident_id", "credit_code") if name in self.content]
        if len(named) != 1:
            raise self._bad("resident_id", "or credit_code must be given, and not both")
        return named[0], self.text(named[0])

    def one_of(self, name: str, choices: Iterable[str]) -> str:
        value = self.content.get(name)
        if not isinstance(value, str) or value not in choices:
            raise self._bad(name, f"must be one of {', '.join(sorted(choices))}")
        return value

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise self._bad(name, "must be a date, YYYY-MM-DD") from None

    def moment(self, name: str) -> datetime:
        try:
            value = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise self._bad(name, "must be a time with its offset, ISO 8601") from None
        if value.tzinfo is None:
            raise self._bad(name, "must be a time with its offset, ISO 8601")
        return value

    def whole(self, name: str) -> int | None:
        """A whole number or null."""
        value = self.content.get(name)
        if value is not None and type(value) is not int:
            raise self._bad(name, "must be a whole number or null")
        return value

    def many(self, name: str, *, maximum: int) -> list[Any]:
        value = self.content.get(name)
        if not isinstance(value, list) or not 1 <= len(value) <= maximum:
            raise self._bad(name, f"must be a list of 1 to {maximum}")
        return value

    def _bad(self, name: str, what: str) -> Refused:
        path = f"{self.path}.{name}" if self.path else name
        return Refused(422, "bad_input", f"{path} {what}.", field=path)


Handler = Callable[[Request], Answer]


class Router:
    """A WSGI application over (method, path) pairs; `<name>` takes one segment, `<name*>` all the rest."""

    def __init__(self) -> None:
        self.exact: dict[str, dict[str, Handler]] = {}
        self.patterns: list[tuple[re.Pattern[str], dict[str, Handler]]] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        if "<" not in path:
            self.exact.setdefault(path, {})[method] = handler
            return
        one_segment = re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", path)
        pattern = re.compile(re.sub(r"<(\w+)\*>", r"(?P<\1>.+)", one_segment))
        for known, methods in self.patterns:
            if known == pattern:
                methods[method] = handler
                return
        self.patterns.append((pattern, {method: handler}))

    def answer(self, request: Request) -> Answer:
        # WSGI hands the path over as Latin-1.
        path = request.environ["PATH_INFO"].encode("latin-1", "replace").decode("utf-8", "replace")
        methods = self.exact.get(path)
        if methods is None:
            for pattern, candidates in self.patterns:
                match = pattern.fullmatch(path)
                if match:
                    methods, request.arguments = candidates, match.groupdict()
                    break
            else:
                raise Refused(404, "not_found", "No such address.")
        handler = methods.get(request.environ["REQUEST_METHOD"])
        if handler is None:
            raise Refused(405, "method_not_allowed", f"This address takes {', '.join(sorted(methods))}.")
        return handler(request)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        try:
            answer = self.answer(Request(environ))
        except Refused as refused:
            answer = Answer(refused.body, refused.status, "application/problem+json")
        body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
        content = body.encode()
        headers = [
            ("Content-Type", f"{answer.content_type}; charset=utf-8"),
            ("Content-Length", str(len(content))),
            ("Content-Security-Policy", "default-src 'none'; style-src 'self'"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if answer.location:
            headers.append(("Location", answer.location))
        if answer.cut:
            environ["gunicorn.socket"].shutdown(SHUT_RDWR)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [content]
