"""What can be said of docker-compose.yml and Dockerfile without an engine."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from deploy.containers import images
from deploy.layout import CHECKOUT
from deploy.postgres import QUIET
from deploy.roster import ROLES, services, url_variable

COMPOSED: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
OURS = services(CHECKOUT)


def test_every_service_is_composed() -> None:
    assert set(OURS) <= set(COMPOSED)


@pytest.mark.parametrize("service", OURS)
def test_every_role_of_a_service_has_its_address(service: str) -> None:
    environment = COMPOSED[service]["environment"]
    assert {url_variable(service, role) for role in ROLES[service]} == {
        name for name in environment if re.fullmatch(rf"{service.upper()}_(?!DATABASE).*URL", name)
    }
    assert service in COMPOSED["postgres"]["environment"]["SERVICES"].split()


@pytest.mark.parametrize("name", COMPOSED)
def test_every_container_is_read_only_without_rights_and_published_on_loopback_alone(name: str) -> None:
    container = COMPOSED[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in container.get("ports", ()))


def test_tests_and_compose_use_the_same_images() -> None:
    assert (COMPOSED["kafka"]["image"], COMPOSED["postgres"]["image"]) == (images.KAFKA, images.POSTGRES)
    assert COMPOSED["postgres"]["environment"]["POSTGRES_INITDB_ARGS"] == images.INITDB


def test_postgresqls_log_quotes_no_rows_here_either() -> None:
    assert {f"{name}={value}" for name, value in QUIET.items()} <= set(COMPOSED["postgres"]["command"])


def test_kafka_behaves_as_the_local_one_does() -> None:
    composed = {name: str(value) for name, value in COMPOSED["kafka"]["environment"].items()}
    places = re.compile("LISTENER|VOTERS|CLUSTER_ID|THREADS")
    expected = {name: value for name, value in images.kafka_environment(9092).items() if not places.search(name)}
    assert {name: value for name, value in composed.items() if not places.search(name)} == expected, "deploy/kafka.py"


def test_an_image_is_started_without_a_shell_and_as_nobody() -> None:
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    assert all("[" in line for line in lines if line.startswith(("ENTRYPOINT", "CMD", "HEALTHCHECK")))
    assert "USER 10001:10001" in lines
