"""`python -m deploy.advisories`: asks OSV what is known of every locked package and writes advisories.json anew. Where OSV
can't be reached the list stays as it is, and its age is said.

What is locked is held against the list by a test, which needs no network.
"""

from __future__ import annotations

import json
import re
import tomllib
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import typer

from deploy import jars
from deploy.layout import CHECKOUT

LIST = Path(__file__).with_name("advisories.json")
EXCEPTIONS = Path(__file__).with_name("advisory-exceptions.toml")
LOCKS = ("requirements.lock", "deploy/uv.lock.txt", "tests/bench/peers.lock", "tests/language/baselines.lock")
OSV = "https://api.osv.dev/v1/query"
SECONDS = 20
Range = tuple[str, str | None]
"""From the first affected version to the first that isn't any more; None: none is mended yet."""


@dataclass(frozen=True)
class Locked:
    package: str
    ecosystem: str
    version: str


@dataclass(frozen=True)
class Advisory:
    id: str
    package: str
    ecosystem: str
    ranges: tuple[Range, ...]
    published: str | None
    source: str

    def affects(self, locked: Locked) -> bool:
        version = ordered(locked.version)
        same = (self.package, self.ecosystem) == (locked.package, locked.ecosystem)
        return same and any(ordered(first) <= version and not (end and ordered(end) <= version) for first, end in self.ranges)


@dataclass(frozen=True)
class Exemption:
    packages: tuple[str, ...]
    until: date
    why: str


def ordered(version: str) -> tuple[int, ...]:
    """By its numbers alone: a pre-release counts as its release, and a lock has none."""
    numbers = [int(number) for number in re.findall(r"\d+", re.split(r"[-+]|[a-z]", version)[0])]
    return tuple(numbers + [0] * (6 - len(numbers)))


def locked() -> list[Locked]:
    """Python's packages and the broker's jars."""
    names = {
        found.groups() for lock in LOCKS for found in re.finditer(r"(?m)^([\w.-]+)==([\w.]+)", (CHECKOUT / lock).read_text())
    }
    packages = [Locked(name.lower().replace("_", "-"), "PyPI", version) for name, version in sorted(names)]
    return packages + [Locked(*_jar(jar.name)) for jar in jars.locked()]


def known() -> list[Advisory]:
    return [_read(item) for item in _list()["advisories"]]


def exemptions() -> list[Exemption]:
    found = tomllib.loads(EXCEPTIONS.read_text())["exception"]
    return [Exemption(tuple(each["packages"]), each["until"], each["why"].strip()) for each in found]


def age_days(today: date) -> int:
    return (today - date.fromisoformat(_list()["read"])).days


def asked(package: Locked) -> list[Advisory]:
    """What OSV knows of a package, whatever its version. Raises OSError where it can't be reached."""
    found: list[Advisory] = []
    page: str | None = None
    while page != "":
        answer = _post({"package": {"name": package.package, "ecosystem": package.ecosystem}, "page_token": page or ""})
        found += [_from_osv(each, package) for each in answer.get("vulns", [])]
        page = answer.get("next_page_token", "")
    return found


def write(advisories: list[Advisory], read: date) -> None:
    lines = ",\n".join(
        f"    {json.dumps(asdict(each))}" for each in sorted(advisories, key=lambda each: (each.package, each.id))
    )
    LIST.write_text(f'{{\n  "read": "{read}",\n  "from": "{OSV}",\n  "advisories": [\n{lines}\n  ]\n}}\n')


def main() -> None:
    """Ends with 0 also where OSV can't be reached."""
    today = datetime.now(UTC).date()
    try:
        advisories = {each for package in locked() for each in asked(package)}
    except OSError as error:
        typer.echo(f"OSV can't be reached ({type(error).__name__}); the list stays, {age_days(today)} days old.")
        return
    write(list(advisories), today)
    typer.echo(f"{len(advisories)} advisories of {len(locked())} locked packages.")


def _jar(name: str) -> tuple[str, str, str]:
    package, _, version = name.rpartition(":")
    return package, "Maven", version


def _list() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(LIST.read_text())
    return found


def _read(item: dict[str, Any]) -> Advisory:
    return Advisory(**{**item, "ranges": tuple((first, end) for first, end in item["ranges"])})


def _post(question: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(OSV, json.dumps(question).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310 - the address is ours
        answer: dict[str, Any] = json.load(response)
        return answer


def _from_osv(found: dict[str, Any], package: Locked) -> Advisory:
    affected = [each for each in found["affected"] if each["package"]["name"].lower() == package.package.lower()]
    kinds = [one for each in affected for one in each.get("ranges", []) if one["type"] != "GIT"]
    ranges = tuple(span for one in kinds for span in _spans(one["events"]))
    source = f"https://osv.dev/vulnerability/{found['id']}"
    return Advisory(found["id"], package.package, package.ecosystem, ranges, found.get("published", "")[:10] or None, source)


def _spans(events: list[dict[str, str]]) -> Iterator[Range]:
    """OSV's events in their order; a last affected version is taken for one that is never mended: rather too much."""
    first: str | None = None
    for event in events:
        if "introduced" in event:
            first = event["introduced"]
        elif first is not None:
            yield first, event.get("fixed")
            first = None
    if first is not None:
        yield first, None


if __name__ == "__main__":
    main()
