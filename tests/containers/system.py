"""A composed system that a test can start beside another one."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
from dataclasses import dataclass, field

from deploy.layout import CHECKOUT
from deploy.ports import free_port
from deploy.roster import services

PARTS = ("kafka", "postgres")


@dataclass
class System:
    project: str = field(default_factory=lambda: f"alongside-{secrets.token_hex(3)}")
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in (*PARTS, *services(CHECKOUT))})

    @property
    def services(self) -> tuple[str, ...]:
        return services(CHECKOUT)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.ports['kafka']}"

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def up(self) -> None:
        self.compose("up", "--build", "--wait", "--wait-timeout", "300", *PARTS, *self.services)

    def down(self) -> None:
        self.compose("down", "--volumes", "--timeout", "20", "--rmi", "local")

    def logs(self) -> str:
        return self.compose("ps", "--all") + self.compose("logs", "--tail", "30")

    def tokens(self) -> dict[str, str]:
        exports = self.compose("run", "--rm", "keys", "tokens")
        return dict(re.findall(r"^export (\w+)=(\S+)$", exports, re.MULTILINE))

    def inspect(self, service: str) -> dict[str, object]:
        """What the engine tells of the service's container."""
        found = json.loads(run("docker", "inspect", self.compose("ps", "--quiet", "--all", service).strip()))
        assert isinstance(found[0], dict)
        return found[0]

    def within(self, service: str, code: str) -> str:
        """What Python prints in the service's container."""
        return self.compose("exec", "-T", service, "python", "-c", code)

    def compose(self, *arguments: str) -> str:
        return run("docker", "compose", "--project-name", self.project, *arguments, environment=self._environment())

    def _environment(self) -> dict[str, str]:
        return {f"{name}_PORT".upper(): str(port) for name, port in self.ports.items()}


def run(*command: str, environment: dict[str, str] | None = None) -> str:
    """Its standard output; its standard error goes to the test's."""
    done = subprocess.run(
        command, cwd=CHECKOUT, env=os.environ | (environment or {}), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout
