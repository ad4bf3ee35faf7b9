"""The address that the system under test calls: everything is passed on to the platform and noted.

To the first charge of certain visits it answers itself, as a platform on a bad day would.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from socket import SHUT_RDWR
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from sandbox.conformance.plan import PLANTED, Plan
from sandbox.conformance.tape import CUT, Exchange, Tape, visit_number_of

API = "/api/v1"
TOKEN = "/api/oauth/token"  # noqa: S105 - an address
CHARGES = "/hospital/bills"
MAXIMUM_BODY_BYTES = 50_000_000
PASSED_ON = ("authorization", "content-type", "idempotency-key", "accept", "accept-language")
GIVEN_BACK = (
    "content-type",
    "retry-after",
    "idempotency-replayed",
    "ratelimit",
    "ratelimit-policy",
    "www-authenticate",
)

Answer = tuple[int, dict[str, str], bytes]
Page = Callable[[str, str], tuple[str, str] | None]


class Recorder:
    """`page` gives content type and text of its own addresses, under /conformance."""

    def __init__(self, platform: str, plan: Plan, *, page: Page | None = None) -> None:
        self.platform = platform.rstrip("/")
        self.plan = plan
        self.page = page or (lambda method, path: None)
        self.tape = Tape()
        self.url = ""
        self.http = httpx.Client(base_url=self.platform, timeout=60)
        self.lock = Lock()
        self.still_to_play = set(PLANTED)

    def planted(self, method: str, path: str, body: Any) -> str:
        """The bad day of this call: once, for the first charge of the visit that is named for it."""
        case = self.plan.case_of(visit_number_of(body))
        if method != "POST" or path != CHARGES:
            return ""
        with self.lock:
            if case not in self.still_to_play:
                return ""
            self.still_to_play.remove(case)
        return case

    def answer(self, method: str, target: str, headers: dict[str, str], content: bytes) -> Answer | None:
        """None for no answer at all."""
        url = urlsplit(target)
        if url.path.startswith("/conformance"):
            found = self.page(method, url.path)
            if found is None:
                return 404, {"content-type": "text/plain"}, b""
            return 200, {"content-type": f"{found[0]}; charset=utf-8"}, found[1].encode()
        at, path, body = time.monotonic(), url.path.removeprefix(API), _parsed(content, headers)
        planted = self.planted(method, path, body)
        status, code, wait_seconds = PLANTED.get(planted, (CUT, "", 0))
        if planted and status:
            problem = {
                "type": f"/problems/{code}",
                "title": code,
                "status": status,
                "detail": "Conformance",
                "code": code,
            }
            given = status, _problem_headers(wait_seconds), json.dumps(problem).encode()
        else:
            given = self.passed_on(method, target, headers, content)
        status, answer_headers, answer = given
        exchange = Exchange(
            method=method,
            path=path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers={name: value for name, value in headers.items() if name != "authorization"},
            body=body if path != TOKEN else {"grant_type": (body or {}).get("grant_type")},
            status=CUT if planted == "lost" else status,
            answer=_parsed(answer, answer_headers) if path != TOKEN else None,
            answer_headers=answer_headers,
            at=at,
            planted=planted,
        )
        self.tape.note(exchange)
        return None if planted == "lost" else given

    def passed_on(self, method: str, target: str, headers: dict[str, str], content: bytes) -> Answer:
        sent = {name: headers[name] for name in PASSED_ON if name in headers}
        try:
            answer = self.http.request(method, target, headers=sent, content=content)
        except httpx.TransportError as error:
            body = {"code": "unreachable", "status": 502, "detail": type(error).__name__}
            return 502, {"content-type": "application/problem+json"}, json.dumps(body).encode()
        back = {name: answer.headers[name] for name in GIVEN_BACK if name in answer.headers}
        return answer.status_code, back, self.kept_here(answer.content)

    def kept_here(self, content: bytes) -> bytes:
        """The following page of a list stands behind this address too."""
        if b'"next"' not in content:
            return content
        page = json.loads(content)
        if isinstance(page, dict) and isinstance(page.get("next"), str):
            link = urlsplit(page["next"])
            page["next"] = f"{self.url}{link.path}?{link.query}"
        return json.dumps(page, ensure_ascii=False).encode()


def _problem_headers(wait_seconds: int) -> dict[str, str]:
    retry = {"retry-after": str(wait_seconds)} if wait_seconds else {}
    return {"content-type": "application/problem+json"} | retry


def _parsed(content: bytes, headers: dict[str, str]) -> Any:
    """JSON as it is, a form as its fields; None for anything else."""
    kind = headers.get("content-type", "")
    with suppress(ValueError):
        if "json" in kind:
            return json.loads(content)
        if "form-urlencoded" in kind:
            return dict(parse_qsl(content.decode()))
    return None


def _content(stream: BufferedIOBase, headers: dict[str, str]) -> bytes | None:
    """The body, in chunks or at once; None where it is too large."""
    if headers.get("transfer-encoding", "").lower() != "chunked":
        length = int(headers.get("content-length") or 0)
        return stream.read(length) if length <= MAXIMUM_BODY_BYTES else None
    content = b""
    while size := int(stream.readline().partition(b";")[0], 16):
        content += stream.read(size)
        stream.readline()
        if len(content) > MAXIMUM_BODY_BYTES:
            return None
    while stream.readline().strip():
        pass
    return content


@contextmanager
def served(recorder: Recorder, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Recorder]:
    """Listening until left; `recorder.url` says where."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: two wait for each other's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def pass_on(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            content = _content(self.rfile, headers)
            if content is None:
                self.send_error(413)
                return
            given = recorder.answer(self.command, self.path, headers, content)
            if given is None:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(SHUT_RDWR)
                return
            status, answer_headers, content = given
            self.send_response(status)
            for name, value in answer_headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = pass_on

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    recorder.url = f"http://{host}:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        recorder.http.close()
