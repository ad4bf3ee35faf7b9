"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language


def scheme(request: HttpRequest) -> dict[str, Any]:
    """The scheme's names in the reader's language: scheme.city, scheme.score, scheme.name."""
    suffix = "zh" if (get_language() or settings.LANGUAGE_CODE).startswith("zh") else "en"
    names = {noun: settings.SCHEME[f"{noun}_{suffix}"] for noun in ("city", "score", "scheme")}
    return {"scheme": {**names, "name": names["scheme"], "phone": settings.SCHEME["phone"]}}
