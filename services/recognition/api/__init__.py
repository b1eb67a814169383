"""HTTP in: decode, call, encode."""

from services.recognition.api.app import Parts, build

__all__ = ["Parts", "build"]
