-- Every payer whose bill is still unpaid a week after its third reminder: the account, its event, the spell, the
-- event to the scenes and the notice, each with its message. For psql: today.
BEGIN;

WITH ripe AS (
    SELECT payer_id, min(number) AS number FROM billing_bill
     WHERE state = 'open' AND reminders_counted = 3 AND due_on + next_step_day <= :'today' GROUP BY payer_id),
moved AS (
    UPDATE credit_creditaccount SET state = 'suspended', seq = seq + 1
      FROM ripe WHERE person_id = payer_id AND state = 'active'
    RETURNING id, person_id, seq, outstanding_fen, limit_fen, number),
noted AS (
    INSERT INTO credit_accountevent (account_id, seq, kind, amount_fen, outstanding_after_fen, limit_fen,
                                     reference, at)
    SELECT id, seq, 'suspended', 0, outstanding_fen, limit_fen, number, now() FROM moved),
spells AS (
    INSERT INTO credit_suspension (account_id, bill_number, started_at, started_seq, lifted_because)
    SELECT id, number, now(), seq, '' FROM moved),
events AS (
    INSERT INTO accounts_event (uid, name, payload, at)
    SELECT gen_random_uuid(), 'account.suspended',
           jsonb_build_object('credit_code', credit_code, 'seq', seq), now()
      FROM moved JOIN accounts_person person ON person.id = person_id
    RETURNING id, uid),
to_scenes AS (
    INSERT INTO accounts_message (channel, reference, event_id, phone_sealed, text_sealed, state, attempts,
                                  created_at, next_at, gateway_id)
    SELECT 'scenes', uid || ':scenes', id, '', '', 'queued', 0, now(), now(), '' FROM events),
told AS (
    INSERT INTO accounts_notice (person_id, kind, params, channels, reference, created_at)
    SELECT person_id, 'credit.suspended', jsonb_build_object('bill', number), '["sms", "voice"]',
           'suspended:' || id || ':' || seq, now() FROM moved
    RETURNING id, reference)
INSERT INTO accounts_message (channel, reference, notice_id, phone_sealed, text_sealed, state, attempts,
                              created_at, next_at, gateway_id)
SELECT 'sms', reference || ':sms', id, '', '', 'queued', 0, now(), now(), '' FROM told;

COMMIT;
