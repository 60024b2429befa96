"""Check, seal and batch the contacts that outside producers send."""
