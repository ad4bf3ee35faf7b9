-- A reminder for every payer whose next step has come, with its notice, message and line. For psql: today.
BEGIN;

INSERT INTO billing_dunningcase (payer_id, opened_on)
SELECT DISTINCT payer_id, :'today'::date FROM billing_bill
 WHERE state = 'open' AND due_on = :'today'::date - 1 AND reminders_counted = 0;

WITH due AS (
    SELECT id, number, payer_id, reminders_counted + 1 AS stage, owed_fen + charges_fen - charges_paid_fen AS fen
      FROM billing_bill
     WHERE state = 'open' AND due_on < :'today' AND due_on + next_step_day <= :'today' AND reminders_counted < 3),
told AS (
    INSERT INTO accounts_notice (person_id, kind, params, channels, reference, created_at)
    SELECT payer_id, 'reminder',
           jsonb_build_object('to_pay_fen', sum(fen), 'bills', string_agg(number, ', '), 'stage', max(stage),
                              'suspend_after_days', 7),
           '["sms", "voice"]', 'reminder:' || payer_id || ':' || :'today', now() FROM due GROUP BY payer_id
    RETURNING id, person_id, reference),
texts AS (
    INSERT INTO accounts_message (channel, reference, notice_id, phone_sealed, text_sealed, state, attempts,
                                  created_at, next_at, gateway_id)
    SELECT 'sms', reference || ':sms', id, '', '', 'queued', 0, now(), now(), '' FROM told),
made AS (
    INSERT INTO billing_reminder (case_id, payer_id, notice_id, "on")
    SELECT dunning.id, person_id, told.id, :'today'
      FROM told JOIN billing_dunningcase dunning ON dunning.payer_id = person_id AND dunning.closed_at IS NULL
    RETURNING id, payer_id)
INSERT INTO billing_reminderline (reminder_id, bill_id, stage, counted)
SELECT made.id, due.id, stage, false FROM made JOIN due USING (payer_id);

COMMIT;
