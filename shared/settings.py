"""The settings that every service has, read from the environment once, at the start of a process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shared.auth import LOCAL_ISSUER


class SettingsMissing(SystemExit):
    """Ends the process, naming what isn't set."""


@dataclass(frozen=True)
class Common:
    """`url` is where the API is reached from outside, `bind` where it listens; `health` the other roles' pages."""

    service: str
    database_url: str
    kafka: str
    url: str
    bind: str
    health: Mapping[str, str]
    keys: Path
    local: bool
    rate_limit: float
    jwks: Path | str = ""
    """Where the issuer's public keys are: a file or an https address; in the folder of keys where nothing is said."""
    issuer: str = LOCAL_ISSUER
    session_seconds: float = 10
    """After so long without a heartbeat a stream's partitions are another's."""

    @classmethod
    def from_environment(cls, service: str) -> "Common":
        name = service.upper()
        needed = (f"{name}_DATABASE_URL", "KAFKA_BOOTSTRAP", f"{name}_URL", "ALONGSIDE_KEYS")
        missing = [key for key in needed if not os.environ.get(key)]
        if missing:
            raise SettingsMissing(f"not set: {', '.join(missing)} (make up writes them to .local/env)")
        url = os.environ[f"{name}_URL"]
        return cls(
            service=service,
            database_url=os.environ[f"{name}_DATABASE_URL"],
            kafka=os.environ["KAFKA_BOOTSTRAP"],
            url=url,
            bind=os.environ.get(f"{name}_BIND") or urlsplit(url).netloc,
            health=_health_pages(name),
            keys=Path(os.environ["ALONGSIDE_KEYS"]),
            local=os.environ.get("ALONGSIDE_LOCAL") == "1",
            rate_limit=float(os.environ.get("ALONGSIDE_RATE_LIMIT") or 50),
            jwks=_jwks(os.environ["ALONGSIDE_KEYS"], os.environ.get("ALONGSIDE_JWKS")),
            issuer=os.environ.get("ALONGSIDE_ISSUER") or LOCAL_ISSUER,
            session_seconds=float(os.environ.get("ALONGSIDE_SESSION_SECONDS") or 10),
        )


def _jwks(keys: str, said: str | None) -> Path | str:
    if said and "://" in said:
        return said
    return Path(said) if said else Path(keys) / "jwks.json"


def _health_pages(name: str) -> dict[str, str]:
    """By role, from NAME_ROLE_URL."""
    before, after = f"{name}_", "_URL"
    named = [key for key in os.environ if key.startswith(before) and key.endswith(after)]
    roles = {key[len(before) : -len(after)].lower(): os.environ[key] for key in named}
    return {role: url for role, url in roles.items() if role not in ("", "database")}
