"""What evaluation is told from outside; only __main__ reads it."""

import os
from dataclasses import dataclass

from shared.settings import Common


@dataclass(frozen=True)
class Settings:
    """`crisis_url` is the page every answer points to, whatever was answered; None where checkins isn't reachable."""

    common: Common
    crisis_url: str | None

    @classmethod
    def from_environment(cls) -> "Settings":
        """Raises SettingsMissing with the names of what isn't set."""
        checkins = os.environ.get("CHECKINS_URL")
        return cls(Common.from_environment("evaluation"), f"{checkins.rstrip('/')}/crisis" if checkins else None)
