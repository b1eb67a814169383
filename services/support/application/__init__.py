"""What can be done in support: commands, reads, and what follows from members coming and going."""

from services.support.application.commands import Close, Command, MakeRequest, Say, Who
from services.support.application.members import Members
from services.support.application.support import Support

__all__ = ["Close", "Command", "MakeRequest", "Members", "Say", "Support", "Who"]
