"""HTTP in: decode, call, encode."""

from services.support.api.app import Parts, build

__all__ = ["Parts", "build"]
