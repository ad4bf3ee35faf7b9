-- One repayment of a whole bill as plain SQL, for pgbench: the account and its event, the repayment and its
-- allocation, the bill closed, the transfer, the notice and the lender's event, in one transaction into the
-- platform's own tables. Each turn takes the next bill of the sequence floor_turn.
SELECT nextval('floor_turn') AS bill \gset
BEGIN;
SELECT account_id AS account, payer_id AS payer, lender_id AS lender, owed_fen AS fen
  FROM billing_bill WHERE id = :bill \gset
UPDATE credit_creditaccount SET outstanding_fen = outstanding_fen - :fen, seq = seq + 1
 WHERE id = :account RETURNING seq, outstanding_fen AS outstanding, limit_fen AS credit_limit \gset
INSERT INTO credit_accountevent (account_id, seq, kind, amount_fen, outstanding_after_fen, limit_fen, reference, at)
VALUES (:account, :seq, 'repayment', :fen, :outstanding, :credit_limit, 'FP' || :bill::bigint, now());
INSERT INTO billing_repayment (number, payer_id, lender_id, method, bank_reference, amount_fen, to_balance_fen,
                               business_on, at)
VALUES ('FP' || :bill::bigint, :payer, :lender, 'lender', 'floor-' || :bill::bigint, :fen, 0,
        (now() AT TIME ZONE 'Asia/Shanghai')::date, now())
RETURNING id AS repayment \gset
INSERT INTO billing_allocation (repayment_id, bill_id, principal_fen, charges_fen, business_on)
VALUES (:repayment, :bill, :fen, 0, (now() AT TIME ZONE 'Asia/Shanghai')::date);
UPDATE billing_bill SET repaid_fen = repaid_fen + :fen, state = 'closed' WHERE id = :bill;
INSERT INTO billing_transfer (debit_id, credit_id, amount_fen, kind, reference, business_on, at)
SELECT cash.id, owing.id, :fen, 'principal', 'FP' || :bill::bigint, (now() AT TIME ZONE 'Asia/Shanghai')::date,
       now()
  FROM billing_ledgeraccount cash, billing_ledgeraccount owing
 WHERE cash.kind = 'cash' AND cash.lender_id = :lender AND cash.party = 0
   AND owing.kind = 'receivable' AND owing.lender_id = :lender AND owing.party = :payer;
INSERT INTO accounts_notice (person_id, kind, params, channels, reference, created_at)
VALUES (:payer, 'repaid', '{"amount_fen": 10000, "to_pay_fen": 30000}', '[]', 'floor-' || :bill::bigint, now());
INSERT INTO accounts_event (uid, client_id, name, payload, at)
SELECT gen_random_uuid(), client_id, 'repayment.received', '{"number": "FP", "amount_fen": 10000}', now()
  FROM lenders_lenderclient WHERE lender_id = :lender;
COMMIT;
