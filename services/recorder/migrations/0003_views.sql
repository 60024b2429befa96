-- migrate:up

CREATE VIEW seatline.v_contact AS
SELECT c.contact_id, c.release_id, coalesce(s.place, c.place) AS place,
       coalesce(s.reason, c.reason) AS reason, coalesce(s.seat_id, c.seat_id) AS seat_id,
       s.centre_id, s.session_id, s.attempt, c.language, c.campaign, c.priority,
       c.due_at, c.not_before, c.waited, coalesce(s.moved_at, c.moved_at) AS moved_at
FROM seatline.contact AS c
LEFT JOIN seatline.contact_state AS s USING (contact_id, release_id);
COMMENT ON VIEW seatline.v_contact IS 'Each contact of the bank, and where its newest release stands.';

CREATE VIEW seatline.v_due AS
SELECT contact_id, release_id, place, reason, seat_id, campaign, priority,
       greatest(due_at, not_before) AS due_at, waited
FROM seatline.contact
WHERE due_at IS NOT NULL AND sealed IS NOT NULL;
COMMENT ON VIEW seatline.v_due IS 'Contacts that may be released again, and from when on.';

CREATE VIEW seatline.v_outcome AS
SELECT o.contact_id, o.release_id, o.attempt, o.seat_id, o.centre_id, o.session_id, o.disposition,
       s.reason, o.attempt_spent, o.offered_at, o.confirmed_at, o.ended_at, o.talk,
       o.confirmed_at - o.offered_at AS answered_after, o.ended_at - o.confirmed_at AS handled_for,
       EXISTS (SELECT FROM seatline.outcome_amendment AS a
               WHERE (a.contact_id, a.release_id) = (o.contact_id, o.release_id)
                 AND a.verdict = 'amended') AS amended
FROM seatline.outcome AS o
LEFT JOIN seatline.contact_state AS s USING (contact_id, release_id);
COMMENT ON VIEW seatline.v_outcome IS 'Each outcome with its durations and why the release ended.';

CREATE VIEW seatline.v_centre AS
SELECT centre_id,
       count(*) FILTER (WHERE place IN ('routed', 'queued')) AS waiting,
       count(*) FILTER (WHERE place = 'offered') AS offered,
       count(*) FILTER (WHERE place IN ('confirmed', 'on_call')) AS calling,
       count(*) FILTER (WHERE place = 'wrap_up') AS wrapping_up
FROM seatline.contact_state
WHERE place NOT IN ('ended', 'refused', 'returned', 'held')
GROUP BY centre_id;
COMMENT ON VIEW seatline.v_centre IS 'Open contacts of each centre, by place.';

CREATE VIEW seatline.v_live AS
SELECT contact_id, release_id, attempt, session_id, centre_id, confirmed_at,
       clock_timestamp() - confirmed_at AS since
FROM seatline.live_assignment;
COMMENT ON VIEW seatline.v_live IS 'Confirmed assignments that have not ended.';

CREATE VIEW seatline.v_lag AS
SELECT topic, partition, next_offset, epoch, seq, log_time,
       extract(epoch FROM clock_timestamp() - log_time) AS behind_s, reader_epoch
FROM seatline.recorder_position;
COMMENT ON VIEW seatline.v_lag IS
  'How old the newest recorded record of each log is; owners write at least once a second.';

-- migrate:down

DROP VIEW seatline.v_lag;
DROP VIEW seatline.v_live;
DROP VIEW seatline.v_centre;
DROP VIEW seatline.v_outcome;
DROP VIEW seatline.v_due;
DROP VIEW seatline.v_contact;
