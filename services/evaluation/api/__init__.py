"""HTTP in: decode, call, encode."""

from services.evaluation.api.app import Parts, build

__all__ = ["Parts", "build"]
