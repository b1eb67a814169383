"""Sends, and holds each answer against the document; what is wrong is kept once for each kind, with its first request."""

from __future__ import annotations

import http.client
import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.fuzz.documented import Answer, Documented
from tests.fuzz.generated import generated
from tests.fuzz.oddities import odd
from tests.fuzz.requests import Request
from tests.fuzz.right import right
from tests.fuzz.serving import Service

SECONDS = 60
AT_ONCE = 8
FAILED = (b"request.failed", b"Traceback", b"process.failed")


@dataclass
class Outcome:
    service: str
    statuses: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    _known: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def is_well(self) -> bool:
        return not self.findings

    def add(self, kind: tuple[str, ...], finding: str) -> None:
        if kind not in self._known:
            self._known.add(kind)
            self.findings.append(finding)


def fuzz(service: Service, least: int, seed: int) -> Outcome:
    outcome, documented, chance = Outcome(service.name), Documented(service.document), random.Random(seed)
    made = generated(service.document, seed)
    near = [next(made) for _ in range(200)]
    requests = _as_callers(
        service, itertools.islice(_alternately(made, odd(near, right(service.name, service.ids), chance)), least), chance
    )
    for request, answer in _answered(service.port, requests):
        outcome.statuses[answer.status] += 1
        if wrong := documented.wrong(request.method, urlsplit(request.target).path, answer):
            finding = f"{request.method} {request.label}: {wrong}\n    {request.brief}"
            outcome.add((request.method, request.label, wrong[:60]), finding)
    for line in service.log.read_bytes().splitlines():
        if any(sign in line for sign in FAILED):
            outcome.add(("log", line[-80:].decode(errors="replace")), f"its log says: {line.decode(errors='replace')[:400]}")
    if service.process.poll() is not None:
        outcome.add(("ended",), f"the process has ended with {service.process.returncode}")
    return outcome


def _answered(port: int, requests: Iterator[Request]) -> Iterator[tuple[Request, Answer]]:
    """Some at once, since a few wait for a position that never comes."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while some := list(itertools.islice(requests, 4 * AT_ONCE)):
            yield from zip(some, pool.map(lambda request: send(port, request), some), strict=True)


def _alternately(one: Iterator[Request], other: Iterator[Request]) -> Iterator[Request]:
    for first, second in zip(one, other, strict=False):
        yield first
        yield second


def _as_callers(service: Service, requests: Iterable[Request], chance: random.Random) -> Iterator[Request]:
    """As who may do the most, as the first member, or as anybody else; every second id is one that there is."""
    strongest = [service.callers["program"], service.callers["admin"]]
    first = [service.callers[f"{role} {service.ids[0][:8]}"] for role in ("member", "supporter")]
    anybody = list(service.callers.values())
    for request in requests:
        caller = chance.choice(chance.choice([strongest, strongest, first, anybody]))
        known = request.with_ids(service.ids, chance)
        yield known if caller is None or "authorization" in map(str.lower, request.headers) else known.called_by(caller)


def send(port: int, request: Request) -> Answer:
    """Over a connection of its own, so that what one leaves behind isn't the next one's."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.putrequest(request.method, request.target, skip_accept_encoding=True)
        for name, value in request.headers.items():
            connection.putheader(name, value)
        if "content-length" not in map(str.lower, request.headers):
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())
    finally:
        connection.close()
