"""What support is told from outside; only __main__ reads it."""

from dataclasses import dataclass

from shared.settings import Common


@dataclass(frozen=True)
class Settings:
    common: Common

    @classmethod
    def from_environment(cls) -> "Settings":
        """Raises SettingsMissing with the names of what isn't set."""
        return cls(Common.from_environment("support"))
