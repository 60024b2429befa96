"""Names of the topics that the router reads and writes."""

CONTACTS = "seatline.contacts.v1"
RULINGS = "seatline.rulings.v1"
MAP = "seatline.map.v1"
SUPPRESSIONS = "seatline.suppressions.v1"
