"""Files of keys: read only where nobody else on the machine can read them too."""

import os
import stat
from pathlib import Path


class UnusableKeyFile(Exception):
    """What is wrong with it, by path, mode or line; never what stands in it."""


def read_private(file: Path) -> str:
    """The text of a file of ours, or of our group's (a mounted secret). Raises UnusableKeyFile where others can read it."""
    with file.open(encoding="ascii", errors="replace") as opened:
        mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
        if mode & stat.S_IRWXO:
            raise UnusableKeyFile(f"{file} is open to everybody (mode {mode:04o}): chmod o= it, or mount it with mode 0440")
        return opened.read()
