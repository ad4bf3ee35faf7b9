"""The reference client for integrators: a token, lists page by page, writes that may safely be repeated.

    with PlatformClient("https://platform.example", client_id, client_secret, "lender") as platform:
        for settlement in platform.pages("/lender/settlements", state="due"):
            number = settlement["number"]
            platform.post(f"/lender/settlements/{number}/payout", {...}, key=f"payout-{number}")

Every write carries an Idempotency-Key. Choose it from what the write is about, not at random: then a write
whose answer was lost can be repeated after a restart too, and still has one effect.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx

API = "/api/v1"
TOKEN = "/api/oauth/token"  # noqa: S105
TRIES = 5
LONGEST_WAIT_SECONDS = 10.0
RENEW_BEFORE_SECONDS = 30.0

# Worth another try: too many at once, or not well just now.
BUSY = frozenset({429, 502, 503, 504})
IN_FLIGHT = "idempotency_in_flight"


class PlatformUnavailable(Exception):
    """No answer after several tries. The write may have happened: repeat it with the same key."""


class PlatformRefused(Exception):
    """The platform answered no. `code`, `detail` and `article` say why (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code', '')}: {problem.get('detail', '')}")
        self.status = status
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", ""))
        self.article = problem.get("article")


class PlatformClient:
    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        scope: str,
        *,
        sleep: Callable[[float], object] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.credentials = {"client_id": client_id, "client_secret": client_secret, "scope": scope}
        self.sleep = sleep
        self.http = httpx.Client(base_url=base_url, timeout=10, transport=transport)
        self.token = ""
        self.token_ends = 0.0

    def __enter__(self) -> "PlatformClient":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def get(self, path: str, **filters: Any) -> Any:
        return self._ask("GET", API + path, params=filters)

    def pages(self, path: str, **filters: Any) -> Iterator[dict[str, Any]]:
        """Every result of a list, page after page."""
        page = self.get(path, **filters)
        while True:
            yield from page["results"]
            following = page.get("next")
            if not following:
                return
            if "/" in following or "?" in following:
                # Our own base address stays: only path and query are taken from the link.
                link = urlsplit(following)
                page = self._ask("GET", f"{link.path or API + path}?{link.query}")
            else:
                page = self.get(path, **(filters | {"cursor": following}))

    def post(
        self, path: str, body: dict[str, Any], *, key: str, content_type: str = "application/json"
    ) -> Any:
        headers = {"Idempotency-Key": key, "Content-Type": content_type}
        return self._ask("POST", API + path, json=body, headers=headers)

    def upload(self, path: str, content: bytes, *, key: str, content_type: str, **query: Any) -> Any:
        """A file as the body."""
        headers = {"Idempotency-Key": key, "Content-Type": content_type}
        return self._ask("POST", API + path, content=content, params=query, headers=headers)

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask("PUT", API + path, json=body)

    def _ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **content: Any) -> Any:
        reason = ""
        for attempt in range(TRIES):
            wait_seconds = 0.2 * 2**attempt
            try:
                sent = (headers or {}) | {"Authorization": f"Bearer {self._token()}"}
                answer = self.http.request(method, path, headers=sent, **content)
            except httpx.TransportError as error:
                reason = type(error).__name__
            else:
                if answer.is_success:
                    return answer.json() if answer.content else None
                reason = str(answer.status_code)
                if answer.status_code == 401 and attempt == 0:
                    # Revoked or forgotten on the other side: one new token, at once.
                    self.token, wait_seconds = "", 0.0
                elif not _worth_another_try(answer):
                    raise PlatformRefused(answer.status_code, _problem(answer))
                wait_seconds = max(wait_seconds, _retry_after_seconds(answer))
            if attempt + 1 < TRIES:
                self.sleep(min(wait_seconds, LONGEST_WAIT_SECONDS))
        raise PlatformUnavailable(reason)

    def _token(self) -> str:
        if self.token and time.monotonic() < self.token_ends:
            return self.token
        answer = self.http.post(TOKEN, data={"grant_type": "client_credentials"} | self.credentials)
        if answer.status_code in BUSY or answer.status_code >= 500:
            raise httpx.ReadError(f"token: {answer.status_code}")
        if not answer.is_success:
            raise PlatformRefused(answer.status_code, _problem(answer))
        given = answer.json()
        self.token = given["access_token"]
        self.token_ends = time.monotonic() + given.get("expires_in", 300) - RENEW_BEFORE_SECONDS
        return self.token


def _worth_another_try(answer: httpx.Response) -> bool:
    if answer.status_code in BUSY:
        return True
    # 409 is also a rule's no. It is worth another try only where a twin of this request is still at work.
    return answer.status_code == 409 and _problem(answer).get("code") == IN_FLIGHT


def _retry_after_seconds(answer: httpx.Response) -> float:
    try:
        return float(answer.headers.get("retry-after", 0))
    except ValueError:
        return 0.0


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
