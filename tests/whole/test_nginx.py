"""The nginx configuration of docs/operate, as it is, before two workers: only ports and files are put in."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.live import until
from tests.support.processes import ROOT, free_port, serving

NAME = "idts.example.org"
ADMIN = "admin-key-behind-nginx-0123456789"
MEBIBYTE = 1024 * 1024
HOW_TO_GET_IT = "This test needs nginx: apt-get install nginx"


def nginx_binary() -> str:
    """The program, installed where that can be done here; a failure that says how to get it otherwise."""
    for attempt in range(2):
        if found := shutil.which("nginx") or shutil.which("/usr/sbin/nginx"):
            return found
        if attempt == 0 and os.geteuid() == 0 and shutil.which("apt-get"):
            quiet = {"DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(["apt-get", "install", "-y", "nginx-light"], env=os.environ | quiet, check=False)
    pytest.fail(HOW_TO_GET_IT)


@dataclass(frozen=True)
class Proxied:
    """nginx before a service: where it answers, and where it would put bodies that it holds back."""

    port: int
    plain_port: int
    client: httpx.Client
    held_back: Path
    trust: ssl.SSLContext

    def connected(self) -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        return self.trust.wrap_socket(raw, server_hostname=NAME)

    def head(self, method: str, path: str, *more: str) -> bytes:
        lines = (f"{method} {path} HTTP/1.1", f"Host: {NAME}", f"Authorization: Bearer {ADMIN}", *more)
        return "\r\n".join((*lines, "", "")).encode()


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    binary, home = nginx_binary(), tmp_path_factory.mktemp("nginx")
    certificate(home)
    backend, port, plain_port = free_port(), free_port(), free_port()
    configuration(home, backend, port, plain_port)
    trust = ssl.create_default_context(cafile=str(home / "fullchain.pem"))
    settings = {"IDTS_DATA_DIR": str(home / "data"), "IDTS_ADMIN_KEY": ADMIN, "IDTS_WORKERS": "2"}
    command = [binary, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")]
    with serving(settings, backend), subprocess.Popen(command) as server:
        try:
            until(lambda: accepts(port))
            headers = {"authorization": f"Bearer {ADMIN}", "host": NAME}
            address = f"https://127.0.0.1:{port}"
            with httpx.Client(base_url=address, headers=headers, verify=trust, timeout=60, trust_env=False) as client:
                yield Proxied(port, plain_port, client, home / "client_body", trust)
        finally:
            server.terminate()
            server.wait(30)


def certificate(home: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ip_address("127.0.0.1"))])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(named, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (home / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (home / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def configuration(home: Path, backend: int, port: int, plain_port: int) -> None:
    shipped = (ROOT / "docs" / "operate" / "nginx.conf").read_text("utf-8")
    for before, after in {
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{backend};",
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/idts/": f"{home}/",
    }.items():
        assert before in shipped
        shipped = shipped.replace(before, after)
    user = "user root;" if os.geteuid() == 0 else ""
    held_back = "".join(
        f"{kind}_temp_path {home / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (home / "nginx.conf").write_text(
        f"{user}\ndaemon off;\nworker_processes 1;\npid {home}/nginx.pid;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{held_back}{shipped}}}\n"
    )


def accepts(port: int) -> bool:
    with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
        return True
    return False


def rest(connection: ssl.SSLSocket) -> bytes:
    """All that comes until the other side ends it."""
    found = b""
    with suppress(ConnectionResetError, ssl.SSLError):
        while piece := connection.recv(65536):
            found += piece
    return found


def lead_of_lewes(proxied: Proxied) -> dict[str, str]:
    made = proxied.client.post("/v1/keys", json={"name": "Lewes", "role": "prison", "prison": "LWI"})
    return {"authorization": f"Bearer {made.raise_for_status().json()['key']}"}


def test_it_speaks_tls_and_sends_plain_callers_there(proxied):
    answer = proxied.client.get("/v1/prisons/LWI/readiness")
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    plain = httpx.get(f"http://127.0.0.1:{proxied.plain_port}/docs", headers={"host": NAME}, trust_env=False)
    assert (plain.status_code, plain.headers["location"]) == (308, f"https://{NAME}/docs")


def test_heads_that_are_too_large_are_refused(proxied):
    for value in ("x" * 20_000, "x" * 200_000):
        assert 400 <= proxied.client.get("/health/ping", headers={"x-long": value}).status_code < 500
    assert proxied.client.get("/health/ping", headers={"x-long": "x" * 8_000}).status_code == 200


def test_a_head_that_is_sent_byte_by_byte_is_cut_off(proxied):
    with proxied.connected() as connection:
        began = time.monotonic()
        connection.sendall(f"GET /health/ping HTTP/1.1\r\nHost: {NAME}\r\n".encode())
        with suppress(OSError):
            while time.monotonic() - began < 60:
                connection.sendall(b"X-A: b\r\n")
                time.sleep(0.2)
        assert time.monotonic() - began < 30


def test_a_file_passes_through_as_it_comes(proxied):
    content = b"%PDF-1.7\n" + os.urandom(12 * MEBIBYTE)
    form = (
        b'--edge\r\nContent-Disposition: form-data; name="kind"\r\n\r\ndocument\r\n'
        b'--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\nMinutes\r\n'
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="minutes.pdf"\r\n\r\n'
    )
    body = form + content + b"\r\n--edge--\r\n"
    head = proxied.head(
        "POST",
        "/v1/prisons/LWI/sections/5/evidence",
        *(f"Content-Length: {len(body)}", "Content-Type: multipart/form-data; boundary=edge", "Connection: close"),
    ).replace(f"Bearer {ADMIN}".encode(), lead_of_lewes(proxied)["authorization"].encode())
    with proxied.connected() as connection:
        connection.sendall(head + body[: 8 * MEBIBYTE])
        time.sleep(0.5)
        # nginx would have put so much aside in a file.
        assert [path for path in proxied.held_back.rglob("*") if path.is_file()] == []
        connection.sendall(body[8 * MEBIBYTE :])
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 201"), answer[:500]
    too_large = proxied.client.post("/v1/prisons", content=b"x" * (2 * MEBIBYTE))
    assert too_large.status_code == 413


def test_events_come_as_they_happen(proxied):
    lead = lead_of_lewes(proxied)
    with proxied.client.stream("GET", "/v1/events/stream?prison=LWI") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 2000"
        began = time.monotonic()
        rated = proxied.client.patch("/v1/prisons/LWI/sections/12", json={"rating": "AMBER"}, headers=lead)
        assert rated.status_code == 200
        told = next(json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))
        assert told["prison"] == "LWI"
        # Sooner than a heartbeat, which would push it out.
        assert time.monotonic() - began < 10
