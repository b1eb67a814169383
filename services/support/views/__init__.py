"""What support reads from: members and their managers, requests with what was said, pseudonyms, and who read what."""

from services.support.views import members, pseudonyms, requests

SCHEMA = (*requests.SCHEMA, *pseudonyms.SCHEMA)

__all__ = ["SCHEMA", "members", "pseudonyms", "requests"]
