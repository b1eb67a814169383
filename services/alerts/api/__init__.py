"""HTTP in: decode, call, encode."""

from services.alerts.api.app import Parts, build

__all__ = ["Parts", "build"]
