-- migrate:up

-- A release moves some six times, and with its place in an index every move wrote all indexes of the
-- table anew. Nothing but v_centre asks for open contacts, and that counts all of them.
DROP INDEX seatline.contact_state_open;
-- Room for the end of a contact beside its ruling: then no index is written for it.
ALTER TABLE seatline.contact SET (fillfactor = 70);

-- migrate:down

ALTER TABLE seatline.contact RESET (fillfactor);
CREATE INDEX contact_state_open ON seatline.contact_state (centre_id, place)
  WHERE place NOT IN ('ended', 'refused', 'returned', 'held');
