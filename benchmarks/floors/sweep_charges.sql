-- Yesterday's late charge of every overdue bill: its line on the sheet, its sum, its transfer. For psql: today.
BEGIN;

INSERT INTO billing_ledgeraccount (kind, lender_id, payer_id)
SELECT DISTINCT 'charges', lender_id, payer_id
  FROM billing_bill WHERE state = 'open' AND due_on = :'today'::date - 2 AND owed_fen > 0
    ON CONFLICT DO NOTHING;

WITH rate AS (
    SELECT one_year_bp, one_year_bp * 150 AS cap_ppm FROM credit_lendingrate
     WHERE in_force_from < :'today' ORDER BY in_force_from DESC LIMIT 1),
late AS (
    SELECT id, number, lender_id, payer_id, owed_fen, charges_fen AS before_fen, one_year_bp, cap_ppm,
           least(late_rate_ppm, cap_ppm) AS rate_ppm,
           charges_exact + owed_fen * least(late_rate_ppm, cap_ppm) AS exact,
           (charges_exact + owed_fen * least(late_rate_ppm, cap_ppm)) / 365000000 AS charges_fen
      FROM billing_bill CROSS JOIN rate
     WHERE state = 'open' AND due_on < :'today'::date - 1 AND owed_fen > 0),
sheet AS (
    INSERT INTO billing_latecharge (bill_id, "on", principal_fen, lpr_bp, cap_ppm, rate_ppm, charge_fen,
                                    cumulative_fen, frozen)
    SELECT id, :'today'::date - 1, owed_fen, one_year_bp, cap_ppm, rate_ppm, charges_fen - before_fen,
           charges_fen, false FROM late),
bills AS (
    UPDATE billing_bill SET charges_exact = exact, charges_fen = late.charges_fen,
                            accrued_through_on = :'today'::date - 1
      FROM late WHERE billing_bill.id = late.id)
INSERT INTO billing_transfer (debit_id, credit_id, amount_fen, kind, reference, business_on, at)
SELECT owing.id, income.id, charges_fen - before_fen, 'late_charge', number || ':' || (:'today'::date - 1),
       :'today'::date - 1, now()
  FROM late
  JOIN billing_ledgeraccount owing
    ON owing.kind = 'charges' AND owing.lender_id = late.lender_id AND owing.party = late.payer_id
  JOIN billing_ledgeraccount income ON income.kind = 'income' AND income.lender_id = late.lender_id
 WHERE charges_fen > before_fen;

COMMIT;
