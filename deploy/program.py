"""What the supervisor keeps alive, and how one tells that it is well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["http", "kafka", "postgres"]


@dataclass(frozen=True)
class Watched:
    """Something that must answer: `address` is a URL, a bootstrap list or a libpq URI, according to `kind`."""

    name: str
    kind: Kind
    address: str
    ours: bool = True  # False for an address that was given to us: there is no process of ours behind it


@dataclass(frozen=True)
class Program:
    """`first` ones start before the services do and stop after them."""

    name: str
    command: tuple[str, ...]
    first: bool = False
    stop_signal: str = "TERM"
