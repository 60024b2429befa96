"""The pure cores, driven in memory: no broker, no clock, no process."""
