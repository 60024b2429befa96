"""Names of the logs that the commands read and write."""

COMMANDS = "seatline.commands.v1"
CONTACTS = "seatline.contacts.v1"
DEAD = "seatline.dead.v1"
FACTS = "seatline.facts.v1"
INTAKE = "seatline.intake.v1"
MAP = "seatline.map.v1"
RULINGS = "seatline.rulings.v1"
SUPPRESSIONS = "seatline.suppressions.v1"

INTAKE_GROUP = "seatline-intake"

MAP_KEY = b"map"
POLICY_KEY = b"policy"
