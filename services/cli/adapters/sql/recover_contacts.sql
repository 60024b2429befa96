SELECT count(DISTINCT contact_id) FROM seatline.contact_state WHERE stage > 0
