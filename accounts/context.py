"""What every template may know of how its reader likes to see pages."""

from typing import Any

from django.http import HttpRequest

THEMES = ("light", "dark")
SIZES = ("large", "largest")
THEME_COOKIE = "theme"
ELDER_COOKIE = "elder"


def look(request: HttpRequest) -> dict[str, Any]:
    """look.theme and look.elder from their cookies; empty means as the device has it, and standard size."""
    theme, elder = request.COOKIES.get(THEME_COOKIE, ""), request.COOKIES.get(ELDER_COOKIE, "")
    return {
        "look": {
            "theme": theme if theme in THEMES else "",
            "elder": elder if elder in SIZES else "",
            "themes": THEMES,
            "sizes": SIZES,
        }
    }
