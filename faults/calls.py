"""What clients and networks do to calls: repeat, cut, forge, shuffle; and a hundred cashiers at once."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
from django.db import connection
from standardwebhooks.webhooks import Webhook

from accounts import gateways
from accounts.models import Event, Message
from billing.models import Bill, Repayment
from billing.operations.repayments import repay
from faults import clock
from faults.bells import SECONDS_TO_COME_BACK
from faults.programs import wait_until
from faults.proxy import Proxy
from faults.report import Report
from faults.stage import WEBHOOK_SECRET, Stage
from faults.tills import Till, charge_of, must_be_asked_again, together

AT_ONCE = 10
LIMIT_FEN = 300_000
ASKED_FEN = 9_100
IN_A_BATCH = 20
MISCHIEF = 40


def same_call(stage: Stage, tell: Report) -> None:
    """One call ten times at once: one effect, and every answer but `in flight` is the same."""
    stage.needs_all()
    [patient] = stage.place.people(1)
    tills = [stage.till() for _number in range(AT_ONCE)]
    for number in range(stage.size.retried // AT_ONCE):
        key = f"same-{number}-{patient.credit_code}"
        answers = together([partial(till.charge, patient, 3, key) for till in tills])
        tell.count("calls", AT_ONCE)
        done = [answer for answer in answers if answer.status_code == 201]
        busy = [answer for answer in answers if answer not in done and must_be_asked_again(answer)]
        tell.count("in flight", len(busy))
        tell.expect(len(done) + len(busy) == AT_ONCE, f"{key}: {Counter(a.status_code for a in answers)}")
        last = tills[0].insist("/hospital/bills", charge_of(patient, 3, key), key)
        tell.expect(all(answer.json() == last.json() for answer in done), f"{key}: answers differ")
        fresh = sum("Idempotency-Replayed" not in answer.headers for answer in done)
        tell.expect(fresh == 1, f"{key}: {fresh} effects")


def cut_after_commit(stage: Stage, tell: Report) -> None:
    """The answer is lost after the commit; asked again, the platform tells what it did and does no more."""
    stage.needs_all()
    [patient] = stage.place.people(1)
    direct = stage.till()
    with Proxy(stage.url) as proxy:
        for number in range(stage.size.cuts):
            key, behind = f"cut-{number}-{patient.credit_code}", stage.till(proxy.url)
            proxy.cut()
            try:
                behind.charge(patient, 3, key)
            except httpx.TransportError:
                tell.count("answers cut")
            answer = direct.insist("/hospital/bills", charge_of(patient, 3, key), key)
            tell.expect(answer.headers.get("Idempotency-Replayed") == "true", f"{key} was charged anew")
            behind.http.close()


def batches(stage: Stage, tell: Report) -> None:
    """Batches half bad, cut short, repeated, cut after the commit: each charge once, and a total agrees."""
    stage.needs_all()
    [patient] = stage.place.people(1)
    till = stage.till()
    path, told_fen = "/hospital/bills/batch", 0
    with Proxy(stage.url) as proxy:
        behind = stage.till(proxy.url)
        for number in range(stage.size.batches):
            key = f"batch-{number}-{patient.credit_code}"
            charges = [charge_of(patient, 7, f"{key}-{place}") for place in range(IN_A_BATCH)]
            bad = stage.lots.sample(range(IN_A_BATCH), IN_A_BATCH // 2)
            for place in bad:
                charges[place] |= stage.lots.choice([{"self_paid_fen": 8}, {"scene": "?"}, {"items": []}])
            whole = json.dumps({"bills": charges}).encode()
            short = _send(till, path, whole[: stage.lots.randrange(1, len(whole))], key)
            tell.expect(short.status_code in (400, 422), f"a body cut short: {short.status_code}")
            proxy.cut()
            try:
                behind.post(path, {"bills": charges}, key)
            except httpx.TransportError:
                tell.count("answers cut")
            answers = [till.insist(path, {"bills": charges}, key).json()["results"] for _twice in range(2)]
            first, second = ([result["bill"] for result in answer] for answer in answers)
            tell.count("batches")
            tell.expect(first == second, f"{key}: the same batch was answered otherwise")
            refused = {place for place, bill in enumerate(first) if bill is None}
            tell.expect(refused == set(bad), f"{key}: {sorted(refused)} were refused, {sorted(bad)} are bad")
            told_fen += sum(bill["financed_fen"] for bill in first if bill)
            tell.count("charged", sum(1 for bill in first if bill))
    connection.close()
    kept = Bill.objects.filter(patient=patient).values_list("financed_fen", flat=True)
    tell.expect(sum(kept) == told_fen, f"control total: {told_fen} fen told, {sum(kept)} fen kept")


def _send(till: Till, path: str, content: bytes, key: str) -> httpx.Response:
    headers = {"Idempotency-Key": f"{key}-short", "Content-Type": "application/json"}
    return till.http.post(f"/api/v1{path}", content=content, headers=headers | till.token.header())


def cashiers(stage: Stage, tell: Report) -> None:
    """A hundred cashiers charge one account of ¥3,000 at once; it is used to the last fen and never over."""
    stage.needs_all()
    tills = [stage.till() for _cashier in range(stage.size.cashiers)]
    for number in range(stage.size.rounds):
        connection.close()
        [patient] = stage.place.people(1)
        keys = [f"cashier-{number}-{place}-{patient.credit_code}" for place in range(len(tills))]
        work = [
            partial(till.insist, "/hospital/bills", charge_of(patient, ASKED_FEN, key), key)
            for till, key in zip(tills, keys, strict=True)
        ]
        answers = together(work)
        given = [answer.json()["financed_fen"] for answer in answers if answer.status_code == 201]
        refused = Counter(answer.json()["code"] for answer in answers if answer.status_code != 201)
        tell.count("charges", len(answers))
        tell.count("granted", len(given))
        wanted = min(LIMIT_FEN, ASKED_FEN * len(tills))
        tell.expect(sum(given) == wanted, f"granted {sum(given)} fen of {wanted}")
        tell.expect(set(refused) <= {"over_limit"}, f"refused otherwise: {refused}")
        outstanding = stage.place.outstanding_fen(patient)
        tell.expect(outstanding == sum(given), f"{outstanding} fen outstanding, {sum(given)} granted")
        repay(
            payer=patient,
            lender=stage.place.bank,
            amount_fen=sum(given),
            method=Repayment.Method.LENDER,
            bank_reference=f"cashiers-{number}-{patient.credit_code}",
            at=clock.now(),
        )


def webhooks(stage: Stage, tell: Report) -> None:
    """The bank's receiver takes each event once; repeated, shuffled, forged, replayed ones change nothing."""
    stage.needs_all()
    client = stage.bank_client()
    stage.listen()
    before = Event.objects.order_by("pk").last()
    with stage.load(cashiers=2, people=2) as load:
        load.wait(MISCHIEF)
    connection.close()
    new = Event.objects.filter(client=client, pk__gt=before.pk if before else 0)
    events = list(new.order_by("pk")[:MISCHIEF])
    pending = Message.objects.filter(event__client=client).exclude(state=Message.State.DELIVERED)
    wait_until("all events are delivered", lambda: not pending.exists(), SECONDS_TO_COME_BACK)
    wanted = {str(event.uid) for event in events}
    box = stage.sandbox.webhooks(client.name)
    tell.count("events", len(wanted))
    tell.expect(wanted <= _accepted(box), "an event did not arrive")

    url, secret = f"{stage.sandbox.url}/webhooks/{client.name}", WEBHOOK_SECRET
    for event in stage.lots.sample(events, len(events)):
        sent = gateways.send_webhook(url=url, uid=str(event.uid), body=event.as_sent(), secrets=[secret])
        tell.count("repeated and shuffled")
        tell.expect(sent.outcome == gateways.Outcome.DELIVERED, f"a repetition: {sent}")
    again = stage.sandbox.webhooks(client.name)
    tell.expect(_accepted(again) == _accepted(box), "a repetition was taken for an event")
    tell.expect(again["duplicates"] - box["duplicates"] == len(events), "a repetition was not known as one")

    for event in events:
        name, status = _mischief(stage, url, secret, event)
        tell.count(name)
        tell.expect(status == 401, f"{name}: answered {status}")
    after = stage.sandbox.webhooks(client.name)
    tell.expect(_accepted(after) == _accepted(box), "a forged event was taken")
    tell.expect(after["duplicates"] == again["duplicates"], "a replayed event was taken")


def _accepted(box: dict[str, Any]) -> set[str]:
    return {one["webhook_id"] for one in box["accepted"]}


def _mischief(stage: Stage, url: str, secret: str, event: Event) -> tuple[str, int]:
    """What somebody sends who has seen a webhook but holds no secret."""
    uid, body = str(event.uid), json.dumps(event.as_sent())
    other = "whsec_" + "QUFB" * 10
    kind = stage.lots.choice(["forged", "altered", "renamed", "replayed"])
    now = datetime.now(tz=UTC)
    at = now - timedelta(minutes=10) if kind == "replayed" else now
    signature = Webhook(other if kind == "forged" else secret).sign(uid, at, body)
    if kind == "altered":
        body = body.replace("{", '{"more": 1, ', 1)
    headers = {
        "webhook-id": "another" if kind == "renamed" else uid,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
        "content-type": "application/json",
    }
    return kind, httpx.post(url, content=body, headers=headers, timeout=10).status_code
