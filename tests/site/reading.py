"""What a browser would make of a page: its links, forms, ids, headings and words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
UNREAD = frozenset({"script", "style", "template"})
CODE = frozenset({"code", "pre", "kbd", "svg"})
SPOKEN = ("alt", "title", "aria-label", "placeholder")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z][a-z']*(?: [A-Za-z][a-z']*){3,}")


@dataclass
class Control:
    """One name that a form sends, with what the page offers for it."""

    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    is_chosen: bool = False


@dataclass
class Form:
    method: str
    action: str
    is_upload: bool = False
    controls: list[Control] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def shape(self) -> tuple[str, ...]:
        """By which two forms are the same, whatever row they stand for."""
        named = {control.name for control in self.controls} - {"csrfmiddlewaretoken", "next"}
        return (self.method, *sorted(named), *sorted({name for name, _value in self.buttons if name}))


class Page(HTMLParser):
    """Read once, by feeding it the text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.lang = self.title = ""
        self.headings: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.files: list[str] = []
        self.forms: list[Form] = []
        self.words: list[tuple[str, str]] = []
        self.marks: set[str] = set()
        self.errors = 0
        self._open: list[tuple[str, str]] = []
        self._form: Form | None = None
        self._choices: Control | None = None
        self.feed(text)
        self.close()

    # What is wrong with it, whoever it is for

    def faults(self) -> list[str]:
        twice = sorted({one for one in self.ids if self.ids.count(one) > 1})
        found = [f"the id “{one}” stands twice" for one in twice]
        if not self.lang:
            found.append("no lang")
        if not self.title.strip(" –"):
            found.append("no title")
        if [one for one in self.headings if one.strip()] == []:
            found.append("no h1")
        here = {link[1:] for link in self.links if link.startswith("#") and link != "#"}
        found += [f"the link #{one} leads nowhere" for one in sorted(here - set(self.ids))]
        return found

    def in_wrong_language(self) -> list[str]:
        """Chinese outside `lang=zh` on an English page, English sentences on a Chinese one."""
        if self.lang.startswith("en"):
            return [text for text, lang in self.words if CHINESE.search(text) and not lang.startswith("zh")]
        return [text for text, lang in self.words if ENGLISH.search(text) and lang == self.lang]

    # Reading

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        above = self._open[-1][1] if self._open else ""
        lang = given.get("lang", above) if tag not in UNREAD else "none"
        if tag in CODE:
            lang += " code"
        if tag == "html":
            self.lang = given.get("lang", "")
        if given.get("id"):
            self.ids.append(given["id"])
        # What stands around the content is the same on the pages of an audience.
        if tag == "body" or any(name == "main" for name, _lang in self._open):
            self.marks |= {f"{tag}.{one}" for one in given.get("class", "").split()} | {tag}
        self.errors += given.get("class", "").startswith("govuk-error-summary")
        self.words += [(given[name], lang) for name in SPOKEN if given.get(name)]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "h1":
            self.headings.append("")
        if tag in {"img", "script"} and given.get("src"):
            self.files.append(given["src"])
        if tag == "link" and given.get("href"):
            self.files.append(given["href"])
        self._read_form(tag, given)
        if tag not in VOID:
            self._open.append((tag, lang))

    def _read_form(self, tag: str, given: dict[str, str]) -> None:
        if tag == "form":
            is_upload = given.get("enctype") == "multipart/form-data"
            self._form = Form(given.get("method", "get").lower(), given.get("action", ""), is_upload)
            self.forms.append(self._form)
        if self._form is None or "disabled" in given:
            return
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if tag == "button" or (tag == "input" and kind == "submit"):
            if given.get("type", "submit") == "submit":
                self._form.buttons.append((name, given.get("value", "")))
        elif tag in {"input", "textarea"} and name:
            kind = kind if tag == "input" else tag
            control = Control(name, kind, given.get("value", ""), attributes=given)
            control.is_chosen = "checked" in given
            self._form.controls.append(control)
        elif tag == "select" and name:
            self._choices = Control(name, tag, attributes=given)
            self._form.controls.append(self._choices)
        elif tag == "option" and self._choices:
            self._choices.choices.append(given.get("value", ""))
            # A browser sends the first one unless another is selected.
            if "selected" in given or len(self._choices.choices) == 1:
                self._choices.value = given.get("value", "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._choices = None
        if tag in (name for name, _lang in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _lang in self._open}
        if tags & UNREAD or not data.strip():
            return
        if "title" in tags and "svg" not in tags:
            self.title += data
        if "h1" in tags:
            self.headings[-1] += data
        if self._open:
            self.words.append((" ".join(data.split()), self._open[-1][1]))
