"""Every code by which the platform refuses leads to a page that explains it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator
from rest_framework import exceptions

from accounts.rest.idempotency import KeyInvalid, KeyMissing
from accounts.rest.meanings import MEANINGS
from common.articles import ARTICLES
from common.errors import BadInput, Refusal
from config.article_report import APPS, ROOT, load_everything
from config.problem_pages import explained, refusals

pytestmark = pytest.mark.django_db


def words(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def own_refusals(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every class of refusal that an app has, whatever it says of itself."""
    load_everything()
    for refusal in of.__subclasses__():
        if refusal.__module__.partition(".")[0] in APPS:
            yield refusal
        yield from own_refusals(refusal)


def raised() -> Iterator[tuple[str, str, int]]:
    """What the code raises with an article: the place, the name of the class and the article."""
    for path in sorted(path for app in APPS for path in (ROOT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Raise(exc=ast.Call(func=ast.Name(id=name), keywords=keywords)):
                    for keyword in keywords:
                        match keyword:
                            case ast.keyword(arg="article", value=ast.Constant(value=int() as number)):
                                yield f"{path.relative_to(ROOT)}:{node.lineno}", name, number


def test_every_refusal_says_what_it_means() -> None:
    assert {one.__qualname__ for one in own_refusals()} == {
        one.__qualname__ for one in refusals() if one.__module__.partition(".")[0] in APPS
    }


def test_every_refusal_names_the_articles_that_it_is_raised_with() -> None:
    named: dict[str, set[int]] = defaultdict(set)
    for refusal in own_refusals():
        named[refusal.__name__] |= set(refusal.articles)
    found = [one for one in raised() if one[1] in named and one[1] != BadInput.__name__]

    assert [one for one in found if one[2] not in named[one[1]]] == []
    assert len(found) > 50


def test_classes_that_share_a_code_share_its_status() -> None:
    by_code: dict[str, set[int]] = {}
    for refusal in own_refusals():
        by_code.setdefault(refusal.code, set()).add(refusal.status)

    assert {code: statuses for code, statuses in by_code.items() if len(statuses) > 1} == {}
    assert not by_code.keys() & MEANINGS.keys()


@pytest.mark.parametrize(
    "error",
    [
        exceptions.MethodNotAllowed,
        exceptions.NotAcceptable,
        exceptions.NotAuthenticated,
        exceptions.NotFound,
        exceptions.ParseError,
        exceptions.PermissionDenied,
        exceptions.Throttled,
        exceptions.UnsupportedMediaType,
        KeyInvalid,
        KeyMissing,
    ],
)
def test_what_the_framework_answers_is_explained_too(error: type[exceptions.APIException]) -> None:
    assert MEANINGS[error.default_code].status == error.status_code


@pytest.mark.parametrize(("prefix", "language"), [("", "zh-hans"), ("/en", "en")])
def test_every_code_has_a_page_in_both_languages(client: Client, prefix: str, language: str) -> None:
    for code, problem in explained().items():
        page = client.get(f"{prefix}/problems/{code}")
        assert page.status_code == 200
        with override(language):
            wanted = [code, *map(str, problem.meanings), *map(str, problem.remedies)]
        shown = words(page)
        assert [sentence for sentence in wanted if sentence not in shown] == []


def test_a_code_says_status_article_and_what_to_do(client: Client) -> None:
    shown = words(client.get("/en/problems/over_limit"))

    assert "The amount is more than the limit has left." in shown
    assert "Charge at most what is available" in shown
    assert f"Article 24 {ARTICLES[24].title_en}" in shown
    assert "409 Conflict" in shown
    assert f"《试行办法》第 24 条 {ARTICLES[24].title_zh}" in words(client.get("/problems/over_limit"))


def test_a_code_that_two_offices_share_says_each_sentence_once(client: Client) -> None:
    shown = words(client.get("/en/problems/cannot_appoint"))

    assert shown.count("The user works elsewhere, or has a sign-in for another office.") == 1
    assert "Article 15" in shown and "Article 22" in shown


@pytest.mark.parametrize("code", ["no_such_code", "refused", "over_limit/", "OVER_LIMIT", "..", "a%00b"])
def test_an_unknown_code_has_no_page(client: Client, code: str) -> None:
    assert client.get(f"/problems/{code}").status_code == 404


def test_every_code_is_listed_once(client: Client) -> None:
    shown = client.get("/problems/").content.decode()

    assert re.findall(r'href="/problems/([a-z_]+)"', shown) == list(explained())


def test_every_type_that_the_api_documents_leads_somewhere(client: Client) -> None:
    document = str(SchemaGenerator().get_schema(public=True))
    types = set(re.findall(r"/problems/[a-z_]+", document))

    assert types
    assert [one for one in types if client.get(one).status_code != 200] == []


def test_a_problem_of_the_api_leads_to_its_page(client: Client) -> None:
    for address in ("/api/v1/me", "/api/v1/no-such-thing"):
        problem = client.get(address).json()

        assert client.get(problem["type"]).status_code == 200
