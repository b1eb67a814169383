"""What checkins is told from outside; only __main__ reads it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.settings import Common, SettingsMissing

PEERS = ("alerts", "recognition", "evaluation", "support")


@dataclass(frozen=True)
class Settings:
    """`peers` are the addresses of the services that hold something about members too, by name."""

    common: Common
    peers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(cls) -> "Settings":
        """Raises SettingsMissing with the names of what isn't set."""
        return cls(Common.from_environment("checkins"), _peers(os.environ))


def _peers(environ: Mapping[str, str]) -> dict[str, str]:
    """From CHECKINS_PEERS, `alerts=http://... evaluation=http://...`; by default each one's public address."""
    given = environ.get("CHECKINS_PEERS")
    if given is None:
        return {name: url for name in PEERS if (url := environ.get(f"{name}_URL".upper()))}
    named = dict(pair.partition("=")[::2] for pair in given.split())
    if strange := named.keys() - PEERS:
        raise SettingsMissing(f"CHECKINS_PEERS names what isn't a peer: {', '.join(sorted(strange))}")
    return named
