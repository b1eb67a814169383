"""What evaluation reads from and what waits: surveys and members, tokens, waiting answers, tallies."""

from services.evaluation.views import surveys, tallies, tokens, waiting

SCHEMA = (*surveys.SCHEMA, *tokens.SCHEMA, *waiting.SCHEMA, *tallies.SCHEMA)

__all__ = ["SCHEMA", "surveys", "tallies", "tokens", "waiting"]
