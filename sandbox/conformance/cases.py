"""How each case is judged: what came, or an exception that says what is wrong or that nothing came yet."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.conformance.judging import (
    BATCH,
    CHARGES,
    Evidence,
    NotSeen,
    Wrong,
    answered,
)
from sandbox.conformance.plan import NOTHING_FEN, SMALL_FEN
from sandbox.conformance.tape import Exchange

MOST_TOKENS = 6
PAGE_ROWS = 5
FULL = {
    "total_fen": 3550,
    "insurance": {"pooled_fund_fen": 1000, "personal_account_fen": 500, "other_fen": 0},
    "self_paid_fen": 2050,
    "paid_on_site_fen": 0,
    "state": "posted",
}


def token(evidence: Evidence) -> str:
    tries = evidence.calls("POST", "/api/oauth/token")
    if not tries:
        raise NotSeen
    given = [one for one in tries if one.status == 200]
    if not given:
        raise Wrong(tries[-1].line())
    if len(given) > MOST_TOKENS:
        raise Wrong(f"{len(given)} × POST /api/oauth/token")
    return f"{len(given)} × 200"


def eligibility(evidence: Evidence) -> str:
    asked = evidence.calls("POST", "/hospital/eligibility")
    if not asked:
        raise NotSeen
    answer = answered(asked[-1], 200).answer
    return f"eligible={answer['eligible']}, available_fen={answer['available_fen']}"


def charge(evidence: Evidence) -> str:
    if evidence.charged("charge").is_fhir:
        raise Wrong("application/fhir+json")
    return evidence.bill_with("charge", **FULL)


def fhir(evidence: Evidence) -> str:
    if not evidence.charged("fhir").is_fhir:
        raise Wrong("application/json")
    return evidence.bill_with("fhir", **FULL)


def part_finance(evidence: Evidence) -> str:
    answer = evidence.charged("part_finance").answer
    if not (answer["financed_fen"] > 0 and answer["paid_on_site_fen"] > 0):
        raise Wrong(f"financed_fen={answer['financed_fen']}, paid_on_site_fen={answer['paid_on_site_fen']}")
    answered(evidence.about_bill("part_finance", "void")[-1], 200)
    paid_fen = answer["paid_on_site_fen"]
    return evidence.bill_with("part_finance", state="void", paid_on_site_fen=paid_fen)


def batch(evidence: Evidence) -> str:
    def numbers(one: Exchange) -> list[str]:
        return [str(bill.get("visit_number")) for bill in one.body["bills"]]

    wanted = [evidence.plan.visit(f"batch-{number}") for number in (1, 2, 3, 4)]
    sent = [one for one in evidence.calls("POST", BATCH) if numbers(one) == wanted]
    if not sent:
        raise NotSeen
    statuses = [one["status"] for one in answered(sent[-1], 200).answer["results"]]
    if statuses != [201, 422, 409, 201]:
        raise Wrong(str(statuses))
    held = [len(evidence.held.get(number, [])) for number in wanted]
    if held != [1, 0, 0, 1]:
        raise Wrong(str(held))
    return str(statuses)


def replay(evidence: Evidence) -> str:
    tries = evidence.charges("replay")
    if len(tries) < 2:
        raise NotSeen
    again = answered(tries[-1], 201)
    if again.answer_headers.get("idempotency-replayed") != "true":
        raise Wrong("Idempotency-Replayed ∅")
    return evidence.bill_with("replay", state="posted")


def key_conflict(evidence: Evidence) -> str:
    first, *others = evidence.charges("key_conflict")
    if not others:
        raise NotSeen
    answered(others[-1], 422, "idempotency_key_reused")
    return evidence.bill_with("key_conflict", self_paid_fen=first.body["self_paid_fen"])


def visit(evidence: Evidence) -> str:
    held_fen = evidence.visit("visit").answer["hold_fen"]
    answered(evidence.about_visit("visit", "items"), 200)
    bill = answered(evidence.about_visit("visit", "settle"), 201).answer
    told = evidence.bill_with("visit", total_fen=800, self_paid_fen=600, state="posted")
    return f"hold_fen={held_fen}; {bill['visit']}; {told}"


def cancel(evidence: Evidence) -> str:
    evidence.visit("cancel")
    answer = answered(evidence.about_visit("cancel", "cancel"), 200).answer
    if answer["state"] != "cancelled" or evidence.held.get(evidence.plan.visit("cancel")):
        raise Wrong(answer["state"])
    return f"{answer['number']} {answer['state']}"


def void(evidence: Evidence) -> str:
    answered(evidence.about_bill("void", "void")[-1], 200)
    return evidence.bill_with("void", state="void")


def refund_part(evidence: Evidence) -> str:
    answered(evidence.about_bill("refund_part", "refunds")[-1], 201)
    return evidence.bill_with("refund_part", state="refunded", refunded_fen=200)


def refund_whole(evidence: Evidence) -> str:
    answered(evidence.about_bill("refund_whole", "refunds")[-1], 201)
    return evidence.bill_with("refund_whole", state="refunded", refunded_fen=SMALL_FEN)


def refund_too_much(evidence: Evidence) -> str:
    tries = evidence.about_bill("refund_too_much", "refunds")
    answered(tries[0], 409, "cannot_refund")
    if len(tries) > 1:
        raise Wrong(f"{len(tries)} × {tries[0].line()}")
    return f"{tries[0].line()}; {evidence.bill_with('refund_too_much', refunded_fen=0)}"


def late_insurance(evidence: Evidence) -> str:
    if evidence.charged("late_insurance").answer["insurance_state"] != "missing":
        raise Wrong("insurance ≠ null")
    answered(evidence.about_bill("late_insurance", "insurance")[-1], 201)
    return evidence.bill_with(
        "late_insurance", insurance_state="late", insurance=NOTHING_FEN | {"pooled_fund_fen": 300}
    )


def stranger(evidence: Evidence) -> str:
    tries = evidence.charges("stranger")
    for one in tries:
        answered(one, 409, "no_account")
    if len(tries) > 1:
        raise Wrong(f"{len(tries)} × {tries[0].line()}")
    return tries[0].line()


def bad_field(evidence: Evidence) -> str:
    first, *later = evidence.charges("bad_field")
    answered(first, 422, "bad_input")
    if not later:
        raise NotSeen
    if any(one.body == first.body for one in later):
        raise Wrong(f"2 × {first.line()}")
    told = evidence.bill_with("bad_field", state="posted", self_paid_fen=SMALL_FEN)
    return f"{first.line()} field={first.answer['field']}; {told}"


def bills_list(evidence: Evidence) -> str:
    """Read to the end: each page is asked for by what the page before said, and the last has none."""
    pages = [one for one in evidence.calls("GET", CHARGES) if one.query.get("limit") == str(PAGE_ROWS)]
    starts = [place for place, one in enumerate(pages) if "cursor" not in one.query]
    if not starts:
        raise NotSeen
    chain = pages[starts[-1] :]
    for one in chain:
        answered(one, 200)
        if not {one.query.get("from"), one.query.get("to")} == {evidence.plan.today}:
            raise Wrong(f"from={one.query.get('from')}, to={one.query.get('to')}")
    for before, after in pairwise(chain):
        if dict(parse_qsl(urlsplit(before.answer["next"] or "").query)) != after.query:
            raise Wrong("cursor ≠ next")
    if chain[-1].answer["next"] is not None:
        raise Wrong(f"{len(chain)} × GET, next ≠ null")
    rows: list[dict[str, Any]] = [row for one in chain for row in one.answer["results"]]
    if len(chain) < 2:
        raise NotSeen
    return f"{len(chain)} × 200, {len(rows)} rows"


def settlements(evidence: Evidence) -> str:
    asked = evidence.calls("GET", "/hospital/settlements")
    if not asked:
        raise NotSeen
    return f"{len(answered(asked[-1], 200).answer['results'])} rows"


def events(evidence: Evidence) -> str:
    asked = [one for one in evidence.calls("GET", "/events") if "after" in one.query]
    if not asked:
        raise NotSeen
    return f"{len(answered(asked[-1], 200).answer['results'])} rows"


def webhook(evidence: Evidence) -> str:
    if not evidence.probes:
        raise NotSeen
    told = ", ".join(f"{name} {status or '—'}" for name, status in evidence.probes.items())
    for name, status in evidence.probes.items():
        if (200 <= status < 300) != (name in ("signed", "again")):
            raise Wrong(told)
    return told


def statement(evidence: Evidence) -> str:
    sent = evidence.calls("POST", "/hospital/statements")
    if not sent:
        raise NotSeen
    answer = answered(sent[-1], 201).answer
    if answer["business_on"] != evidence.plan.today:
        raise Wrong(f"business_on={answer['business_on']}≠{evidence.plan.today}")
    return f"lines={answer['lines']}, state={answer['state']}, differences={answer['differences']}"
