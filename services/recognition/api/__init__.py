"""HTTP in: decode, call, encode."""

from services.recognition.api.app import SCOPES, Parts, build

__all__ = ["SCOPES", "Parts", "build"]
