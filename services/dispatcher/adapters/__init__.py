"""The only code of the dispatcher that knows the wire, the metrics and the dead letters."""
