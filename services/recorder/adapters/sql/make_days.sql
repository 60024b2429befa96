SELECT seatline.make_decision_days((clock_timestamp() AT TIME ZONE 'UTC')::date, 3)
