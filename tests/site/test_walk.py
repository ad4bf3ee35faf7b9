"""Every address, reached by following links and pressing buttons, without script, in both languages."""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.site.crawl import Walk

# The city is another database, but it is made of the tables of this one.
pytestmark = pytest.mark.django_db

# Not for people, or only in a state of things that the small city is not in.
UNREACHED = {
    "metrics": "for the monitoring, with a token",
    "oauth_token": "for machines: POST only",
    "apply_for_repair": "only after a reported run of defaults that is paid; tests/portal/test_repair.py",
    "export_file": "only within ten minutes of a proof; tests/portal/test_rights_journey.py",
    "desk_prepare_day": "only a closed day that nobody has prepared; tests/desk/test_sign_off.py",
    "desk_import_go_on": "only where the work broke off again and again; tests/imports/test_pages.py",
    "official_account_back": "only an issuer leads back; tests/portal/test_openid_journey.py",
}
MACHINES = ("api_", "admin:")


def names() -> set[str]:
    """Every name of the URL configuration that is a page's."""

    def walk(patterns: list[URLPattern | URLResolver], space: str) -> set[str]:
        found = set()
        for one in patterns:
            if isinstance(one, URLResolver):
                inner = f"{one.namespace}:" if one.namespace else ""
                found |= walk(one.url_patterns, space + inner)
            elif one.name:
                found.add(space + one.name)
        return found

    return {name for name in walk(get_resolver().url_patterns, "") if not name.startswith(MACHINES)}


def test_no_link_and_no_form_leads_astray(walks: dict[str, Walk]) -> None:
    troubles = [trouble for walk in walks.values() for trouble in walk.troubles]
    assert troubles == [], "\n".join(troubles)


def test_every_page_is_reached_by_somebody(walks: dict[str, Walk]) -> None:
    reached = set().union(*(walk.routes for walk in walks.values()))
    assert names() - reached == set(UNREACHED)
