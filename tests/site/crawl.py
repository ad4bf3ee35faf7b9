"""Walks through the platform as one of its people: every link, every form empty and filled.

What a form does is undone before the next one. Pages keep their text where they show something that no page
of the same address has shown before; the browser tests look at those.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

from django.contrib.staticfiles import finders
from django.db import connection, transaction
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils.translation import override

from tests.site.answers import Answers, empty, filled
from tests.site.reading import Form, Page

OTHERS = ("tel:", "mailto:", "sms:", "data:")
PAGES_OF_A_ROUTE = 12
PAGES_OF_A_TABLE = 1
FORMS_DEEP = 6
GOOD = frozenset({200, 204, 409, 422})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass
class Seen:
    """One answer. `text` is empty where another page of the route showed all of it already."""

    actor: str
    address: str
    route: str
    language: str
    how: str
    status: int
    queries: int
    kind: str
    text: str = field(default="", repr=False)
    elder: str = field(default="", repr=False)
    policy: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass
class Walk:
    """What one actor saw, and what was wrong with it."""

    actor: str
    seen: list[Seen] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    @property
    def routes(self) -> set[str]:
        return {one.route for one in self.seen}


class Walker:
    """Somebody with a browser and no script. `code_of` reads the newest one-time code of a telephone."""

    def __init__(
        self, actor: str, client: Client, *, answers: Answers, code: Callable[[], str] = str
    ) -> None:
        self.client, self.answers, self.code = client, dict(answers), code
        self.done = Walk(actor)
        self.met: set[str] = set()
        self.visits: Counter[tuple[str, str]] = Counter()
        self.shown: dict[tuple[str, str, str], set[str]] = {}
        self.tried: set[tuple[Any, ...]] = set()

    def walk(self, *starts: str) -> Walk:
        waiting = deque(starts)
        forms: list[tuple[str, str, Form]] = []
        while waiting:
            address = waiting.popleft()
            page = self._visit(address)
            if page is None:
                continue
            here = self.done.seen[-1].address
            waiting.extend(self._links(page, here))
            for form in page.forms:
                if form.method == "get":
                    waiting.extend(self._asked(form, here))
                else:
                    forms.append((here, self.done.seen[-1].route, form))
        for here, route, form in forms:
            self._try_form(here, route, form, 0)
        return self.done

    # Looking

    def _visit(self, address: str) -> Page | None:
        """A page that has not been visited, following where it leads; None where there is nothing to read."""
        path = urlsplit(address).path
        route, language = self._route(address), language_of(path)
        if address in self.met or route is None:
            return None
        self.met.add(address)
        most = PAGES_OF_A_TABLE if route.startswith("admin:") else PAGES_OF_A_ROUTE
        if self.visits[route, language] >= most:
            return None
        self.visits[route, language] += 1
        return self._look(address, route, language, "get", lambda: self.client.get(address))

    def _look(self, address: str, route: str, language: str, how: str, ask: Callable[[], Any]) -> Page | None:
        try:
            with counted() as queries:
                answer = ask()
        except Exception as error:
            self._complain(how, address, f"{type(error).__name__}: {str(error)[:200]}")
            return None
        kind = answer.get("Content-Type", "").partition(";")[0]
        seen = Seen(self.done.actor, address, route, language, how, answer.status_code, len(queries), kind)
        self.done.seen.append(seen)
        if answer.status_code in REDIRECTS:
            return self._follow(address, answer["Location"], how)
        if answer.status_code not in GOOD:
            self._complain(how, address, f"answers {answer.status_code}")
        if answer.streaming or kind != "text/html":
            seen.body = b"" if answer.streaming or not kind.startswith("image/") else answer.content
            return None
        return self._read(seen, answer)

    def _read(self, seen: Seen, answer: Any) -> Page:
        text = answer.content.decode()
        page = Page(text)
        for fault in page.faults():
            self._complain(seen.how, seen.address, fault)
        if seen.route.startswith("admin:"):
            return page  # Django's own pages, in its own words; tests/office looks at them
        for words in page.in_wrong_language():
            self._complain(seen.how, seen.address, f"in the wrong language: {words[:80]}")
        state = "error" if page.errors else str(seen.status)
        shown = self.shown.setdefault((seen.route, seen.language, state), set())
        if not page.marks <= shown:
            shown |= page.marks
            seen.text, seen.policy = text, answer.get("Content-Security-Policy", "")
            if seen.how == "get":
                self.client.cookies["elder"] = "largest"
                seen.elder = self.client.get(seen.address).content.decode()
                del self.client.cookies["elder"]
        return page

    def _follow(self, address: str, to: str, how: str) -> Page | None:
        target = urljoin(address, to)
        if urlsplit(target).netloc:
            return None
        if how == "get":
            return self._visit(urldefrag(target).url)
        route = self._route(target)
        if route is None:
            self._complain(how, address, f"leads to {target}, which is no address")
            return None
        return self._look(target, route, language_of(target), f"{how}, then", lambda: self.client.get(target))

    # Where a page leads

    def _links(self, page: Page, here: str) -> Iterator[str]:
        for file in page.files:
            self._check_file(file, here)
            yield from self._inside(file, here)
        for link in page.links:
            yield from self._inside(link, here)

    def _inside(self, link: str, here: str) -> Iterator[str]:
        if link.startswith((*OTHERS, "#", "/static/")):
            return
        target = urldefrag(urljoin(here, link)).url
        if urlsplit(target).netloc:
            self._complain("get", here, f"leads out of the house: {target}")
        elif self._route(target) is None:
            self._complain("get", here, f"has a link to {target}, which is no address")
        else:
            yield target

    def _check_file(self, file: str, here: str) -> None:
        if file.startswith("/static/") and not finders.find(file.removeprefix("/static/")):
            self._complain("get", here, f"asks for {file}, which is not there")

    def _asked(self, form: Form, here: str) -> Iterator[str]:
        """Where a GET form leads, empty and filled."""
        for sent in (empty(form), *filled(form, self.answers)):
            target = urljoin(here, form.action or urlsplit(here).path)
            yield f"{urlsplit(target).path}?{urlencode(sent, doseq=True)}"

    @staticmethod
    def _route(address: str) -> str | None:
        path = urlsplit(address).path
        with override(language_of(path)):
            try:
                return resolve(path).view_name
            except Resolver404:
                return None

    # Acting

    def _try_form(self, here: str, route: str, form: Form, depth: int) -> None:
        """Press the button of an empty form, then of one filled in, and go on from there; all is undone."""
        target = urljoin(here, form.action or here)
        acts_on = self._route(target)
        if acts_on is None:
            self._complain("post", here, f"has a form for {target}, which is no address")
            return
        language = language_of(here)
        key = (acts_on, route if acts_on == route else "", language, form.shape)
        if acts_on.startswith("admin:") or key in self.tried or depth > FORMS_DEEP:
            return
        self.tried.add(key)
        if any(control.attributes.get("autocomplete") == "one-time-code" for control in form.controls):
            self.answers["code"] = [self.code()]
        pressed = [("filled", sent) for sent in filled(form, self.answers)]
        for how, sent in (("empty", empty(form)), *pressed):
            with self._undone():

                def ask(sent: dict[str, Any] = sent) -> Any:
                    return self.client.post(target, sent)

                page = self._look(target, acts_on, language, how, ask)
                if page is not None:
                    self._go_on(page, depth)

    def _go_on(self, page: Page, depth: int) -> None:
        """What only this state of things shows: addresses that nobody could reach before, and their forms."""
        here, route = self.done.seen[-1].address, self.done.seen[-1].route
        pages = [(here, route, page)]
        for link in self._links(page, here):
            if self._route(link) not in self.done.routes:
                reached = self._visit(link)
                if reached is not None:
                    pages.append((self.done.seen[-1].address, self.done.seen[-1].route, reached))
        for where, of, one in pages:
            for form in one.forms:
                if form.method == "post":
                    self._try_form(where, of, form, depth + 1)

    @contextmanager
    def _undone(self) -> Iterator[None]:
        cookies: SimpleCookie = deepcopy(self.client.cookies)
        try:
            block = transaction.atomic()
            # As in Django's own test cases: what demands to be the outermost may stand inside of this one.
            block._from_testcase = True  # type: ignore[attr-defined]
            with block:
                yield
                transaction.set_rollback(True)
        finally:
            self.client.cookies = cookies

    def _complain(self, how: str, address: str, trouble: str) -> None:
        text = f"{self.done.actor} {how} {address}: {trouble}"
        if text not in self.done.troubles:
            self.done.troubles.append(text)


def language_of(address: str) -> str:
    return "en" if address.startswith("/en/") else "zh-hans"


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that the block sends to the database."""
    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent
