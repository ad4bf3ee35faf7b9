-- The least that a close has to learn: what each pair of hospital and lender posted on a date.
SELECT hospital_id, lender_id, count(*), sum(financed_fen)
  FROM billing_bill
 WHERE business_on = %(on)s AND state <> 'void'
 GROUP BY hospital_id, lender_id
