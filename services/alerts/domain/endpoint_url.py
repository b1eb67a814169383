"""Which addresses a supporter's endpoint may have, as far as the address itself tells; the rest is seen when dialling."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from shared.errors import invalid


def check_url(url: str, local: bool) -> None:
    """https without credentials; with `local` also http on loopback. Raises a 422 Problem."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise invalid("/url", "is not a URL") from None
    if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise invalid("/url", "is not a URL with a host")
    if parts.username is not None or parts.password is not None:
        raise invalid("/url", "must hold no credentials")
    if parts.scheme != "https" and not (local and parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise invalid("/url", "must be https")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
