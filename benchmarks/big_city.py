"""A city of any size: people and their bills as rows that the platform itself could have written.

Loaded by set-based SQL, because a million charges would take hours. `check_books` passes on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from benchmarks.databases import load, settle
from benchmarks.founding import INTEREST_FREE_DAYS, LATE_RATE_PPM, LIMIT_FEN
from common.calendar import SHANGHAI


@dataclass(frozen=True)
class Cohort:
    """So many bills of one business date, all due on one date."""

    bills: int
    business_on: date
    due_on: date


def credit_code(payer: int) -> str:
    """By which a hospital names a payer of the city, numbered from 1: 12 hexadecimal digits."""
    return f"{payer:012X}"


# Payer n has person, score, account and facility n, and the lender that n falls to in turn.
_PEOPLE = [
    """CREATE TEMP TABLE institution ON COMMIT DROP AS
       SELECT (SELECT array_agg(id ORDER BY id) FROM hospitals_hospital) AS hospitals,
              (SELECT count(*)::int FROM hospitals_hospital) AS n_hospitals,
              (SELECT array_agg(id ORDER BY id) FROM lenders_lender) AS lenders,
              (SELECT count(*)::int FROM lenders_lender) AS n_lenders,
              (SELECT id FROM credit_policy) AS policy, (SELECT id FROM credit_tier) AS tier""",
    """CREATE TEMP TABLE citizen ON COMMIT DROP AS
       SELECT n, n_lenders * n_hospitals + 2 * n_lenders + n AS receivable,
              1 + n %% n_lenders AS lender_no, lenders[1 + n %% n_lenders] AS lender, product.id AS product,
              lender.code AS lender_code, 10000 + n %% 50 * 100 AS fen
         FROM generate_series(1, %(payers)s) AS n CROSS JOIN institution
         JOIN lenders_lender lender ON lender.id = lenders[1 + n %% n_lenders]
         JOIN lenders_product product ON product.lender_id = lender.id""",
    """INSERT INTO accounts_person (id, uid, name_sealed, resident_id_sealed, resident_id_index, phone_sealed,
                                    phone_index, credit_code, language, created_at)
       SELECT n, gen_random_uuid(), 'v1:', 'v1:', md5('name ' || n) || md5('number ' || n), 'v1:',
              md5('phone ' || n), lpad(upper(to_hex(n)), 12, '0'), 'zh-hans', %(at)s FROM citizen""",
    """INSERT INTO credit_creditscore (id, person_id, value, scored_on, reference, recorded_at)
       SELECT n, n, 700, %(on)s, 'score ' || n, %(at)s FROM citizen""",
    """INSERT INTO credit_creditaccount (id, person_id, state, score_id, tier_id, limit_fen, outstanding_fen,
                                         seq, opened_at, scored_at)
       SELECT n, n, 'active', n, tier, %(limit)s, 0, 1, %(at)s, %(at)s FROM citizen CROSS JOIN institution""",
    """INSERT INTO credit_accountevent (account_id, seq, kind, amount_fen, outstanding_after_fen, limit_fen,
                                        reference, at)
       SELECT n, 1, 'opened', 0, 0, %(limit)s, 'score ' || n, %(at)s FROM citizen""",
    """INSERT INTO accounts_consent (person_id, purpose, subject, version, channel, given_at)
       SELECT n, 'lender', lender_code, '1', '', %(at)s FROM citizen""",
    """INSERT INTO lenders_facility (id, person_id, product_id, lender_id, reference, state, applied_at,
                                     decided_at, decision_reason, is_default)
       SELECT n, n, product, lender, lpad(n::text, 16, '0'), 'granted', %(at)s, %(at)s, '', true
         FROM citizen""",
    """INSERT INTO billing_ledgeraccount (id, kind, lender_id, hospital_id)
       SELECT (l - 1) * n_hospitals + h, 'payable', lenders[l], hospitals[h]
         FROM institution, generate_series(1, n_lenders) l, generate_series(1, n_hospitals) h""",
    """INSERT INTO billing_ledgeraccount (id, kind, lender_id)
       SELECT n_lenders * n_hospitals + l, 'cash', lenders[l]
         FROM institution, generate_series(1, n_lenders) l
        UNION ALL
       SELECT n_lenders * n_hospitals + n_lenders + l, 'income', lenders[l]
         FROM institution, generate_series(1, n_lenders) l""",
    """INSERT INTO billing_ledgeraccount (id, kind, lender_id, payer_id)
       SELECT receivable, 'receivable', lender, n FROM citizen""",
]

# Bill i falls to the payers in turn, and to every pair of hospital and lender.
_PLAN = """CREATE TEMP TABLE plan (i bigint, payer bigint, business_on date, due_on date) ON COMMIT DROP"""
_COHORT = """
    INSERT INTO plan SELECT i, 1 + (i - 1) %% %(payers)s, %(business_on)s, %(due_on)s
      FROM generate_series(%(first)s, %(last)s) AS i"""
_BILLS = [
    """CREATE TEMP TABLE planned ON COMMIT DROP AS
       SELECT plan.*, citizen.*, 1 + (i - 1) / %(payers)s AS turn,
              1 + i / n_lenders %% n_hospitals AS hospital_no,
              hospitals[1 + i / n_lenders %% n_hospitals] AS hospital, policy, n_hospitals,
              -- from above, where the platform's own numbers do not come
              to_char(business_on, 'YYYYMMDD') || '-' || lpad((9999999 - i %% 10000000)::text, 7, '0') || '-0'
              AS number,
              (business_on + time '10:00') AT TIME ZONE 'Asia/Shanghai' AS posted_at
         FROM plan JOIN citizen ON n = payer CROSS JOIN institution ORDER BY i""",
    """INSERT INTO billing_visit (id, number, hospital_id, scene, hospital_visit_no, patient_id, payer_id,
                                  account_id, product_id, state, hold_fen, opened_at, opened_on, ended_at)
       SELECT i, 'V' || number, hospital, 'outpatient', i::text, payer, payer, payer, product, 'settled', 0,
              posted_at, business_on, posted_at FROM planned""",
    """INSERT INTO billing_bill (id, number, visit_id, hospital_id, lender_id, product_id, policy_id,
              patient_id, payer_id, account_id, scene, state, business_on, posted_at, due_on, total_fen,
              pooled_fund_fen, personal_account_fen, other_fen, self_paid_fen, insurance, financed_fen,
              paid_on_site_fen, repaid_fen, refunded_fen, credited_back_fen, late_rate_ppm, charges_fen,
              charges_paid_fen, charges_exact, reminders_counted, next_step_day, frozen_days)
       SELECT i, 'B' || number, i, hospital, lender, product, policy, payer, payer, payer, 'outpatient',
              'open', business_on, posted_at, due_on, fen, 0, 0, 0, fen, 'settled', fen, 0, 0, 0, 0, %(rate)s,
              0, 0, 0, 0, 1, 0 FROM planned""",
    """INSERT INTO billing_transfer (debit_id, credit_id, amount_fen, kind, reference, business_on, at)
       SELECT receivable, (lender_no - 1) * n_hospitals + hospital_no, fen, 'charge', 'B' || number,
              business_on, posted_at FROM planned""",
    """INSERT INTO credit_accountevent (account_id, seq, kind, amount_fen, outstanding_after_fen, limit_fen,
                                        reference, at)
       SELECT payer, 1 + turn, 'charge', fen, fen * turn, %(limit)s, 'B' || number, posted_at FROM planned""",
    """UPDATE credit_creditaccount SET outstanding_fen = turns * fen, seq = 1 + turns
         FROM (SELECT payer, max(fen) AS fen, count(*) AS turns FROM planned GROUP BY payer) AS drawn
        WHERE id = payer""",
]

# What else a charge leaves behind.
_TRACES = [
    """INSERT INTO billing_item (visit_id, name, category, amount_fen)
       SELECT i, '诊查费', '诊疗', fen FROM planned""",
    """INSERT INTO accounts_notice (person_id, kind, params, channels, reference, created_at)
       SELECT payer, 'bill.posted', jsonb_build_object('bill', 'B' || number, 'hospital', '第1医院',
              'financed_fen', fen, 'due_on', due_on), '[]', 'posted:B' || number, posted_at FROM planned""",
    """INSERT INTO accounts_event (uid, client_id, name, payload, at, txid)
       SELECT gen_random_uuid(), client_id, 'bill.posted', jsonb_build_object('number', 'B' || number,
              'financed_fen', fen), posted_at, 3
         FROM planned JOIN lenders_lenderclient link ON link.lender_id = lender""",
    """INSERT INTO accounts_idempotencyrecord (client_id, key, request_hash, status, body, created_at)
       SELECT (SELECT min(id) FROM accounts_apiclient WHERE kind = 'hospital'), md5('key ' || i),
              md5('hash ' || i), 201, jsonb_build_object('number', 'B' || number), posted_at FROM planned""",
    """INSERT INTO accounts_accessentry (actor, subject_id, purpose, reason, at)
       SELECT 'hospital:H001', payer, 'api.charge', '', posted_at FROM planned""",
]

_SEQUENCES = [
    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 1)) FROM {table}"  # noqa: S608
    for table in (
        "accounts_person", "credit_creditscore", "credit_creditaccount", "lenders_facility",
        "billing_ledgeraccount", "billing_visit", "billing_bill",
    )
]  # fmt: skip


def people(url: str, *, payers: int, cohorts: Sequence[Cohort] = (), traces: bool = False, on: date) -> None:
    """Fill a founded database with payers, who joined on a date, and their open bills.

    With `traces` all that a charge leaves behind is there too: items, notices, events, keys, looks.
    """
    at = datetime.combine(on, time(9), SHANGHAI)
    values = {"payers": payers, "at": at, "on": on, "limit": LIMIT_FEN, "rate": LATE_RATE_PPM}
    steps = [(statement, values) for statement in _PEOPLE]
    if cohorts:
        bills = [*_BILLS, *(_TRACES if traces else [])]
        steps += [(_PLAN, values), *_planned(cohorts, payers), *((statement, values) for statement in bills)]
    load(url, [*steps, *((statement, values) for statement in _SEQUENCES)])
    settle(url)


def _planned(cohorts: Sequence[Cohort], payers: int) -> list[tuple[str, dict[str, Any]]]:
    """The cohorts one after another, their bills numbered from 1."""
    steps, first = [], 1
    for cohort in cohorts:
        last = first + cohort.bills - 1
        steps.append((_COHORT, {**asdict(cohort), "first": first, "last": last, "payers": payers}))
        first = last + 1
    return steps


def due_after(business_on: date) -> date:
    """When a bill of that date is due."""
    return business_on + timedelta(days=INTEREST_FREE_DAYS)
