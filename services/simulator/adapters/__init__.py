"""Where a rehearsal meets gateways, broker, database, processes and files."""
