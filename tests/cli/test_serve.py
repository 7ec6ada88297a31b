"""`idts serve` and what else a person may get wrong at the prompt: one line, no traceback, an exit status."""

import re
import signal
import socket
import subprocess
import urllib.request
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.processes import IDTS, ROOT, Ran, environment, free_port, idts


def one_line(ran: Ran) -> str:
    assert ran.code != 0
    assert ran.out == ""
    (line,) = ran.err.splitlines()
    return line


def test_the_command_tells_its_version(tmp_path: Path):
    ran = idts("--version", data_dir=str(tmp_path / "var"))
    assert (ran.code, ran.out, ran.err) == (0, f"idts {version('idts')}\n", "")
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("key_id", ["99999999999999999999", "2147483648", "0", "2147483647"])
def test_a_key_that_there_is_not_is_one_line(tmp_path: Path, key_id: str):
    assert idts("migrate", data_dir=str(tmp_path)).code == 0
    assert f"There is no key {key_id}." in one_line(idts("keys", "revoke", key_id, data_dir=str(tmp_path)))


@pytest.mark.parametrize(
    ("option", "value"), [("--port", "99999"), ("--port", "-1"), ("--workers", "0"), ("--workers", "65")]
)
def test_a_number_out_of_its_range_is_one_line_and_nothing_is_made(tmp_path: Path, option: str, value: str):
    line = one_line(idts("serve", option, value, data_dir=str(tmp_path / "var")))
    assert line.startswith(f"Error: {option} is ")
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_in_use_is_one_line_and_nothing_is_made(tmp_path: Path, host: str):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        port = taken.getsockname()[1]
        ran = idts("serve", "--host", host, "--port", str(port), data_dir=str(tmp_path / "var"))
    line = one_line(ran)
    assert str(port) in line
    assert "in use" in line
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host", "nowhere.invalid"])
def test_an_address_that_is_not_of_this_machine_is_one_line(tmp_path: Path, host: str):
    line = one_line(idts("serve", "--host", host, "--port", str(free_port()), data_dir=str(tmp_path / "var")))
    assert line.startswith("Error: ")


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("host", "reached_at"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]")]
)
def test_serving_is_said_once_it_is_so(tmp_path: Path, workers: str, host: str, reached_at: str):
    command = [*IDTS, "serve", "--host", host, "--port", "0", "--workers", workers]
    settings = environment({"IDTS_DATA_DIR": str(tmp_path / "var")})
    with subprocess.Popen(command, env=settings, cwd=ROOT, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            said: list[str] = []
            while not said or not said[-1].startswith("Serving on"):
                said.append(server.stderr.readline())
                assert said[-1], said
            (address,) = re.findall(r"http://\S+", said[-1])
            port = int(address.rpartition(":")[2])
            assert port > 0
            with urllib.request.urlopen(f"http://{reached_at}:{port}/health/ping") as answer:
                assert answer.status == 200
        finally:
            server.send_signal(signal.SIGTERM)
        rest = server.stderr.read()
        # With one worker the server ends by the signal that it was sent.
        assert server.wait(60) in (0, -signal.SIGTERM)
    assert "Serving on" not in rest
    assert "Traceback" not in rest
