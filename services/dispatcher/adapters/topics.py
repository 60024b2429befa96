"""Names of the topics that the dispatcher reads and writes."""

FACTS = "seatline.facts.v1"
COMMANDS = "seatline.commands.v1"
RULINGS = "seatline.rulings.v1"
MAP = "seatline.map.v1"
SUPPRESSIONS = "seatline.suppressions.v1"
