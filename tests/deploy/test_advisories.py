"""No locked package falls under an advisory that is known here, except where it is said why and until when. No network."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import pytest

from deploy.advisories import Advisory, Locked, age_days, asked, exemptions, known, locked

TODAY = datetime.now(UTC).date()
OLD_DAYS = 30


def test_no_locked_version_falls_under_a_known_advisory_without_a_reason() -> None:
    exempt = {package for exemption in exemptions() for package in exemption.packages}
    hit = {(each.id, one.package, one.version) for one in locked() for each in known() if each.affects(one)}
    assert {found for found in hit if found[1] not in exempt} == set()


def test_every_exception_has_a_reason_an_end_and_something_to_except() -> None:
    hit = {one.package for one in locked() for each in known() if each.affects(one)}
    for exemption in exemptions():
        assert len(exemption.why) > 40
        assert exemption.until >= TODAY, f"look at {exemption.packages} again"
        assert set(exemption.packages) <= hit, "nothing to except any more"


def test_every_advisory_of_the_list_is_of_a_locked_package_and_has_a_source() -> None:
    packages = {(one.package, one.ecosystem) for one in locked()}
    assert {(each.package, each.ecosystem) for each in known()} <= packages
    assert all(each.source.startswith("https://") and each.ranges for each in known())


def test_the_age_of_the_list_is_told_when_it_grows_old() -> None:
    age = age_days(TODAY)
    assert age >= 0
    if age > OLD_DAYS:
        warnings.warn(f"deploy/advisories.json is {age} days old: python -m deploy.advisories", stacklevel=1)


def test_python_and_the_broker_are_both_looked_at() -> None:
    found = {one.package: one.ecosystem for one in locked()}
    assert (found["aiohttp"], found["org.apache.kafka:kafka-clients"], found["uv"]) == ("PyPI", "Maven", "PyPI")


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ("2.14.9", False),
        ("2.15.0", True),
        ("2.18.5", True),
        ("2.18.6", False),
        ("2.19.0", True),
        ("2.21", True),
        ("2.21.1", False),
    ],
)
def test_a_version_is_affected_from_the_first_bad_one_to_the_one_that_mends_it(version: str, affected: bool) -> None:
    ranges = (("2.15.0", "2.18.6"), ("2.19.0", "2.21.1"))
    assert Advisory("A", "p", "Maven", ranges, None, "").affects(Locked("p", "Maven", version)) is affected


def test_without_a_network_the_list_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.advisories.OSV", "http://127.0.0.1:1/")
    with pytest.raises(OSError, match="refused"):
        asked(locked()[0])
