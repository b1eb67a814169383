"""What alerts is told from outside; only __main__ reads it."""

import base64
from dataclasses import dataclass

from shared.private_files import read_private
from shared.settings import Common


@dataclass(frozen=True)
class Settings:
    common: Common

    @classmethod
    def from_environment(cls) -> "Settings":
        """Raises SettingsMissing with the names of what isn't set."""
        return cls(Common.from_environment("alerts"))

    def claim_key(self) -> bytes:
        """Signs claim links; every process of alerts has the same."""
        return base64.b64decode(read_private(self.common.keys / "claim").strip())
