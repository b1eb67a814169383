"""What evaluation reads from and what waits: surveys and members, tokens, waiting answers, cells, tallies."""

from services.evaluation.views import cells, surveys, tallies, tokens, waiting

SCHEMA = (*surveys.SCHEMA, *tokens.SCHEMA, *waiting.SCHEMA, *cells.SCHEMA)

__all__ = ["SCHEMA", "cells", "surveys", "tallies", "tokens", "waiting"]
