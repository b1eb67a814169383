"""A request as bytes on their way."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
UUID_BYTES = re.compile(UUID.pattern.encode())


@dataclass(frozen=True)
class Request:
    """`target` is path and query; `label` the path's template, or what kind of oddity it is; `meant` where its ids are."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    label: str
    meant: bool = False

    @property
    def brief(self) -> str:
        return f"{self.method} {self.target[:200]} {dict(self.headers, Authorization='...')} {self.body[:300]!r}"[:700]

    def called_by(self, authorization: str) -> Request:
        return replace(self, headers={**self.headers, "Authorization": authorization})

    def with_ids(self, ids: list[str], chance: random.Random) -> Request:
        """Every second id is one that there is; of a request whose ids are meant, seldom."""
        if self.meant and chance.random() < 0.8:
            return self

        def known(found: re.Match[str]) -> str:
            return chance.choice(ids) if chance.random() < 0.5 else found[0]

        body = UUID_BYTES.sub(lambda found: chance.choice(ids).encode() if chance.random() < 0.5 else found[0], self.body)
        return replace(self, target=UUID.sub(known, self.target), body=body)
