"""The commands and their options; what they do lives in `handlers`.

Each module adds its own to the application.
"""

from services.cli.commands import dead, hand, look, maps, ownership, recovery, stops
from services.cli.commands.options import app

__all__ = ["app", "dead", "hand", "look", "maps", "ownership", "recovery", "stops"]
