"""What evaluation is told from outside; only __main__ reads it."""

import os
from dataclasses import dataclass

from shared.settings import Common


@dataclass(frozen=True)
class Settings:
    """`crisis_url` is the page every answer points to, whatever was answered; None where there is no checkins.

    `mix_seconds` is how long answers wait for others at most, to be mixed with them.
    """

    common: Common
    crisis_url: str | None
    mix_seconds: float

    @classmethod
    def from_environment(cls) -> "Settings":
        """Raises SettingsMissing with the names of what isn't set."""
        checkins = os.environ.get("CHECKINS_URL")
        crisis_url = f"{checkins.rstrip('/')}/crisis" if checkins else None
        return cls(Common.from_environment("evaluation"), crisis_url, float(os.environ.get("EVALUATION_MIX_SECONDS") or 2))
