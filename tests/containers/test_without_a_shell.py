"""An image whose process was taken over has little to offer: what the files say, without an engine."""

from __future__ import annotations

import re

import yaml

from deploy.layout import CHECKOUT

DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
STAGES = re.split(r"(?m)^FROM ", DOCKERFILE)[1:]
RUNTIME = next(stage for stage in STAGES if "AS runtime" in stage)


def test_the_user_has_a_number_and_neither_a_name_nor_a_shell_nor_a_home() -> None:
    assert "USER 10001:10001" in RUNTIME
    assert not re.search(r"useradd|adduser|/etc/passwd|chsh", DOCKERFILE)


def test_what_is_built_upon_the_runtime_never_becomes_root_again() -> None:
    later = [stage for stage in STAGES if stage.startswith("runtime ")]
    assert len(later) == 2
    assert not any(re.search(r"(?m)^(USER|RUN|ADD) ", stage) for stage in later)


def test_no_program_of_the_runtime_runs_as_its_owner_and_no_package_tool_is_left() -> None:
    run = RUNTIME[RUNTIME.index("RUN ") : RUNTIME.index("ENV ")]
    assert "-perm /6000 -exec chmod a-s" in run
    assert all(tool in run for tool in ("pip*", "site-packages/*", "apt*", "lib/apt", "dpkg*"))
    assert RUNTIME.index("RUN ") < RUNTIME.index("USER ")


def test_nothing_secret_is_an_argument_or_a_variable_of_the_build() -> None:
    assert not re.search(r"(?im)^(ARG|ENV) .*(password|secret|token|kek)", DOCKERFILE)


def test_no_container_shares_the_hosts_spaces_or_files() -> None:
    for container in yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"].values():
        assert not {"privileged", "cap_add", "pid", "ipc", "devices", "userns_mode"} & container.keys()
        assert container.get("network_mode") in (None, "none")
        assert not any("docker.sock" in volume or volume.startswith("/") for volume in container.get("volumes", ()))
        assert all(volume.endswith(":ro") for volume in container.get("volumes", ()) if volume.startswith("."))
