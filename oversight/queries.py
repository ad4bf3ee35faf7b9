"""The queries of the release, one a figure.

They are told `window` (first date of figures by month), `first` and `through` (the period) and `until` (the
first moment after it). A sum over rows or columns has NULL in their place. `people` is how many people a
sum is made of: the fewer of payers and patients where both could be recognised in it.
"""

from __future__ import annotations

# When each bill of a set `bill` (id, financed_fen) was no longer owed: the first date on which what was
# repaid or refunded of its principal reached it. What a refund gave back of a repaid part counts once.
_SETTLED = """
    moves AS (
        SELECT a.bill_id, a.business_on, a.principal_fen AS fen
          FROM billing_allocation a JOIN bill ON bill.id = a.bill_id
         WHERE a.business_on <= %(through)s
         UNION ALL
        SELECT r.bill_id, r.business_on, r.credit_fen - r.to_balance_fen
          FROM billing_refund r JOIN bill ON bill.id = r.bill_id
         WHERE r.business_on <= %(through)s),
    running AS (
        SELECT bill_id, business_on, sum(fen) OVER (PARTITION BY bill_id ORDER BY business_on) AS fen
          FROM moves),
    settled AS (
        SELECT bill.id, min(running.business_on) AS settled_on
          FROM bill JOIN running ON running.bill_id = bill.id AND running.fen >= bill.financed_fen
         GROUP BY bill.id)"""

BILLS = """
    SELECT quarter, month, scene, count(*), least(count(DISTINCT payer_id), count(DISTINCT patient_id)),
           sum(financed_fen)::bigint
      FROM (SELECT to_char(business_on, 'YYYY"q"Q') AS quarter, to_char(business_on, 'YYYY-MM') AS month,
                   scene, payer_id, patient_id, financed_fen
              FROM billing_bill
             WHERE business_on BETWEEN %(window)s AND %(through)s AND state <> 'void') AS bill
     GROUP BY GROUPING SETS ((quarter, month, scene), (quarter, month), (quarter, scene), (quarter))"""

# A bill whose clock an objection had stopped before its due date counts as due later: the answer moves it.
# Days on which an objection made after the due date was open are not days late.
REPAYMENT = f"""
    WITH bill AS (
        SELECT id, payer_id, due_on, financed_fen,
               due_on > %(through)s
               OR EXISTS (SELECT FROM billing_objection o
                           WHERE o.bill_id = billing_bill.id AND o.opened_on <= %(through)s
                             AND o.opened_on <= billing_bill.due_on
                             AND (o.answered_on IS NULL OR o.answered_on > %(through)s)) AS is_later
          FROM billing_bill
         WHERE due_on >= %(window)s AND business_on <= %(through)s AND state <> 'void'
           AND financed_fen > coalesce((SELECT sum(credit_fen) FROM billing_refund r
                                         WHERE r.bill_id = billing_bill.id
                                           AND r.business_on <= %(through)s), 0)),
    {_SETTLED},
    ended AS (
        SELECT bill.*, settled.settled_on, coalesce(settled.settled_on, %(through)s) AS end_on
          FROM bill LEFT JOIN settled ON settled.id = bill.id),
    clocked AS (
        SELECT ended.*, end_on - due_on - coalesce(
                   (SELECT sum(least(coalesce(o.answered_on, end_on), end_on) - o.opened_on + 1)
                      FROM billing_objection o
                     WHERE o.bill_id = ended.id AND o.opened_on > ended.due_on
                       AND o.opened_on <= ended.end_on), 0) AS days_late
          FROM ended),
    judged AS (
        SELECT payer_id, CASE WHEN is_later THEN 'later' ELSE to_char(due_on, 'YYYY-MM') END AS due,
               CASE WHEN is_later AND settled_on IS NULL THEN 'not_due'
                    WHEN is_later OR (settled_on IS NOT NULL AND days_late <= 0) THEN 'on_time'
                    WHEN days_late <= 30 THEN 'd30'
                    WHEN days_late <= 90 THEN 'd90'
                    ELSE 'more' END AS status
          FROM clocked)
    SELECT due, status, count(*), count(DISTINCT payer_id)
      FROM judged GROUP BY GROUPING SETS ((due, status), (due), (status), ())
    HAVING count(*) > 0"""  # noqa: S608 - put together from constants

REMINDERS = f"""
    WITH reminded AS (
        SELECT line.bill_id, count(*) AS reminders
          FROM billing_reminderline line JOIN billing_reminder r ON r.id = line.reminder_id
         WHERE line.counted AND r.delivered_on <= %(through)s
         GROUP BY line.bill_id HAVING min(r.delivered_on) >= %(first)s),
    bill AS (
        SELECT b.id, b.payer_id, b.financed_fen,
               CASE WHEN EXISTS (SELECT FROM credit_suspension s
                                  WHERE s.bill_number = b.number AND s.started_at < %(until)s)
                    THEN 4 ELSE reminded.reminders END AS step
          FROM reminded JOIN billing_bill b ON b.id = reminded.bill_id),
    {_SETTLED},
    judged AS (
        SELECT bill.payer_id, bill.step,
               CASE WHEN settled.id IS NULL THEN 'owing' ELSE 'settled' END AS outcome
          FROM bill LEFT JOIN settled ON settled.id = bill.id),
    cells AS (
        SELECT payer_id, step::text AS step, outcome FROM judged
         UNION ALL
        SELECT payer_id, NULL, outcome FROM judged
         UNION ALL
        SELECT payer_id, reached::text, 'reached' FROM judged, generate_series(1, step) AS reached)
    SELECT step, outcome, count(*), count(DISTINCT payer_id) FROM cells GROUP BY step, outcome"""  # noqa: S608 - put together from constants

# The last payment that its bank did not send back decides.
PUNCTUALITY = """
    SELECT lender.code, lender.name_zh, lender.name_en, count(*),
           count(*) FILTER (WHERE last.state = 'paid' AND last.value_on <= s.pay_on),
           count(*) FILTER (WHERE last.state = 'paid' AND last.value_on > s.pay_on),
           count(*) FILTER (WHERE last.state IS DISTINCT FROM 'paid'),
           sum(s.net_fen)::bigint
      FROM billing_settlement s
      JOIN lenders_lender lender ON lender.id = s.lender_id
      LEFT JOIN LATERAL (SELECT step.state, step.value_on FROM billing_settlementstep step
                          WHERE step.settlement_id = s.id AND step.state IN ('paid', 'returned')
                            AND step.at < %(until)s
                          ORDER BY step.id DESC LIMIT 1) AS last ON true
     WHERE s.pay_on BETWEEN %(first)s AND %(through)s AND s.state <> 'carried'
     GROUP BY GROUPING SETS ((lender.code, lender.name_zh, lender.name_en), ())
    HAVING count(*) > 0
     ORDER BY lender.code IS NULL,
              avg((last.state = 'paid' AND last.value_on <= s.pay_on)::int) DESC, lender.code"""

# An account whose last event by then is its closing was not open.
LIMITS = """
    WITH standing AS (
        SELECT DISTINCT ON (event.account_id) event.account_id, event.kind, event.outstanding_after_fen
          FROM credit_accountevent event WHERE event.at < %(until)s
         ORDER BY event.account_id, event.seq DESC),
    tier AS (
        SELECT row_number() OVER (ORDER BY t.from_score) AS place, t.from_score, t.limit_fen,
               lead(t.from_score) OVER (ORDER BY t.from_score) - 1 AS until_score
          FROM credit_tier t JOIN credit_policy p ON p.id = t.policy_id
         WHERE p.in_force_from <= %(through)s
           AND (p.in_force_until IS NULL OR p.in_force_until > %(through)s)),
    scored AS (
        SELECT account.person_id, standing.outstanding_after_fen,
               (SELECT value FROM credit_creditscore score
                 WHERE score.person_id = account.person_id AND score.recorded_at < %(until)s
                 ORDER BY score.recorded_at DESC, score.id DESC LIMIT 1) AS value
          FROM standing JOIN credit_creditaccount account ON account.id = standing.account_id
         WHERE standing.kind <> 'closed')
    SELECT tier.place, tier.from_score, tier.until_score, tier.limit_fen, count(scored.person_id),
           count(DISTINCT scored.person_id), coalesce(sum(scored.outstanding_after_fen), 0)::bigint
      FROM tier
      LEFT JOIN scored ON scored.value >= tier.from_score
                      AND (tier.until_score IS NULL OR scored.value <= tier.until_score)
     GROUP BY GROUPING SETS ((tier.place, tier.from_score, tier.until_score, tier.limit_fen), ())
     ORDER BY tier.place"""

ACCOUNTS = """
    SELECT quarter, month, count(*), count(DISTINCT account_id)
      FROM (SELECT account_id, to_char(at AT TIME ZONE 'Asia/Shanghai', 'YYYY"q"Q') AS quarter,
                   to_char(at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month
              FROM credit_accountevent
             WHERE kind = 'opened' AND at < %(until)s
               AND at >= %(window)s::timestamp AT TIME ZONE 'Asia/Shanghai') AS opened
     GROUP BY GROUPING SETS ((quarter, month), (quarter))"""

LENDERS = """
    SELECT lender.code, lender.name_zh, lender.name_en, count(*),
           least(count(DISTINCT bill.payer_id), count(DISTINCT bill.patient_id)),
           sum(bill.financed_fen)::bigint
      FROM billing_bill bill JOIN lenders_lender lender ON lender.id = bill.lender_id
     WHERE bill.business_on BETWEEN %(first)s AND %(through)s AND bill.state <> 'void'
     GROUP BY GROUPING SETS ((lender.code, lender.name_zh, lender.name_en), ())
    HAVING count(*) > 0
     ORDER BY lender.code IS NULL, sum(bill.financed_fen) DESC, lender.code"""
