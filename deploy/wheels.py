"""Programs that come inside Python packages."""

from importlib.util import find_spec
from pathlib import Path


def inside(package: str, *place: str) -> Path | None:
    """A file of an installed package, found without importing it: some look around the machine when imported."""
    found = find_spec(package)
    path = Path(found.origin).parent.joinpath(*place) if found and found.origin else None
    return path if path and path.exists() else None
