"""How a statement is matched with the books: in SQL, by the set.

Both sides are laid upon each other by number; what does not agree then is tried by the other names an item
goes by: a refund by its bill's number, anything by the hospital's own number of the visit, all items of one
name taken together. What is left over, or differs, is a difference.
"""

from __future__ import annotations

from billing.models.reconciliation import Source

# What the platform has, by the sides that can state it. `may_lack` is what nobody need state.
_CREDIT = """
    SELECT number, 'bill' AS item, financed_fen AS fen, state = 'void' AS void,
           state = 'void' AS may_lack, id AS bill_id
      FROM billing_bill WHERE hospital_id = %(hospital)s AND business_on = %(on)s{only}
     UNION ALL
    SELECT number, 'refund', credit_fen, false, false, bill_id
      FROM billing_refund
     WHERE hospital_id = %(hospital)s AND business_on = %(on)s AND credit_fen > 0{only}"""

# What insurance paid counts on the day on which it was settled, were that after the visit.
_INSURANCE = """
    SELECT number, 'bill' AS item, pooled_fund_fen + personal_account_fen + other_fen AS fen,
           state = 'void' AS void, state = 'void' AS may_lack, id AS bill_id
      FROM billing_bill
     WHERE hospital_id = %(hospital)s AND business_on = %(on)s
       AND pooled_fund_fen + personal_account_fen + other_fen > 0
     UNION ALL
    SELECT bill.number, 'bill', late.pooled_fund_fen + late.personal_account_fen + late.other_fen,
           false, false, bill.id
      FROM billing_refund refund
      JOIN billing_insurancesettlement late ON late.bill_id = refund.bill_id
      JOIN billing_bill bill ON bill.id = refund.bill_id
     WHERE refund.hospital_id = %(hospital)s AND refund.business_on = %(on)s
       AND refund.reason = 'insurance'"""

# A payment that is not made counts as void; one made after the statement need not stand in it.
_PAYOUT = """
     UNION ALL
    SELECT number, 'payout', net_fen, state NOT IN ('paid', 'reconciled'),
           state NOT IN ('paid', 'reconciled') OR NOT EXISTS (
               SELECT FROM billing_settlementstep step
                WHERE step.settlement_id = billing_settlement.id AND step.state = 'paid'
                  AND step.at <= %(taken_at)s),
           NULL
      FROM billing_settlement
     WHERE hospital_id = %(hospital)s AND business_on = %(on)s AND lender_id = %(lender)s"""

INSURED = f"SELECT count(*), coalesce(sum(fen), 0)::bigint FROM ({_INSURANCE}) AS insured WHERE NOT void"  # noqa: S608

_HERE = {
    Source.HOSPITAL: _CREDIT.format(only=""),
    Source.INSURER: _INSURANCE,
    Source.LENDER: _CREDIT.format(only=" AND lender_id = %(lender)s") + _PAYOUT,
}

_COMPARE = """
    WITH upon AS MATERIALIZED (
        SELECT name, item, coalesce(NOT bool_or(void), false)::int AS here,
               CASE WHEN NOT bool_or(void) THEN max(fen) ELSE 0 END AS here_fen,
               coalesce(bool_or(void), false)::int AS voids,
               CASE WHEN bool_or(void) THEN max(fen) ELSE 0 END AS void_fen,
               coalesce(bool_and(may_lack), false) AS may_lack, max(bill_id) AS bill_id,
               count(stated_fen) AS there, coalesce(sum(stated_fen), 0) AS there_fen, count(undone) AS undone
          FROM (SELECT number AS name, item, fen, void, may_lack, bill_id,
                       NULL::bigint AS stated_fen, NULL::boolean AS undone
                  FROM ({here}) AS posted
                 UNION ALL
                SELECT reference, CASE kind WHEN 'void' THEN 'bill' ELSE kind END, NULL, NULL, NULL, NULL,
                       CASE WHEN kind <> 'void' THEN amount_fen END, CASE WHEN kind = 'void' THEN true END
                  FROM billing_statementline WHERE statement_id = %(statement)s) AS both_sides
         GROUP BY name, item
        HAVING (max(fen) = max(stated_fen) AND count(stated_fen) = 1 AND count(undone) = 0
                AND NOT bool_or(void)) IS NOT TRUE
    ),
    unknown AS MATERIALIZED (SELECT * FROM upon WHERE here + voids = 0),
    -- What nobody stated by its own number, by the name under which it may have been stated.
    unstated AS (
        SELECT coalesce(by_bill.name, by_visit.name, upon.name) AS name, upon.item, upon.here, upon.here_fen,
               upon.voids, upon.void_fen, upon.may_lack, upon.there, upon.there_fen, upon.undone
          FROM upon
          LEFT JOIN billing_bill bill ON bill.id = upon.bill_id
          LEFT JOIN billing_visit visit ON visit.id = bill.visit_id
          LEFT JOIN unknown by_bill ON by_bill.item = upon.item AND by_bill.name = bill.number
          LEFT JOIN unknown by_visit ON by_visit.item = upon.item AND by_visit.name = visit.hospital_visit_no
         WHERE upon.here + upon.voids > 0 AND upon.there + upon.undone = 0
    ),
    settled AS (
        SELECT name, item, sum(here)::int AS here, sum(here_fen)::bigint AS here_fen,
               sum(voids)::int AS voids, sum(void_fen)::bigint AS void_fen,
               bool_and(may_lack) FILTER (WHERE here + voids > 0) AS may_lack,
               sum(there)::int AS there, sum(there_fen)::bigint AS there_fen, sum(undone)::int AS undone
          FROM (SELECT * FROM unstated
                 UNION ALL
                SELECT name, item, here, here_fen, voids, void_fen, may_lack, there, there_fen, undone
                  FROM upon WHERE there + undone > 0) AS rest
         GROUP BY name, item
    ),
    judged AS (
        SELECT name, item, here + voids AS here, CASE here WHEN 0 THEN void_fen ELSE here_fen END AS here_fen,
               here = 0 AND voids > 0 AS here_void, there, there_fen, undone,
               CASE
                   -- Of what neither side counts nothing need be said.
                   WHEN here + voids = 0 THEN CASE undone WHEN 0 THEN 'missing_here' END
                   WHEN there + undone = 0 THEN CASE WHEN NOT may_lack THEN 'missing_there' END
                   WHEN undone > voids OR (undone = 0 AND voids > 0 AND there_fen = here_fen + void_fen)
                        OR (undone = 0 AND here = 0) THEN 'status'
                   -- A void may be stated alone, or after the bill that it undid.
                   WHEN undone > 0 THEN
                        CASE WHEN there_fen NOT IN (here_fen, here_fen + void_fen) THEN 'amount' END
                   WHEN there > here THEN 'duplicate'
                   WHEN there_fen <> here_fen THEN 'amount'
               END AS kind
          FROM settled
    ),
    found AS MATERIALIZED (SELECT * FROM judged WHERE kind IS NOT NULL),
    known AS MATERIALIZED (SELECT * FROM billing_difference WHERE reconciliation_id = %(reconciliation)s),
    fresh AS (
        INSERT INTO billing_difference (
               number, reconciliation_id, hospital_id, lender_id, business_on, source, item, reference, kind,
               here, here_fen, here_void, there, there_fen, there_void, owner, state, found_on, moves_money)
        SELECT billing_number_of('D', %(today)s, nextval('billing_number')), %(reconciliation)s, %(hospital)s,
               %(lender)s, %(on)s, %(source)s, item, name, kind, here, here_fen, here_void, there, there_fen,
               undone > 0, CASE kind WHEN 'missing_here' THEN 'operator' ELSE %(source)s END, 'open',
               %(today)s, false
          FROM (SELECT * FROM found
                 WHERE NOT EXISTS (SELECT FROM known WHERE (known.item, known.reference, known.kind)
                                                         = (found.item, found.name, found.kind))
                 ORDER BY item, name, kind) AS new
        RETURNING id
    ),
    again AS (
        UPDATE billing_difference difference
           SET here = found.here, here_fen = found.here_fen, here_void = found.here_void,
               there = found.there, there_fen = found.there_fen, there_void = found.undone > 0,
               state = 'open',
               found_on = CASE known.state WHEN 'closed' THEN %(today)s ELSE known.found_on END,
               moves_money = false, maker_id = NULL, checker_id = NULL, closed_by_id = NULL, closed_on = NULL
          FROM known JOIN found ON (known.item, known.reference, known.kind)
                                 = (found.item, found.name, found.kind)
         WHERE difference.id = known.id
           AND (known.closed_by_id IS NOT NULL
                OR (known.here, known.here_fen, known.here_void, known.there, known.there_fen,
                       known.there_void)
                   <> (found.here, found.here_fen, found.here_void, found.there, found.there_fen,
                       found.undone > 0))
        RETURNING difference.id
    ),
    gone AS (
        UPDATE billing_difference difference
           SET state = 'closed', closed_by_id = %(statement)s, closed_on = %(today)s
          FROM known
         WHERE difference.id = known.id AND known.state <> 'closed'
           AND NOT EXISTS (SELECT FROM found WHERE (known.item, known.reference, known.kind)
                                                 = (found.item, found.name, found.kind))
        RETURNING difference.id
    ),
    told AS (
        INSERT INTO billing_differencestep (difference_id, state, evidence, statement_id, at)
        SELECT id, 'open', '', %(statement)s, %(at)s FROM fresh
         UNION ALL
        SELECT id, 'open', '', %(statement)s, %(at)s FROM again
         UNION ALL
        SELECT id, 'closed', '', %(statement)s, %(at)s FROM gone
    )
    SELECT kind, count(*)::int,
           coalesce(sum(here) FILTER (WHERE NOT here_void AND item <> 'payout'), 0)::int
      FROM found GROUP BY kind ORDER BY kind"""

COMPARE = {source: _COMPARE.format(here=here) for source, here in _HERE.items()}

# Where hospital and lender say the same against the platform, it is the platform that has to be looked into.
OWNERS = """
    UPDATE billing_difference difference SET owner = judged.owner
      FROM (SELECT one.id,
                   CASE WHEN one.kind = 'missing_here' OR EXISTS (
                            SELECT FROM billing_difference other
                             WHERE other.hospital_id = one.hospital_id AND other.business_on = one.business_on
                               AND (one.source, other.source)
                                   IN (('hospital', 'lender'), ('lender', 'hospital'))
                               AND other.state <> 'closed'
                               AND (other.item, other.reference, other.kind, other.there_fen)
                                 = (one.item, one.reference, one.kind, one.there_fen))
                        THEN 'operator' ELSE one.source END AS owner
              FROM billing_difference one
             WHERE one.hospital_id = %(hospital)s AND one.business_on = %(on)s
               AND one.state <> 'closed') AS judged
     WHERE difference.id = judged.id AND difference.owner <> judged.owner"""
