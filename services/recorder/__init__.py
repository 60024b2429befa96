"""Keep every ruling and every fact in Postgres, exactly once."""
