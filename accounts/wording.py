"""What every message may name: the scheme, its score and its city, as people of that language call them."""

from django.conf import settings


def scheme_names(language: str) -> dict[str, str]:
    """`city`, `score` and `scheme` from the settings, in Chinese or English."""
    suffix = "zh" if language.startswith("zh") else "en"
    return {name: settings.SCHEME[f"{name}_{suffix}"] for name in ("city", "score", "scheme")}
