"""What a shift comes to: the acts of one cashier between two moments, and the cash that should be there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q, Sum

from accounts.models import User
from billing.models import Bill, DeskVoid, HandOver, Refund, Shift
from billing.models.shifts import ShiftQuerySet
from common.calendar import SHANGHAI, business_date
from hospitals.models import Hospital, HospitalStaff

LAST_SHIFTS = 8


@dataclass(frozen=True)
class ShiftTotals:
    """Bills with those undone later, what was undone, what was refunded. A void counts where it was made."""

    bills: int
    credit_fen: int
    on_site_fen: int
    refunds: int
    refunded_fen: int
    given_on_site_fen: int
    voids: int
    void_fen: int
    void_on_site_fen: int

    @property
    def net_fen(self) -> int:
        """What lenders owe for it."""
        return self.credit_fen - self.refunded_fen - self.void_fen

    @property
    def cash_fen(self) -> int:
        """What came into the drawer, less what went out of it."""
        return self.on_site_fen - self.given_on_site_fen - self.void_on_site_fen


@dataclass(frozen=True)
class ShiftDesk:
    """Where a cashier stands: the shift that goes on, what waits to be received, the last ones."""

    shift: Shift | None
    totals: ShiftTotals | None
    to_receive: list[Shift]
    last: list[Shift]
    colleagues: list[User]
    float_fen: int

    @property
    def expected_fen(self) -> int:
        return self.shift.float_fen + self.totals.cash_fen if self.shift and self.totals else 0


def shift_totals(shift: Shift, *, until_at: datetime) -> ShiftTotals:
    """Everything that its cashier did after the shift before was handed over and up to this moment.

    A bill that another system undid counts for nothing: its cash never was this drawer's to give back.
    """
    when = {"at__gt": shift.since_at, "at__lte": until_at}
    # The business date is never before the day of the posting: it leads to the index.
    begins = {"hospital": shift.hospital_id, "business_on__gte": business_date(shift.since_at)}
    bills = (
        Bill.objects.filter(cashier=shift.cashier_id, **begins)
        .filter(posted_at__gt=shift.since_at, posted_at__lte=until_at)
        .exclude(Q(state=Bill.State.VOID) & Q(desk_void=None))
        .aggregate(bills=Count("pk"), credit_fen=Sum("financed_fen"), on_site_fen=Sum("paid_on_site_fen"))
    )
    refunds = Refund.objects.filter(cashier=shift.cashier_id, **begins, **when).aggregate(
        refunds=Count("pk"), refunded_fen=Sum("credit_fen"), given_on_site_fen=Sum("on_site_fen")
    )
    voids = DeskVoid.objects.filter(cashier=shift.cashier_id, **when).aggregate(
        voids=Count("pk"), void_fen=Sum("bill__financed_fen"), void_on_site_fen=Sum("bill__paid_on_site_fen")
    )
    return ShiftTotals(**{name: value or 0 for name, value in (bills | refunds | voids).items()})


def shift_of(cashier: User) -> Shift | None:
    """The shift that goes on."""
    return Shift.objects.going_on().filter(cashier=cashier).select_related("hospital", "cashier").first()


def shift_desk(*, hospital: Hospital, cashier: User, leads: bool, at: datetime) -> ShiftDesk:
    """What a cashier's own shift page shows."""
    shift = shift_of(cashier)
    kept = _with_people(Shift.objects.at_hospital(hospital))
    waiting = kept.to_receive().exclude(cashier=cashier)
    if not leads:
        waiting = waiting.filter(hand_over__to=cashier)
    last = kept.filter(cashier=cashier, hand_over__isnull=False).order_by("-opened_at", "-pk")
    posts = HospitalStaff.objects.at(hospital).exclude(user=cashier).filter(user__is_active=True)
    colleagues = [post.user for post in posts.select_related("user").order_by("user__username")]
    received = (
        Shift.objects.at_hospital(hospital)
        .filter(hand_over__receipt__received_by=cashier)
        .order_by("-hand_over__receipt__at")
        .values_list("hand_over__receipt__counted_fen", "hand_over__receipt__at")
        .first()
    )
    ended_at = last.values_list("hand_over__at", flat=True).first()
    return ShiftDesk(
        shift,
        shift_totals(shift, until_at=at) if shift else None,
        list(waiting.order_by("hand_over__at")),
        list(last[:LAST_SHIFTS]),
        colleagues,
        # Whoever took a drawer over begins with what is in it.
        received[0] if received and not leads and (ended_at is None or received[1] > ended_at) else 0,
    )


def shifts_on(*, hospital: Hospital, on: date) -> list[Shift]:
    """The shifts of a hospital that were opened on a date, by whom."""
    start_at = datetime.combine(on, time(), SHANGHAI)
    return list(
        _with_people(Shift.objects.at_hospital(hospital))
        .filter(opened_at__gte=start_at, opened_at__lt=start_at + timedelta(days=1))
        .order_by("opened_at", "pk")
    )


def shift_on_paper(*, hospital: Hospital, number: str, reader: User, leads: bool) -> Shift:
    """A shift that was handed over, for whom it concerns: its cashier, its receiver, those who lead.

    Raises Shift.DoesNotExist, for anybody else and any other hospital alike.
    """
    shifts = _with_people(Shift.objects.at_hospital(hospital)).filter(hand_over__isnull=False)
    if not leads:
        shifts = shifts.filter(
            Q(cashier=reader) | Q(hand_over__to=reader) | Q(hand_over__receipt__received_by=reader)
        )
    return shifts.get(number=number)


def totals_handed_over(hand_over: HandOver) -> ShiftTotals:
    return ShiftTotals(**{name: getattr(hand_over, name) for name in HandOver.TOTALS})


def _with_people(shifts: ShiftQuerySet) -> ShiftQuerySet:
    return shifts.select_related("hospital", "cashier", "hand_over__to", "hand_over__receipt__received_by")
