"""Every component is drawn in a sample, escapes what it is given, and obeys the content policy."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.look.pages import HOSTILE, SAMPLES

TEMPLATES = Path(settings.BASE_DIR) / "templates"
BUILT = Path(settings.BASE_DIR) / "static" / "build"
# Parts of other components and of the bases; they are not written by themselves.
INNER = {"mark", "looks", "messages", "choices"}
NAMES = sorted(path.stem for path in SAMPLES.glob("*.html"))

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.look.pages")]


def test_every_component_stands_in_a_sample():
    written = " ".join(path.read_text() for path in SAMPLES.glob("*.html"))
    known = {path.stem.replace("_", "-") for path in (TEMPLATES / "components").glob("*.html")} - INNER
    assert known - set(re.findall(r"<c-([a-z-]+)", written)) == set()


def test_every_component_is_described():
    guide = (TEMPLATES / "components" / "README.md").read_text()
    known = {path.stem.replace("_", "-") for path in (TEMPLATES / "components").glob("*.html")} - INNER
    assert {name for name in known if f"<c-{name}>" not in guide and f"<c-{name} " not in guide} == set()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_samples_are_drawn_whole_in_both_languages(client: Client, name: str, prefix: str):
    page = client.get(f"{prefix}/sample/{name}/").content.decode()
    assert "<c-" not in page
    assert "{{" not in page and "{%" not in page
    assert f'<html lang="{"en" if prefix else "zh-Hans"}">' in page


@pytest.mark.parametrize("name", ["parts", "by_hand"])
def test_what_people_typed_is_shown_and_never_run(client: Client, name: str):
    page = client.get(f"/en/sample/{name}/").content.decode()
    assert HOSTILE not in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("name", NAMES)
def test_pages_carry_no_inline_style_or_script(client: Client, name: str):
    page = client.get(f"/en/sample/{name}/").content.decode()
    assert re.findall(r"<style|\sstyle=|<script(?![^>]*\ssrc=)", page.replace("&lt;script", "")) == []
    policy = client.get(f"/en/sample/{name}/")["Content-Security-Policy"]
    assert "unsafe" not in policy


def test_templates_carry_no_inline_style_or_script():
    pattern = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=\"", re.IGNORECASE)
    found = {
        str(path.relative_to(TEMPLATES)): pattern.findall(path.read_text())
        for path in TEMPLATES.rglob("*.html")
        if "/pdf/" not in str(path) and pattern.search(path.read_text())
    }
    assert found == {}


def test_a_citizens_first_view_weighs_at_most_80_kilobytes(client: Client):
    files = [(BUILT / name).read_bytes() for name in ("app.css", "app.js", "favicon.svg")]
    weight = sum(len(gzip.compress(part)) for part in [client.get("/").content, *files])
    assert weight <= 80_000


def test_styles_are_ours_and_ask_nobody_for_fonts():
    styles = (BUILT / "app.css").read_text().lower()
    assert not re.search(r"gds transport|@font-face|url\(|crown|#1d70b8|#0b0c0c", styles)
