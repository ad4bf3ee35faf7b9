"""What figures say, in sentences. Only told figures are spoken of; where too little is told, so it says."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from common.wording import fill
from hospitals.models import Scene
from oversight.figures import SUM
from oversight.quarters import MONTHS, Period, Quarter
from oversight.releases import Release
from oversight.tables import Figure, percent, share_bp


def finding(figure: Figure, period: Period) -> str:
    """The one thing that a chart shows, as its title; what it is about where nothing can be said."""
    return _TITLES[figure.name](figure, period) or str(figure.title)


def findings(release: Release) -> list[str]:
    """The five sentences at the head of a release."""
    figures, period = release.figures, release.period
    return [
        _use(figures["bills"], figures["amounts"], period),
        _repaid(figures["repayment"], period),
        _reminded(figures["reminders"], period),
        _paid(figures["punctuality"]),
        _open(figures["limits"], period),
    ]


# Titles of charts


def _main_scene(figure: Figure, period: Period) -> str | None:
    quarter = str(period.quarter)
    told = [(figure.number(quarter, scene) or 0, scene) for scene in Scene]
    count, scene = max(told, key=lambda pair: pair[0])
    whole = figure.number(quarter, SUM)
    if not whole or not count:
        return None
    return _say(
        _("%(scene)s: %(share)s of the quarter's bills"), scene=scene.label, share=_percent(count, whole)
    )


def _amount(figure: Figure, period: Period) -> str | None:
    fen = figure.number(str(period.quarter), SUM)
    return _say(_("%(amount_fen)s charged to credit in the quarter"), amount_fen=fen) if fen else None


def _on_time(figure: Figure, period: Period) -> str | None:
    on_time, due = _due_in_the_quarter(figure, period)
    if on_time is None or not due:
        return None
    return _say(
        _("%(share)s of the bills due in the quarter were repaid on time"), share=_percent(on_time, due)
    )


def _after_reminders(figure: Figure, period: Period) -> str | None:
    reached, settled = figure.number("1", "reached"), figure.number(SUM, "settled")
    if not reached or settled is None:
        return None
    return _say(_("%(share)s of reminded bills have been repaid since"), share=_percent(settled, reached))


def _next_day(figure: Figure, period: Period) -> str | None:
    due, on_time = figure.number(SUM, SUM), figure.number(SUM, "on_time")
    if not due or on_time is None:
        return None
    return _say(
        _("%(share)s of payments reached hospitals on the next working day"), share=_percent(on_time, due)
    )


def _largest_lender(figure: Figure, period: Period) -> str | None:
    shares = [(figure.number(row.key, "amount_bp") or 0, str(row.label)) for row in figure.parts]
    share, lender = max(shares, default=(0, ""))
    if not share:
        return None
    return _say(
        _("%(lender)s paid the largest share, %(share)s of the amount"), lender=lender, share=percent(share)
    )


def _opened(figure: Figure, period: Period) -> str | None:
    opened = figure.number(str(period.quarter), "opened")
    return _say(_("%(count)s accounts opened in the quarter"), count=opened) if opened else None


def _highest_limit(figure: Figure, period: Period) -> str | None:
    limit_fen = max((figure.number(row.key, "limit_fen") or 0 for row in figure.parts), default=0)
    holders = [row.key for row in figure.parts if figure.number(row.key, "limit_fen") == limit_fen]
    count, whole = figure.total(holders, "accounts"), figure.number(SUM, "accounts")
    if not whole or count is None:
        return None
    return _say(
        _("%(share)s of accounts have the highest limit, %(limit_fen)s"),
        share=_percent(count, whole),
        limit_fen=limit_fen,
    )


_TITLES: dict[str, Callable[[Figure, Period], str | None]] = {
    "bills": _main_scene,
    "amounts": _amount,
    "repayment": _on_time,
    "reminders": _after_reminders,
    "punctuality": _next_day,
    "lenders": _largest_lender,
    "accounts": _opened,
    "limits": _highest_limit,
}


# Sentences at the head


def _use(bills: Figure, amounts: Figure, period: Period) -> str:
    quarter = period.quarter
    count, fen = bills.number(str(quarter), SUM), amounts.number(str(quarter), SUM)
    if bills.value(str(quarter), SUM) in {0, None}:
        return _("No bill was charged to credit.")
    if count is None or fen is None:
        return _("Too few bills were charged to credit for their number to be told.")
    now, before = _whole_quarter(bills, quarter), _whole_quarter(bills, quarter.earlier(1))
    if not period.is_final or not now or not before:
        words = _("%(count)s bills were charged to credit, for %(amount_fen)s in all.")
    elif now == before:
        words = _(
            "%(count)s bills were charged to credit, as many as in the quarter before,"
            " for %(amount_fen)s in all."
        )
    elif now > before:
        words = _(
            "%(count)s bills were charged to credit, %(change)s more than in the quarter before,"
            " for %(amount_fen)s in all."
        )
    else:
        words = _(
            "%(count)s bills were charged to credit, %(change)s fewer than in the quarter before,"
            " for %(amount_fen)s in all."
        )
    change = _percent(abs(count - before), before) if before else ""
    return _say(words, count=count, amount_fen=fen, change=change)


def _repaid(figure: Figure, period: Period) -> str:
    on_time, due = _due_in_the_quarter(figure, period)
    if due == 0:
        return _("No bill fell due.")
    if on_time is None or due is None:
        return _("Too few bills fell due for their repayment to be told.")
    return _say(
        _(
            "%(due)s bills fell due; %(on_time)s of them (%(share)s) were repaid on time,"
            " and %(late)s were not."
        ),
        due=due,
        on_time=on_time,
        share=_percent(on_time, due),
        late=due - on_time,
    )


def _reminded(figure: Figure, period: Period) -> str:
    reached, settled = figure.number("1", "reached"), figure.number(SUM, "settled")
    if reached == 0:
        return _("No bill needed a reminder.")
    if reached is None or settled is None:
        return _("Too few bills were reminded for their repayment to be told.")
    return _say(
        _(
            "%(reached)s bills were reminded for the first time; %(settled)s of them (%(share)s)"
            " had been repaid by %(through_on)s."
        ),
        reached=reached,
        settled=settled,
        share=_percent(settled, reached),
        through_on=period.through_on,
    )


def _paid(figure: Figure) -> str:
    due = figure.number(SUM, SUM)
    if not due:
        return _("No payment to a hospital was due.")
    on_time = figure.number(SUM, "on_time") or 0
    return _say(
        _(
            "Of %(due)s payments due to hospitals, lenders made %(on_time)s (%(share)s) on the next bank"
            " working day and %(late)s later; %(unpaid)s were still to come."
        ),
        due=due,
        on_time=on_time,
        share=_percent(on_time, due),
        late=figure.number(SUM, "late"),
        unpaid=figure.number(SUM, "unpaid"),
    )


def _open(figure: Figure, period: Period) -> str:
    count, fen = figure.number(SUM, "accounts"), figure.number(SUM, "outstanding_fen")
    if figure.value(SUM, "accounts") in {0, None}:
        return _("No credit account was open.")
    if count is None or fen is None:
        return _("Too few credit accounts were open for their number to be told.")
    return _say(
        _("%(count)s credit accounts were open on %(through_on)s, with %(amount_fen)s outstanding."),
        count=count,
        amount_fen=fen,
        through_on=period.through_on,
    )


def _due_in_the_quarter(figure: Figure, period: Period) -> tuple[int | None, int | None]:
    """How many of the bills due in the quarter were repaid on time, and how many there were."""
    months = [row.key for row in figure.parts if _is_in(row.key, period.quarter)]
    return figure.total(months, "on_time"), figure.total(months, SUM)


def _whole_quarter(figure: Figure, quarter: Quarter) -> int | None:
    """A quarter's sum where each of its months is shown, so that it can be compared."""
    months = [row for row in figure.parts if _is_in(row.key, quarter)]
    return figure.number(str(quarter), SUM) if len(months) == MONTHS else None


def _is_in(month: str, quarter: Quarter) -> bool:
    return f"{quarter.first_on:%Y-%m}" <= month <= f"{quarter.last_on:%Y-%m}"


def _percent(part: int, whole: int) -> str:
    share = share_bp(part, whole)
    return percent(share) if isinstance(share, int) else ""


def _say(message: str, **figures: object) -> str:
    """The message with its figures: counts with thousands apart, `_fen` in yuan, `_on` as dates."""
    counts = {
        name: f"{value:,}"
        for name, value in figures.items()
        if isinstance(value, int) and not name.endswith("_fen")
    }
    return fill(message, {**figures, **counts})
