"""The regulation's articles, and which code enforces each.

`@enforces(24)` on a function or class registers it as the place where Article 24 is enforced.
An article that no code can enforce stands in NOT_ENFORCEABLE with the reason; what is still missing of
one, in NOT_YET.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T", bound=Callable[..., Any])


@dataclass(frozen=True)
class Article:
    number: int
    title_zh: str
    title_en: str


ARTICLES: dict[int, Article] = {
    number: Article(number, title_zh, title_en)
    for number, title_zh, title_en in (
        (1, "目的意义", "Purpose"),
        (2, "名词解释", "Definitions"),
        (3, "适用范围", "Scope"),
        (4, "职责分工", "Division of duties"),
        (5, "运营机构职责", "Duties of the operator"),
        (6, "服务渠道", "Service channels"),
        (7, "平台运行", "Running the platform"),
        (8, "全流程服务", "Service from beginning to end"),
        (9, "信用评分", "Credit scoring"),
        (10, "服务医疗机构", "Serving medical institutions"),
        (11, "服务金融机构", "Serving financial institutions"),
        (12, "宣传推广", "Promotion"),
        (13, "投诉处理", "Handling of complaints"),
        (14, "总体要求", "General requirements for medical institutions"),
        (15, "医疗机构接入", "Joining as a medical institution"),
        (16, "推广使用", "Promoting use"),
        (17, "信用就医结算", "Settlement of credit healthcare"),
        (18, "数据共享", "Data sharing"),
        (19, "投诉管理", "Complaints at medical institutions"),
        (20, "民营医疗机构接入", "Joining as a private medical institution"),
        (21, "总体要求", "General requirements for financial institutions"),
        (22, "金融机构接入", "Joining as a financial institution"),
        (23, "金融授信", "Granting of credit"),
        (24, "授信额度", "Credit limits"),
        (25, "禁止条款", "Prohibitions"),
        (26, "用户注册", "Registration of users"),
        (27, "用户还款", "Repayment by users"),
        (28, "用户查询", "Enquiries by users"),
        (29, "异议处理", "Handling of objections"),
        (30, "个人信用白鹰分信用修复", "Repair of the personal credit score"),
        (31, "风险闭环管控", "Closed loop of risk control"),
        (32, "数据安全风控", "Data security"),
        (33, "第三方评估", "Third-party assessment"),
        (34, "定期报告", "Regular reports"),
        (35, "监督管理", "Supervision"),
        (36, "解释主体", "Authority to interpret"),
        (37, "印发实施", "Entry into force"),
    )
}

ENFORCERS: dict[int, list[str]] = {}


def enforces(*numbers: int) -> Callable[[T], T]:
    """Registers a function or class as an enforcer of these articles and returns it unchanged."""
    unknown = [number for number in numbers if number not in ARTICLES]
    if unknown or not numbers:
        raise ValueError(f"not articles of the regulation: {unknown or 'none named'}")

    def register(enforcer: T) -> T:
        name = f"{enforcer.__module__}.{enforcer.__qualname__}"
        for number in numbers:
            names = ENFORCERS.setdefault(number, [])
            if name not in names:
                names.append(name)
        return enforcer

    return register


NOT_ENFORCEABLE: dict[int, str] = {
    1: "Says why the regulation exists; there is nothing to obey.",
    3: "Says what the regulation governs; the platform as a whole is that scope.",
    5: "Appoints the operator, which is the city's act; what it must do follows in Articles 7–13.",
    11: "Helping and training are done by staff; what a lender connects to is enforced under Article 22.",
    12: "Promotion is done by people. That the scheme can travel is kept by naming no city in code.",
    36: "Names who interprets the regulation; a change of reading is a new dated policy row.",
}

NOT_YET: dict[int, str] = {
    18: "Reports of outages of hospitals' systems.",
    19: "Complaints at a hospital, and escalation of frequent causes to the health commission.",
    31: "The risk loop from signal to closure with evidence.",
    33: "Satisfaction surveys that an independent assessor can read.",
    34: "Quarterly filings of the operator, hospitals and lenders.",
    35: "Circulars by the supervising bureaus.",
    37: "The end of the two-year trial as a date that new credit respects; every number is dated already.",
}
