"""The platform's own addresses: the site map's paths in either language."""

from django.urls import Resolver404, get_script_prefix, resolve


def in_language(path: str, language: str) -> str:
    """The same page in another language: Chinese has no prefix, English stands under /en/."""
    prefix = get_script_prefix()
    rest = path.removeprefix(prefix)
    bare = "" if rest == "en" else rest.removeprefix("en/")
    return f"{prefix}{bare}" if language.startswith("zh") else f"{prefix}en/{bare}"


def is_page(href: str) -> bool:
    """Does this platform answer at the address? Asked for a page in the language that is active."""
    try:
        resolve(href.split("?")[0].split("#")[0])
    except Resolver404:
        return False
    return True


def is_under(path: str, href: str) -> bool:
    """Is `path` the page at `href`, or below it? A front page (`/me/`) does not claim what lies below."""
    front = href.split("?")[0]
    deep = in_language(front, "zh").strip("/").count("/") > 0
    return path == front or (deep and path.startswith(front))
