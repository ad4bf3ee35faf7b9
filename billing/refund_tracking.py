"""Where a refund went and what was promised of it, for whoever waits for it (Articles 17, 28)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils.translation import gettext as _

from billing.models import Refund, Repayment, Settlement, Withdrawal
from billing.timeline import Moment
from common.articles import enforces
from common.calendar import SHANGHAI, business_date
from common.money import format_yuan
from common.wording import format_date
from credit.calendar import next_working_day
from credit.models import AccountEvent

PAID = (Settlement.State.PAID, Settlement.State.RECONCILED)


@dataclass(frozen=True)
class TrackedRefund:
    """`promised_on` is T+1, when the hospital's side has to be settled; `settled_on` when it was.

    The citizen's side never waits for it: that is done the moment the refund is made.
    """

    refund: Refund
    is_theirs: bool
    promised_on: date
    settled_on: date | None
    on: date
    moments: Sequence[Moment]

    @property
    def lowered_fen(self) -> int:
        """What came off the bill, and is free to be drawn again."""
        return self.refund.credit_fen - self.refund.to_balance_fen

    @property
    def state(self) -> str:
        """kept, broken (settled, but late), waiting or late."""
        if self.settled_on:
            return "kept" if self.settled_on <= self.promised_on else "broken"
        return "waiting" if self.on <= self.promised_on else "late"


@enforces(17, 28)
def track(*, refund: Refund, is_theirs: bool, on: date) -> TrackedRefund:
    """A refund as its reader sees it on a date; what it did to the account is for its payer alone."""
    settlement = Settlement.objects.filter(
        hospital=refund.hospital_id, lender=refund.lender_id, business_on=refund.business_on
    ).first()
    promised_on = settlement.pay_on if settlement else next_working_day(refund.business_on)
    settled_on = _settled_on(settlement)
    moments = [*_given(refund), *(_on_account(refund) if is_theirs else ())]
    if refund.credit_fen:
        moments.append(_between(refund, promised_on, settled_on, on))
    return TrackedRefund(refund, is_theirs, promised_on, settled_on, on, moments)


def _settled_on(settlement: Settlement | None) -> date | None:
    if settlement is None:
        return None
    if settlement.state == Settlement.State.CARRIED:
        return business_date(settlement.closed_at)
    paid = settlement.steps.filter(state=Settlement.State.PAID).last() if settlement.state in PAID else None
    return paid.value_on if paid else None


def _given(refund: Refund) -> Iterator[Moment]:
    figures = {
        "hospital": refund.hospital.name,
        "amount": format_yuan(refund.amount_fen),
        "on_site": format_yuan(refund.on_site_fen),
        "reason": refund.get_reason_display(),
    }
    texts = [_("Reason: %(reason)s.") % figures]
    if refund.on_site_fen:
        texts.append(_("%(on_site)s of it was paid at the desk and given back there.") % figures)
    yield Moment(refund.at, _("%(hospital)s refunded %(amount)s") % figures, texts)


def _on_account(refund: Refund) -> Iterator[Moment]:
    figures = {
        "lowered": format_yuan(refund.credit_fen - refund.to_balance_fen),
        "balance": format_yuan(refund.to_balance_fen),
        "charges": format_yuan(refund.charges_back_fen),
        "lender": refund.lender.name,
    }
    if refund.credit_fen > refund.to_balance_fen:
        texts = [_("You owe that much less on it.")]
        if refund.charges_back_fen:
            texts.append(_("Late charges of %(charges)s were taken back with it.") % figures)
        yield Moment(refund.at, _("The bill was lowered by %(lowered)s, at once") % figures, texts)
    for event in AccountEvent.objects.filter(
        account=refund.bill.account_id,
        kind=AccountEvent.Kind.REFUND,
        reference=refund.number,
        amount_fen__gt=0,
    ):
        amount = {"amount": format_yuan(event.amount_fen)}
        yield Moment(event.at, _("%(amount)s of the limit was free again, at once") % amount)
    if refund.to_balance_fen:
        texts = [_("You had repaid it already. It pays what is due next, or you have it paid back.")]
        yield Moment(refund.at, _("%(balance)s went to your credit balance with %(lender)s") % figures, texts)
        yield from _since(refund)


def _since(refund: Refund) -> Iterator[Moment]:
    """What came out of the credit balance since: not only this refund may have filled it."""
    payer, lender = refund.bill.payer_id, refund.lender_id
    used = Repayment.objects.filter(
        payer=payer, lender=lender, method=Repayment.Method.BALANCE, at__gte=refund.at
    )
    back = Withdrawal.objects.filter(payer=payer, lender=lender, at__gte=refund.at)
    out = [
        (one.at, _("From your credit balance %(amount)s paid what was due"), one.amount_fen) for one in used
    ]
    out += [
        (one.at, _("From your credit balance %(amount)s was paid back to you"), one.amount_fen)
        for one in back
    ]
    for at, title, fen in sorted(out, key=lambda one: one[0])[:3]:
        yield Moment(at, title % {"amount": format_yuan(fen)})


def _between(refund: Refund, promised_on: date, settled_on: date | None, on: date) -> Moment:
    """Between hospital and lender: netted from the hospital's next T+1 amount."""
    names = {"hospital": refund.hospital.name, "lender": refund.lender.name, "on": format_date(promised_on)}
    if settled_on:
        title = _("%(hospital)s and %(lender)s have settled it between them") % names
        kept = _("Promised by %(on)s, and kept.") if settled_on <= promised_on else _("Promised by %(on)s.")
        return Moment(_start_of(settled_on), title, [kept % names], on=settled_on)
    title = _("%(hospital)s and %(lender)s settle it between them") % names
    if on <= promised_on:
        text = _("Promised by %(on)s, the next bank working day. You need not wait for it.")
        return Moment(_start_of(promised_on), title, [text % names], state="next", on=promised_on)
    text = _("Promised by %(on)s and not done yet. It changes nothing for you.")
    return Moment(_start_of(promised_on), title, [text % names], state="now", on=promised_on)


def _start_of(on: date) -> datetime:
    return datetime.combine(on, time.min, SHANGHAI)
