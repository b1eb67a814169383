"""Says whether every role of the container's service is ready. Standard library only, since it runs every five seconds."""

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

TIMEOUT = 2.0  # seconds


def addresses(environ: Mapping[str, str]) -> list[str]:
    """host:port of each role as seen from inside: the API's public URL may be another machine's."""
    service = environ["SERVICE"].upper()
    bound = environ.get(f"{service}_BIND") or urlsplit(environ[f"{service}_URL"]).netloc
    api = f"127.0.0.1:{bound.rpartition(':')[2]}"
    others = {f"{service}_URL", f"{service}_DATABASE_URL"}
    names = sorted(name for name in environ if name.startswith(f"{service}_") and name.endswith("_URL") and name not in others)
    return [api, *(urlsplit(environ[name]).netloc for name in names)]


def complaint(address: str) -> str | None:
    connection = HTTPConnection(address, timeout=TIMEOUT)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return None if answer.status == 200 else f"{address}: {answer.status} {answer.read(500).decode(errors='replace')}"
    except (OSError, HTTPException) as error:
        return f"{address}: {error}"
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit("\n".join(filter(None, map(complaint, addresses(os.environ)))) or None)
