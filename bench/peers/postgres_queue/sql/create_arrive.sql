CREATE FUNCTION arrive(
  contacts bigint[], centres smallint[], languages bigint[], priorities smallint[],
  contents bytea[]
) RETURNS SETOF told
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO contact (contact_id, centre_id, language, priority, sealed)
  SELECT * FROM unnest(contacts, centres, languages, priorities, contents);
  RETURN QUERY SELECT * FROM dispatch(centres);
END
$$
