"""A stand-in for the platform: real HTTP, a script of lists and answers, and a memory of what it was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

API = "/api/v1"


class StandIn:
    """`lists` are what GET gives by path (and `state`, and `e_invoice` where a row is `listed`); `answers`
    come once each, before the usual ones.
    """

    def __init__(self) -> None:
        self.url = ""
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.sent: list[tuple[str, str, dict[str, Any], str]] = []
        self.tokens = 0
        self.page_size = 2
        self.lock = Lock()

    def posts(self, part: str = "") -> list[tuple[str, dict[str, Any], str]]:
        sent = [(path, body, key) for method, path, body, key in self.sent if method == "POST"]
        return [post for post in sent if part in post[0]]

    def answer(self, method: str, target: str, body: bytes, headers: Any) -> tuple[int, dict[str, Any]]:
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/api/oauth/token":
            self.tokens += 1
            return 200, {"access_token": f"token-{self.tokens}", "expires_in": 3600}
        path = url.path.removeprefix(API)
        if method != "GET":
            self.sent.append((method, path, json.loads(body), headers.get("Idempotency-Key", "")))
        if self.answers:
            return self.answers.pop(0)
        if headers["Authorization"] != f"Bearer token-{self.tokens}":
            return 401, {}
        if method != "GET":
            return 200, {"number": path}
        return 200, self.page(target, path, query)

    def page(self, target: str, path: str, query: dict[str, str]) -> dict[str, Any]:
        rows = [
            row
            for row in self.lists.get(path, [])
            if row.get("state") in (None, query.get("state"))
            and row.get("listed", query.get("e_invoice")) == query.get("e_invoice")
        ]
        start = int(query.get("cursor", 0))
        end = start + self.page_size
        base = f"http://another-name.example{API}{path}"
        kept = "".join(f"{name}={query[name]}&" for name in ("state", "e_invoice") if name in query)
        following = f"{base}?{kept}cursor={end}" if end < len(rows) else None
        return {"results": rows[start:end], "next": following}


@contextmanager
def stand_in() -> Iterator[StandIn]:
    platform = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: two wait for each other's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with platform.lock:
                status, answer = platform.answer(self.command, self.path, body, self.headers)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_GET

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    platform.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
