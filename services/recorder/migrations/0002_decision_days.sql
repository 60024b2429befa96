-- migrate:up

CREATE FUNCTION seatline.make_decision_days(first_day date, days integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  day  date;
  leaf text;
  made integer := 0;
BEGIN
  -- Recorders make days at the same time; the lock makes them take turns.
  PERFORM pg_advisory_xact_lock(hashtext('seatline.make_decision_days'));
  FOR step IN 0 .. days - 1 LOOP
    day := first_day + step;
    leaf := 'decision_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass('seatline.' || leaf) IS NOT NULL;
    BEGIN
      -- Attached rather than created in place: that would lock the whole table against readers.
      EXECUTE format('CREATE TABLE seatline.%I (LIKE seatline.decision INCLUDING ALL)', leaf);
      EXECUTE format(
        'ALTER TABLE seatline.decision ATTACH PARTITION seatline.%I FOR VALUES FROM (%L) TO (%L)',
        leaf, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
      made := made + 1;
    EXCEPTION WHEN check_violation THEN
      -- Rows of that day lie in the default partition already: it keeps them, and the day.
      RAISE NOTICE 'decision: % stays in the default partition', day;
    END;
  END LOOP;
  RETURN made;
END
$$;
COMMENT ON FUNCTION seatline.make_decision_days IS
  'Make the partitions of these days (UTC) if they are missing; return how many were made.';

SELECT seatline.make_decision_days((now() AT TIME ZONE 'UTC')::date, 3);

-- migrate:down

DROP FUNCTION seatline.make_decision_days;
