"""What stands before the first citizen joins: the law's numbers, institutions, lenders, their staff."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from city.institutions import bring_in_institutions
from common.errors import Refusal
from credit.operations.policy import adopt_policy, load_rates
from hospitals.models import Hospital
from lenders.models import Lender
from lenders.operations.offers import Wording, put_offer
from lenders.operations.registering import register_lender, register_product

RATES = Path(__file__).parent / "data" / "lpr.csv"

# Invented lenders: code, kind, names, interest-free days, yearly late rate in millionths.
LENDERS = (
    ("EGRET", Lender.Kind.BANK, "白鹭银行", "Egret Bank", 42, 45_000),
    ("HARBOUR", Lender.Kind.BANK, "海湾银行", "Harbour Bank", 45, 43_500),
    ("BANYAN", Lender.Kind.BANK, "榕城银行", "Banyan Bank", 56, 45_000),
    ("PHOENIX", Lender.Kind.INSURER, "凤凰木健康保险", "Phoenix Tree Health Insurance", 42, 36_500),
)
# What they offer beside it: lender, kind, names and descriptions.
OFFERS = (
    (
        "EGRET",
        ("instalments", "账单分期", "Repay in instalments"),
        "单张账单可分 3 期或 6 期归还，费率与信用就医产品相同。",
        "Repay one bill in 3 or 6 instalments, at the same yearly rate as the product.",
    ),
    (
        "PHOENIX",
        ("insurance", "住院津贴保险", "Hospital stay insurance"),
        "住院期间按天给付津贴，凭出院小结申请。",
        "Pays a fixed sum for each day in hospital, on the discharge summary.",
    ),
)
OFFER_DAYS = 730


class CityExists(Refusal):
    code = "city_exists"


def found(*, on: date, at: datetime) -> None:
    """Enter what a city needs before anybody can join. Raises CityExists where people live already."""
    if Person.objects.exists() or Hospital.objects.exists():
        raise CityExists(_("This database already holds a city; use an empty one."))
    adopt_policy(in_force_from=on - timedelta(days=365), at=at)
    load_rates(path=RATES, at=at)
    bring_in_institutions(on=on, at=at)
    for code, kind, name_zh, name_en, days, rate in LENDERS:
        lender = register_lender(code=code, name_zh=name_zh, name_en=name_en, kind=kind, on=on)
        register_product(
            lender=lender,
            code=f"{code}-1",
            name_zh="信用就医专属额度",
            name_en="Treat first, pay later",
            interest_free_days=days,
            late_rate_ppm=rate,
            on=on,
        )
    for code, (offer_kind, name_zh, name_en), description_zh, description_en in OFFERS:
        put_offer(
            lender=Lender.objects.get(code=code),
            code=f"{code}-{offer_kind.upper()}",
            wording=Wording(
                kind=offer_kind,
                name_zh=name_zh,
                name_en=name_en,
                description_zh=description_zh,
                description_en=description_en,
                valid_from_on=on,
                valid_until_on=on + timedelta(days=OFFER_DAYS),
            ),
            at=at,
        )
