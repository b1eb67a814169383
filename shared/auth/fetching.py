"""One document from an https address: no other scheme, no redirect, nothing large, nobody waited for long."""

import ssl
from typing import Any
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
)

LONGEST_WAIT_SECONDS = 3.0
LARGEST_BYTES = 256 * 1024


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def fetched(url: str) -> bytes:
    """Raises OSError or ValueError where it isn't there, isn't https or is too large."""
    if not url.startswith("https://"):
        raise ValueError("an issuer's keys are fetched by https only")
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPSHandler(context=ssl.create_default_context()), _NoRedirect(), *_ERRORS):
        opener.add_handler(handler)
    with opener.open(url, timeout=LONGEST_WAIT_SECONDS) as response:
        raw: bytes = response.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise ValueError("too large for a key set")
    return raw


_ERRORS = (HTTPDefaultErrorHandler(), HTTPErrorProcessor())
