-- What a caller is to be told: `offered` or `saved`.
CREATE TYPE told AS (news text, contact_id bigint, attempt smallint, caller_id integer)
