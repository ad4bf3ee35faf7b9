-- By hand: a statement copied in and laid upon the day's bills. The file comes by stdin, its variables from psql.
SET work_mem = '64MB';
BEGIN;
CREATE TABLE floor_line (reference varchar(64), kind varchar(6), amount_fen bigint);
CREATE TABLE floor_difference (reference varchar(64), here_fen bigint, there_fen bigint);
\copy floor_line FROM pstdin WITH (FORMAT csv, HEADER)
INSERT INTO floor_difference
SELECT coalesce(number, reference), financed_fen, amount_fen
  FROM (SELECT number, financed_fen FROM billing_bill
         WHERE hospital_id = :hospital AND business_on = :'on') AS posted
  FULL JOIN floor_line ON reference = number
 WHERE financed_fen IS DISTINCT FROM amount_fen OR kind IS DISTINCT FROM 'bill';
COMMIT;
