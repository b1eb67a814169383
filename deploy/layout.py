"""Where a stack keeps what it makes: one folder, so that tests and a second checkout never touch a developer's own."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / ".tools"
MARK = "ALONGSIDE_STATE"
LONGEST_SOCKET_PATH = 90  # the kernel takes 107 bytes, and supervisor appends its pid while it binds


@dataclass(frozen=True)
class Layout:
    """`root` holds `services/`, `state` everything a run leaves behind (`.local` for `make`)."""

    root: Path
    state: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.root.resolve())
        object.__setattr__(self, "state", self.state.resolve())

    @property
    def keys(self) -> Path:
        return self.state / "keys"

    @property
    def kafka(self) -> Path:
        return self.state / "kafka"

    @property
    def postgres(self) -> Path:
        return self.state / "postgres"

    @property
    def supervisor(self) -> Path:
        return self.state / "supervisor"

    @property
    def env(self) -> Path:
        return self.state / "env"

    @property
    def record(self) -> Path:
        return self.state / "stack.json"

    def pid_file(self, name: str) -> Path:
        return self.state / "run" / f"{name}.pid"

    def log(self, name: str) -> Path:
        return self.state / "log" / f"{name}.log"

    @property
    def socket(self) -> Path:
        """In the state folder, or, from a deep checkout, a short path in the temporary folder that only we can open."""
        near = self.supervisor / "socket"
        if len(os.fsencode(near)) <= LONGEST_SOCKET_PATH:
            return near
        name = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"alongside-{os.getuid()}-{name}" / "socket"

    def make(self) -> None:
        for folder in (self.state, self.keys, self.supervisor, self.state / "run", self.state / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        self.keys.chmod(0o700)
        self._make_socket_folder()

    def leave_no_socket_folder(self) -> None:
        """The one in the temporary folder; the near one belongs to the state."""
        if self.socket.parent != self.supervisor and self.socket.parent.exists():
            self.socket.unlink(missing_ok=True)
            self.socket.parent.rmdir()

    def _make_socket_folder(self) -> None:
        folder = self.socket.parent
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise PermissionError(f"{folder} belongs to somebody else")


def write_private(file: Path, text: str) -> None:
    """Replaces a file in one step, readable by its owner only."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    fresh.replace(file)
