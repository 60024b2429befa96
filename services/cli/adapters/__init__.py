"""Files, logs, Postgres and the terminal: one module per technology and direction."""
