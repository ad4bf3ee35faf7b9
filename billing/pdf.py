"""Pages as PDF, tagged for screen readers. They are made of what is handed in: nothing is fetched."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings

STYLES = Path(settings.BASE_DIR) / "static" / "print" / "statement.css"


class CannotPrint(Exception):
    """This machine has no Pango to set type with."""


def pdf_of(html: str, *, address: str) -> bytes:
    """The page as PDF/UA. `address` is where its links start from. Raises CannotPrint."""
    typesetter = _typesetter()
    if typesetter is None:
        raise CannotPrint
    nothing = typesetter.urls.URLFetcher(allowed_protocols=())
    styles = typesetter.CSS(string=STYLES.read_text(), url_fetcher=nothing)
    page = typesetter.HTML(string=html, base_url=address, url_fetcher=nothing)
    pdf: bytes = page.write_pdf(stylesheets=[styles], pdf_variant="pdf/ua-1")
    return pdf


@cache
def _typesetter() -> Any:
    """Loaded with the first PDF, not with the platform: it needs half a second, and Debian's Pango."""
    try:
        return import_module("weasyprint")
    except OSError:
        return None
