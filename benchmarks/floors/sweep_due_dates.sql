-- Who met yesterday's due date and who missed it; for every third miss in a row the score event, the event to
-- the score's operator and the notice, each with its message. For psql: today.
BEGIN;

INSERT INTO credit_duedateoutcome (payer_id, due_on, met, streak, recorded_at)
SELECT ended.payer_id, :'today'::date - 1, NOT missed,
       CASE WHEN missed THEN coalesce(last.streak, 0) + 1 ELSE 0 END, now()
  FROM (SELECT payer_id, bool_or(owed_fen > 0) AS missed FROM billing_bill
         WHERE due_on = :'today'::date - 1 GROUP BY payer_id) AS ended
  LEFT JOIN LATERAL (SELECT streak FROM credit_duedateoutcome
                      WHERE payer_id = ended.payer_id AND due_on < :'today'::date - 1
                      ORDER BY due_on DESC LIMIT 1) AS last ON true;

WITH struck AS (
    SELECT payer_id, credit_code,
           (SELECT jsonb_agg(due_on ORDER BY due_on)
              FROM (SELECT due_on FROM credit_duedateoutcome earlier
                     WHERE earlier.payer_id = outcome.payer_id ORDER BY due_on DESC LIMIT 3) AS three) AS due_dates
      FROM credit_duedateoutcome outcome JOIN accounts_person person ON person.id = payer_id
     WHERE due_on = :'today'::date - 1 AND NOT met AND streak % 3 = 0),
scored AS (
    INSERT INTO credit_scoreevent (person_id, kind, reference, "on", due_dates, at)
    SELECT payer_id, 'three_defaults', 'three-defaults:' || credit_code || ':' || (:'today'::date - 1),
           :'today'::date - 1, due_dates, now() FROM struck
    RETURNING id, person_id, kind, reference, "on"),
events AS (
    INSERT INTO accounts_event (uid, name, payload, at)
    SELECT gen_random_uuid(), 'score.three_defaults',
           jsonb_build_object('kind', kind, 'reference', reference, 'on', "on"), now() FROM scored
    RETURNING id, uid),
to_operator AS (
    INSERT INTO accounts_message (channel, reference, event_id, phone_sealed, text_sealed, state, attempts,
                                  created_at, next_at, gateway_id)
    SELECT 'score_operator', uid || ':score_operator', id, '', '', 'queued', 0, now(), now(), '' FROM events),
notices AS (
    INSERT INTO accounts_notice (person_id, kind, params, channels, reference, created_at)
    SELECT person_id, 'credit.score_event', jsonb_build_object('due_on', "on"), '["sms", "voice"]',
           'score-event:' || id, now() FROM scored
    RETURNING id, reference)
INSERT INTO accounts_message (channel, reference, notice_id, phone_sealed, text_sealed, state, attempts,
                              created_at, next_at, gateway_id)
SELECT 'sms', reference || ':sms', id, '', '', 'queued', 0, now(), now(), '' FROM notices;

COMMIT;
