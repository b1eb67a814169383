"""jgo, narrowed to the two things we ask of it. Its own settings file may name other repositories."""

from __future__ import annotations

from pathlib import Path

import jgo
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext

from deploy.failure import CannotStart


def resolve(wanted: str) -> set[str]:
    """Everything that the coordinates need at run time, as group:artifact:version."""
    return {f"{one.groupId}:{one.artifactId}:{one.version}" for one in jgo.resolve(wanted)}


def download(name: str, folder: Path) -> None:
    """Into `folder`, laid out as a Maven repository."""
    repositories = {"central": MAVEN_CENTRAL_URL} | GlobalSettings.load().repositories
    context = MavenContext(repo_cache=folder, remote_repos=repositories, timeout=60)
    group, artifact, version = name.split(":")
    try:
        context.project(group, artifact).at_version(version).artifact().resolve()
    except (OSError, RuntimeError) as error:
        raise CannotStart(
            f"Kafka's {name} could not be fetched from the Maven repository ({type(error).__name__}). Check the network,"
            " or give the address of a running Kafka: KAFKA_BOOTSTRAP=host:port make up."
        ) from error
