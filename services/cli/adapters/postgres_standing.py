"""What is recorded of a contact that is to be sent again."""

from services.cli.adapters.postgres_record import connected, sql
from services.cli.adapters.recorded_ids import recorded_release, recorded_text
from services.cli.domain.requeue import Entry, Standing


class PostgresStandings:
    """Asks the record."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def of(self, entry: Entry) -> Standing:
        """Return what is recorded; see `Standings.of`."""
        async with connected(self._dsn) as connection:
            row = await connection.fetchrow(
                sql("standing_of_release"),
                recorded_text(entry.contact_id),
                recorded_release(entry.release),
                entry.partition,
            )
        if row is None:
            return Standing(None, None, None)
        log_time = row["log_time"]
        return Standing(
            row["place"],
            row["newest_release"],
            None if log_time is None else round(log_time.timestamp() * 1000),
        )
