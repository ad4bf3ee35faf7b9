"""Which paper a desk prints on: the 80 mm of its slip printer, or A4. Kept for the sign-in."""

from __future__ import annotations

from django.http import HttpRequest

PAPERS = ("80mm", "a4")
KEPT = "desk_paper"


def paper_of(request: HttpRequest) -> str:
    """What `?paper=` asks for, and from then on."""
    asked = request.GET.get("paper")
    if asked in PAPERS:
        request.session[KEPT] = asked
    return request.session.get(KEPT, PAPERS[0])
