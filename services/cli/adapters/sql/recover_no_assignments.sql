DELETE FROM seatline.live_assignment
