"""The public pages that the `type` of a problem leads to: what each code means, and what a client can do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.rest.meanings import MEANINGS
from common.articles import ARTICLES, Article
from common.errors import Refusal
from config.article_report import load_everything

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Explained:
    """One code. Where several operations refuse by it, each of their words stands once."""

    code: str
    status: HTTPStatus
    meanings: tuple[StrOrPromise, ...]
    remedies: tuple[StrOrPromise, ...]
    articles: tuple[Article, ...] = ()


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """Every code."""
    return render(request, "config/public/problems.html", {"problems": explained().values()})


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """One code, at the address that its problems carry as their type."""
    if code not in explained():
        raise Http404
    return render(request, "config/public/problem.html", {"problem": explained()[code]})


@cache
def explained() -> dict[str, Explained]:
    """Every code in the order of the alphabet: the rules' own, and those of the API itself."""
    load_everything()
    by_code = defaultdict(list)
    for refusal in refusals():
        by_code[refusal.code].append(refusal)
    found = {code: _of_rules(code, classes) for code, classes in by_code.items()}
    for code, own in MEANINGS.items():
        found[code] = Explained(code, HTTPStatus(own.status), (own.meaning,), (own.remedy,))
    return dict(sorted(found.items()))


def refusals(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every class that refuses by a code of its own and says what it means."""
    for refusal in of.__subclasses__():
        if "meaning" in vars(refusal):
            yield refusal
        yield from refusals(refusal)


def _of_rules(code: str, classes: list[type[Refusal]]) -> Explained:
    articles = {number for one in classes for number in one.articles}
    return Explained(
        code,
        HTTPStatus(classes[0].status),
        tuple(dict.fromkeys(one.meaning for one in classes)),
        tuple(dict.fromkeys(one.remedy for one in classes)),
        tuple(ARTICLES[number] for number in sorted(articles)),
    )
