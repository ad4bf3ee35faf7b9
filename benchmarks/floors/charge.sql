-- One charge as plain SQL, for pgbench: the account drawn by a conditional update, the visit, its bill, and the
-- transfer, in one transaction into the platform's own tables, with their keys, checks and triggers.
-- Variables: first_payer, last_payer, first_hospital, last_hospital.
\set payer random(:first_payer, :last_payer)
\set hospital random(:first_hospital, :last_hospital)
\set fen random(100, 5000)
BEGIN;
UPDATE credit_creditaccount
   SET outstanding_fen = outstanding_fen + :fen, seq = seq + 1
 WHERE person_id = :payer AND state = 'active' AND outstanding_fen + :fen <= limit_fen
RETURNING id AS account \gset
INSERT INTO billing_visit (number, hospital_id, scene, hospital_visit_no, patient_id, payer_id, account_id,
                           product_id, state, hold_fen, opened_at, opened_on, ended_at)
SELECT 'FV' || nextval('billing_number'), :hospital, 'outpatient', '', :payer, :payer, :account, product_id,
       'settled', 0, now(), (now() AT TIME ZONE 'Asia/Shanghai')::date, now()
  FROM lenders_facility WHERE person_id = :payer AND is_default
RETURNING id AS visit, product_id AS product \gset
INSERT INTO billing_bill (number, visit_id, hospital_id, lender_id, product_id, policy_id, patient_id, payer_id,
                          account_id, scene, state, business_on, posted_at, due_on, total_fen, pooled_fund_fen,
                          personal_account_fen, other_fen, self_paid_fen, insurance, financed_fen,
                          paid_on_site_fen, repaid_fen, refunded_fen, credited_back_fen, late_rate_ppm,
                          charges_fen, charges_paid_fen, charges_exact, reminders_counted, next_step_day,
                          frozen_days)
SELECT 'FB' || :visit::bigint, :visit, :hospital, lender_id, id, (SELECT max(id) FROM credit_policy), :payer,
       :payer, :account, 'outpatient', 'open', (now() AT TIME ZONE 'Asia/Shanghai')::date, now(),
       (now() AT TIME ZONE 'Asia/Shanghai')::date + 42, :fen, 0, 0, 0, :fen, 'settled', :fen, 0, 0, 0, 0, late_rate_ppm, 0, 0, 0, 0, 1, 0
  FROM lenders_product WHERE id = :product
RETURNING number AS bill, lender_id AS lender \gset
INSERT INTO billing_transfer (debit_id, credit_id, amount_fen, kind, reference, business_on, at)
SELECT owing.id, owed.id, :fen, 'charge', :bill, (now() AT TIME ZONE 'Asia/Shanghai')::date, now()
  FROM billing_ledgeraccount owing, billing_ledgeraccount owed
 WHERE owing.kind = 'receivable' AND owing.lender_id = :lender AND owing.party = :payer
   AND owed.kind = 'payable' AND owed.lender_id = :lender AND owed.party = :hospital;
COMMIT;
