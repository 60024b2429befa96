"""How it is told that a connection to Postgres is gone."""

import asyncpg

CONNECTION_LOST = (
    OSError,  # a `TimeoutError`, too
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What the driver says when the server cut the connection between two of its messages.
    asyncpg.InternalClientError,
)
"""What a question may raise then; errors of the question itself are among them."""
