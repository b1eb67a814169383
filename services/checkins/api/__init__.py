"""HTTP in: decode, call, encode."""

from services.checkins.api.app import Parts, build

__all__ = ["Parts", "build"]
