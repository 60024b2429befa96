"""Start, watch and stop the processes of one stack on this machine."""
