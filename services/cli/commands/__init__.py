"""The commands and their options; what they do lives in `handlers`.

Each module adds its own to the application.
"""

from services.cli.commands import look, maps
from services.cli.commands.options import app

__all__ = ["app", "look", "maps"]
