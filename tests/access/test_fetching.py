"""The issuer's keys from an https address: a real server with a certificate of its own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.auth import Tokens
from shared.auth.fetching import LARGEST_BYTES, fetched
from shared.clock import utc_now
from tests.access.issuing import Issuer

ANSWERS: dict[str, tuple[int, bytes]] = {}


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Location", "/jwks")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "jwks.json", utc_now)


@pytest.fixture
def address(issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    certificate = _certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    ANSWERS.update(
        {"/jwks": (200, issuer.file.read_bytes()), "/moved": (302, b""), "/large": (200, b"a" * (LARGEST_BYTES + 1))}
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        serving.join()


async def test_keys_come_from_an_https_address(issuer: Issuer, address: str) -> None:
    tokens = Tokens(f"{address}/jwks", issuer.name)
    assert (await tokens.caller(issuer.token("ada"))).subject == "ada"


@pytest.mark.parametrize("path", ["/moved", "/large"])
def test_a_redirect_and_what_is_too_large_are_not_taken(address: str, path: str) -> None:
    with pytest.raises((OSError, ValueError)):
        fetched(address + path)


def test_a_certificate_that_nobody_vouches_for_is_not_taken(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        fetched(f"{address}/jwks")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/jwks", "file:///etc/hostname", "ftp://127.0.0.1/jwks"])
def test_no_other_scheme_is_taken(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        fetched(url)


def _certificate(folder: Path) -> Path:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    local = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    times = made.not_valid_before(utc_now() - timedelta(days=1)).not_valid_after(utc_now() + timedelta(days=1))
    signed = times.add_extension(local, critical=True).sign(key, hashes.SHA256())
    file = folder / "certificate.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file
