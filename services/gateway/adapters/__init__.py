"""One file per technology and direction."""
