"""The report of a run: Markdown to send, HTML to read, JSON for programs.

The same page shows a run under way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from sandbox.conformance.catalogue import task_of
from sandbox.conformance.judging import Verdict
from sandbox.conformance.plan import Plan

WORDS = {
    "zh": {
        "title": "医院系统接口符合性报告",
        "open": "医院系统接口符合性测试:进行中",
        "passed": "全部必做案例通过",
        "failed": "未通过",
        "case": "案例",
        "task": "任务",
        "expected": "预期",
        "came": "实际",
        "verdict": "结论",
        "run": "批次",
        "platform": "平台",
        "client": "客户端",
        "by": "被测系统",
        "reference": "参考医院系统",
        "own": "自有系统",
        "began": "开始",
        "ended": "结束",
        "point": "请将系统指向此地址,令牌地址亦同",
        "finish": "结束并出报告",
        True: "通过",
        False: "未通过",
        None: "未试",
        "optional": "选做",
    },
    "en": {
        "title": "Conformance of a hospital's system",
        "open": "Conformance of a hospital's system: under way",
        "passed": "Every required case passed",
        "failed": "Not passed",
        "case": "Case",
        "task": "Task",
        "expected": "Expected",
        "came": "What came",
        "verdict": "Verdict",
        "run": "Run",
        "platform": "Platform",
        "client": "Client",
        "by": "System",
        "reference": "the reference hospital",
        "own": "your own",
        "began": "Began",
        "ended": "Ended",
        "point": "Point your system at this address, for its tokens too",
        "finish": "End and write the report",
        True: "passed",
        False: "failed",
        None: "not tried",
        "optional": "optional",
    },
}
LANGUAGES = {"zh": "zh-Hans", "en": "en"}
MARKS = {True: "✓", False: "✗", None: "–"}
_STYLE = """:root { color-scheme: light dark; font: 16px/1.5 "PingFang SC", "Noto Sans CJK SC", sans-serif; }
body { max-width: 75rem; margin: 0 auto; padding: 16px; }
table { border-collapse: collapse; width: 100%; }
th, td { border-top: 1px solid; padding: 8px; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
td:first-child, td:last-child { min-width: 6rem; overflow-wrap: normal; }
@media (max-width: 40rem) {
  thead { display: none; }
  td { display: block; border: 0; padding: 4px 0; }
  td::before { content: attr(data-label) " "; font-weight: bold; }
  tr { border-top: 1px solid; display: block; padding: 8px 0; }
}
button { font: inherit; min-height: 48px; padding: 0 16px; }
"""


@dataclass(frozen=True)
class Report:
    plan: Plan
    platform: str
    client: str
    is_reference: bool
    began_at: str
    ended_at: str
    verdicts: Sequence[Verdict]
    language: str = "zh"

    @property
    def passed(self) -> bool:
        return all(verdict.is_fine for verdict in self.verdicts)

    @property
    def words(self) -> dict[Any, str]:
        return WORDS[self.language]

    def verdict(self, verdict: Verdict) -> str:
        more = f" ({self.words['optional']})" if verdict.case.optional else ""
        return f"{MARKS[verdict.passed]} {self.words[verdict.passed]}{more}"

    def outcome(self) -> str:
        fine = sum(verdict.passed is True for verdict in self.verdicts)
        return f"{self.words['passed' if self.passed else 'failed']} ({fine}/{len(self.verdicts)})"

    def head(self) -> list[tuple[str, str]]:
        words = self.words
        return [
            (words["run"], self.plan.run),
            (words["platform"], self.platform),
            (words["client"], self.client),
            (words["by"], words["reference" if self.is_reference else "own"]),
            (words["began"], self.began_at),
            (words["ended"], self.ended_at),
        ]

    def task(self, verdict: Verdict) -> str:
        """Without the patient's number: a report is passed around."""
        told = task_of(verdict.case, self.plan, self.language)
        return told.replace(self.plan.patient, masked(self.plan.patient))

    def as_markdown(self) -> str:
        words = self.words
        lines = [f"# {words['title']}", "", f"**{self.outcome()}**", ""]
        lines += [f"- {name}: {value}" for name, value in self.head()]
        names = [words[name] for name in ("case", "task", "expected", "came", "verdict")]
        lines += ["", f"| {' | '.join(names)} |", "|---|---|---|---|---|"]
        for one in self.verdicts:
            cells = [
                one.case.title.says(self.language),
                self.task(one),
                one.case.expected.says(self.language),
                one.came,
                self.verdict(one),
            ]
            lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
        return "\n".join([*lines, ""])

    def as_html(self) -> str:
        head = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in self.head())
        content = f"<p><strong>{escape(self.outcome())}</strong></p><dl>{head}</dl>{self.table(self.task)}"
        return self.page(self.words["title"], content)

    def page_under_way(self, address: str) -> str:
        """For the engineers, on their own machine: with the patient's number, and looking again by itself."""
        words = self.words
        content = (
            f"<p>{escape(words['point'])}: <code>{escape(address)}</code></p>"
            f"{self.table(lambda one: task_of(one.case, self.plan, self.language))}"
            '<form method="post" action="/conformance/finish">'
            f"<button>{escape(words['finish'])}</button></form>"
        )
        return self.page(words["open"], content, more='<meta http-equiv="refresh" content="5">')

    def table(self, task: Callable[[Verdict], str]) -> str:
        words = self.words
        names = [words[name] for name in ("case", "task", "expected", "came", "verdict")]
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
        rows = []
        for one in self.verdicts:
            cells = [
                one.case.title.says(self.language),
                task(one),
                one.case.expected.says(self.language),
                one.came,
                self.verdict(one),
            ]
            labelled = zip(names, cells, strict=True)
            told = "".join(f'<td data-label="{escape(name)}">{escape(cell)}</td>' for name, cell in labelled)
            rows.append(f"<tr>{told}</tr>")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"

    def page(self, title: str, content: str, *, more: str = "") -> str:
        return (
            f'<!doctype html>\n<html lang="{LANGUAGES[self.language]}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">{more}'
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
            f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>\n"
        )

    def as_json(self) -> str:
        content = {
            "run": self.plan.run,
            "platform": self.platform,
            "client": self.client,
            "reference": self.is_reference,
            "began_at": self.began_at,
            "ended_at": self.ended_at,
            "passed": self.passed,
            "cases": [
                {
                    "code": one.case.code,
                    "title": one.case.title.says(self.language),
                    "task": self.task(one),
                    "expected": one.case.expected.says(self.language),
                    "came": one.came,
                    "passed": one.passed,
                    "optional": one.case.optional,
                }
                for one in self.verdicts
            ],
        }
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"

    def write(self, folder: Path) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for suffix, content in (
            ("md", self.as_markdown()),
            ("html", self.as_html()),
            ("json", self.as_json()),
        ):
            path = folder / f"conformance-{self.plan.run}.{suffix}"
            path.write_text(content, encoding="utf-8")
            written.append(path)
        return written


def masked(resident_id: str) -> str:
    return f"{resident_id[:3]}{'*' * 11}{resident_id[-4:]}"
