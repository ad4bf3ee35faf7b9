"""Lenders and hospitals at work: they do over the REST API what their own systems would.

A robot looks every few seconds. What it decides follows from the seed and the reference of the thing
decided, so that the same city has the same fate twice; every write has a key of its own and may be
repeated. Only the date on which a bank pays comes from the clock.
"""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from threading import Event, Thread
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import httpx

from sandbox.chance import draw, token
from sandbox.client import PlatformClient, PlatformRefused, PlatformUnavailable
from sandbox.credentials import Client, Credentials

SECONDS_BETWEEN_ROUNDS = 3.0
LONGEST_PAUSE_SECONDS = 60.0
MOST_SETTLEMENTS = 1_000

DECLINED_SHARE = 1 / 25
RETURNED_SHARE = 1 / 40
FAILED_COLLECTION_SHARE = 0.07
INVOICED_SHARE = 0.9
RED_SHARE = 0.8

DECLINE_REASONS = ("资料与本行记录不一致", "本行已有逾期贷款", "不符合本行客户准入条件")
RETURN_REASONS = ("收款账号已变更", "收款户名不符")
COLLECTION_REASONS = ("余额不足", "银行卡已过期", "超过单日扣款限额")

log = logging.getLogger("sandbox.robots")


class Robot(Protocol):
    def round(self) -> None:
        """One look at everything that waits. Raises PlatformUnavailable."""


def today_in_shanghai() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


class SystemRobot:
    """Any client's system: it asks for its webhooks."""

    def __init__(
        self,
        *,
        platform: PlatformClient,
        client: Client,
        own_url: str,
        seed: int,
        today: Callable[[], date] = today_in_shanghai,
    ) -> None:
        self.platform = platform
        self.client = client
        self.code = client.code
        self.own_url = own_url
        self.seed = seed
        self.today = today
        self.has_asked_for_webhooks = False

    def round(self) -> None:
        if not self.has_asked_for_webhooks:
            self.ask_for_webhooks()
            self.has_asked_for_webhooks = True

    def ask_for_webhooks(self) -> None:
        url = f"{self.own_url}/webhooks/{self.code}"
        try:
            self.platform.put("/webhook", {"url": url, "secret": self.client.own_webhook_secret})
        except PlatformRefused as refusal:
            log.warning("%s PUT /webhook refused: %s", self.code, refusal)
        else:
            log.info("%s PUT /webhook %s", self.code, url)


class HospitalRobot(SystemRobot):
    """A hospital: its invoice system issues what its cashiers have charged and turns red what came back, and
    each day it tells the insurer what that paid of yesterday's bills.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.told_on: date | None = None
        self.refused: set[tuple[str, str]] = set()

    def round(self) -> None:
        super().round()
        today = self.today()
        if self.told_on != today:
            self.tell_insurer(today - timedelta(days=1))
            self.told_on = today
        since = (self.today() - timedelta(days=1)).isoformat()
        for bill in list(self.platform.pages("/hospital/bills", e_invoice="red_due", **{"from": since})):
            self.turn_red(bill)
        for bill in list(self.platform.pages("/hospital/bills", e_invoice="missing", **{"from": since})):
            self.issue(bill)

    def tell_insurer(self, on: date) -> None:
        told = []
        for bill in self.platform.pages("/hospital/bills", **{"from": on, "to": on}):
            amount_fen = sum((bill["insurance"] or {}).values())
            if amount_fen and bill["state"] != "void":
                told.append(
                    {
                        "hospital": self.code,
                        "on": on.isoformat(),
                        "reference": bill["number"],
                        "kind": "bill",
                        "amount_fen": amount_fen,
                    }
                )
        for start in range(0, len(told), MOST_SETTLEMENTS):
            part = {"settlements": told[start : start + MOST_SETTLEMENTS]}
            httpx.post(f"{self.own_url}/insurer/settlements", json=part, timeout=10).raise_for_status()
        log.info("%s told the insurer of %d bills of %s", self.code, len(told), on)

    def turn_red(self, bill: dict[str, Any]) -> None:
        number = bill["number"]
        if draw(self.seed, self.code, "red", number) >= RED_SHARE:
            return
        red = {"code": self.invoice_code(), "number": self.invoice_number("red", bill["e_invoice"]["number"])}
        self.put(f"/hospital/bills/{number}/e-invoice/red", red | {"issued_on": self.today().isoformat()})

    def issue(self, bill: dict[str, Any]) -> None:
        """Of all that the bill cost; where some was given back in cash, no list says how much."""
        number, before = bill["number"], bill["e_invoice"]
        if draw(self.seed, self.code, "invoice", number) >= INVOICED_SHARE:
            return
        late = sum((bill["insurance"] or {}).values()) if bill["insurance_state"] == "late" else 0
        if bill["refunded_fen"] and bill["paid_on_site_fen"]:
            return
        invoice_number = self.invoice_number("invoice", number, before["number"] if before else "")
        invoice = {
            "code": self.invoice_code(),
            "number": invoice_number,
            "check_code": token(self.seed, self.code, "check", invoice_number)[:6],
            "address": f"https://einvoice.example.com/{self.code.lower()}/{invoice_number}",
            "issued_on": self.today().isoformat(),
            "amount_fen": bill["total_fen"] - max(0, bill["refunded_fen"] - late),
        }
        self.put(f"/hospital/bills/{number}/e-invoice", invoice)

    def invoice_code(self) -> str:
        return f"3509{self.today():%y}88"

    def invoice_number(self, *words: str) -> str:
        return f"{int(draw(self.seed, self.code, 'number', *words) * 10**15):016d}"

    def put(self, path: str, body: dict[str, Any]) -> None:
        """One write and one line in the log. What a rule refuses is said once and not tried again."""
        if (path, body["number"]) in self.refused:
            return
        try:
            self.platform.put(path, body)
        except PlatformRefused as refusal:
            self.refused.add((path, body["number"]))
            log.warning("%s PUT %s refused: %s", self.code, path, refusal)
        else:
            log.info("%s PUT %s %s", self.code, path, body["number"])


class LenderRobot(SystemRobot):
    """A lender: decides applications, pays what is due, collects what it is asked to."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.refused: set[str] = set()
        self.on_the_way_back: dict[str, str] = {}

    def round(self) -> None:
        super().round()
        for number, bank_reference in list(self.on_the_way_back.items()):
            self.send_back(number, bank_reference)
        for settlement in list(self.platform.pages("/lender/settlements", state="due")):
            self.pay(settlement, attempt=1)
        for settlement in list(self.platform.pages("/lender/settlements", state="returned")):
            self.pay(settlement, attempt=2)
        for application in list(self.platform.pages("/lender/applications")):
            self.decide(application)
        for collection in list(self.platform.pages("/lender/collections", state="pending")):
            self.collect(collection)

    def decide(self, application: dict[str, Any]) -> None:
        applicant = (application["credit_code"], application["product"])
        reason = ""
        if draw(self.seed, self.code, "decline", *applicant) < DECLINED_SHARE:
            reason = self.pick(DECLINE_REASONS, *applicant)
        self.act(
            f"/lender/applications/{application['id']}/decision",
            {"granted": not reason, "reason": reason},
            key=f"decision-{application['id']}",
        )

    def pay(self, settlement: dict[str, Any], *, attempt: int) -> None:
        """On the day it is due or, where that has passed, today. Some come back: wrong account, once."""
        number, value_on = settlement["number"], self.today()
        if value_on < date.fromisoformat(settlement["pay_on"]) or settlement["net_fen"] <= 0:
            return
        bank_reference = f"BK{token(self.seed, self.code, 'payout', number, attempt)}"
        paid = self.act(
            f"/lender/settlements/{number}/payout",
            {"bank_reference": bank_reference, "value_on": value_on.isoformat()},
            key=f"payout-{number}-{attempt}-{value_on}",
        )
        if paid and attempt == 1 and draw(self.seed, self.code, "return", number) < RETURNED_SHARE:
            self.on_the_way_back[number] = bank_reference

    def send_back(self, number: str, bank_reference: str) -> None:
        self.act(
            f"/lender/settlements/{number}/return",
            {"bank_reference": bank_reference, "reason": self.pick(RETURN_REASONS, number)},
            key=f"return-{number}",
        )
        del self.on_the_way_back[number]

    def collect(self, collection: dict[str, Any]) -> None:
        number = collection["number"]
        reason = ""
        if draw(self.seed, self.code, "collection", number) < FAILED_COLLECTION_SHARE:
            reason = self.pick(COLLECTION_REASONS, number)
        self.act(
            f"/lender/collections/{collection['id']}/result",
            {
                "succeeded": not reason,
                "bank_reference": f"BK{token(self.seed, self.code, 'collection', number)}",
                "reason": reason,
            },
            key=f"collection-{number}",
        )

    def pick(self, reasons: tuple[str, ...], *words: str) -> str:
        return reasons[int(len(reasons) * draw(self.seed, self.code, "reason", *words))]

    def act(self, path: str, body: dict[str, Any], *, key: str) -> bool:
        """One write and one line in the log. What a rule refuses is said once and not tried again."""
        if key in self.refused:
            return False
        try:
            self.platform.post(path, body, key=key)
        except PlatformRefused as refusal:
            self.refused.add(key)
            log.warning("%s POST %s refused: %s", self.code, path, refusal)
            return False
        log.info("%s POST %s %s", self.code, path, body)
        return True


def work(robot: Robot, *, name: str, stop: Event, seconds: float = SECONDS_BETWEEN_ROUNDS) -> None:
    """Rounds until told to stop. While the platform is away, looks less and less often."""
    pause_seconds = seconds
    while not stop.is_set():
        try:
            robot.round()
            pause_seconds = seconds
        except (PlatformUnavailable, PlatformRefused) as error:
            pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)
            log.warning("%s waits %.0f s: %s", name, pause_seconds, error)
        except Exception:
            # An answer that cannot be read must not end the robot's working life.
            pause_seconds = LONGEST_PAUSE_SECONDS
            log.exception("%s stumbled", name)
        stop.wait(pause_seconds)


def supervise(credentials: Credentials, *, own_url: str, seed: int, stop: Event) -> None:
    """One robot a client; all start anew when the credentials change, for example with a new demo city."""
    known = None
    shift = Event()
    while not stop.is_set():
        contents = credentials.read()
        if contents is not known:
            shift.set()
            shift, known = Event(), contents
            for client in contents.clients:
                if client.kind in ROBOTS:
                    start(client, base_url=contents.base_url, own_url=own_url, seed=seed, stop=shift)
        stop.wait(2)
    shift.set()


def start(client: Client, *, base_url: str, own_url: str, seed: int, stop: Event) -> Thread:
    platform = PlatformClient(base_url, client.client_id, client.client_secret, client.scope, sleep=stop.wait)
    robot = ROBOTS[client.kind](platform=platform, client=client, own_url=own_url, seed=seed)
    thread = Thread(target=work, args=(robot,), kwargs={"name": client.code, "stop": stop}, daemon=True)
    thread.start()
    return thread


ROBOTS: dict[str, Callable[..., Robot]] = {"hospital": HospitalRobot, "lender": LenderRobot}
