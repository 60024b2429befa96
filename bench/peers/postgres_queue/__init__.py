"""A dispatch queue of Postgres rows: SELECT … FOR UPDATE SKIP LOCKED."""
