"""The issuer's public keys, as a JWKS (RFC 7517) in a file or at an https address, read again as the issuer changes them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from shared.auth.fetching import fetched
from shared.clock import Clock, utc_now
from shared.errors import Problem

EVERY = timedelta(minutes=5)
"""A key that the issuer withdrew is good for so long at most."""

AT_MOST_EVERY = timedelta(seconds=10)
"""However many unknown keys are named, whoever names them can't make us ask the issuer more often."""

PublicKey = OKPKey | RSAKey | ECKey
log = structlog.get_logger()


class IssuerKeys:
    """`changed` is called when the keys are others than before. While they can't be read, those of before stay good."""

    def __init__(self, source: Path | str, clock: Clock = utc_now) -> None:
        self._source = source
        self._clock = clock
        self._reading = threading.Lock()
        self._tried_at = clock() - EVERY
        self._read: bytes = b""
        self._keys: dict[str, PublicKey] = {}
        self.changed: Callable[[], None] = lambda: None

    def are_due(self, wanted: str | None = None) -> bool:
        """Whether they are to be read again: after a while, and sooner where a token names one that isn't here. While the first
        reading is under way, whoever comes waits for it."""
        if not self._read and self._reading.locked():
            return True
        return self._are_due(wanted)

    def _are_due(self, wanted: str | None) -> bool:
        age = abs(self._clock() - self._tried_at)  # a clock may be set back
        return age >= EVERY or (age >= AT_MOST_EVERY and wanted is not None and wanted not in self._keys)

    def read(self, wanted: str | None = None) -> None:
        """Reads them where that is due. Blocks: others wait for the first reading and for a key that isn't here yet."""
        with self._reading:
            if not self._are_due(wanted):
                return
            self._tried_at = self._clock()
            try:
                self._take(fetched(self._source) if isinstance(self._source, str) else self._source.read_bytes())
            except (OSError, ValueError, TypeError, KeyError, AttributeError, JoseError) as wrong:
                log.warning("issuer.keys_not_read", error=type(wrong).__name__)

    def get(self, kid: str) -> PublicKey | None:
        """Raises a 503 Problem while none were ever read."""
        if not self._read:
            raise Problem(503, "not-ready", "The issuer's keys can't be read; try again.", headers={"Retry-After": "1"})
        return self._keys.get(kid)

    def _take(self, raw: bytes) -> None:
        if raw == self._read:
            return
        keys = _public_keys(msgspec.json.decode(raw))
        self._keys, self._read = keys, raw
        self.changed()


def _public_keys(document: Any) -> dict[str, PublicKey]:
    """By their `kid`. A key without one, one for encryption and a secret one are passed over."""
    found = {}
    for key in KeySet.import_key_set(document):
        if isinstance(key, PublicKey) and key.kid and key.get("use", "sig") == "sig":
            found[key.kid] = key
    return found
