"""Hold every process of Seatline and the runtime they stand on."""
