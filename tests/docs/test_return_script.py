"""The guide's script pulls a year of returns, and a restart of the service half-way does not disturb it."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.processes import ROOT, environment, free_port, idts, serving

GUIDE = (ROOT / "docs/guide/monthly-return.md").read_text("utf-8")
MONTHS = [f"2026-{month:02}" for month in range(1, 7)] + [f"2025-{month:02}" for month in range(7, 13)]


def the_script() -> str:
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    (found,) = [block for block in blocks if "/returns/" in block]
    return str(found)


@pytest.mark.slow
def test_the_script_pulls_a_year_of_returns_through_a_restart(tmp_path: Path):
    settings = {"IDTS_DATA_DIR": str(tmp_path / "var")}
    made = idts("demo", "--prisons", "40", "--months", "12", "--until", "2026-07-01", data_dir=str(tmp_path / "var"))
    assert made.code == 0, made.err
    key = idts("keys", "create", "--role", "national", "--name", "NDPDU", data_dir=str(tmp_path / "var")).out.strip()
    port, script = free_port(), the_script()
    assert len(script.strip().splitlines()) <= 24
    asked = {"API": f"http://127.0.0.1:{port}/v1", "KEY": key}
    with subprocess.Popen([sys.executable, "-c", script, *MONTHS], cwd=tmp_path, env=environment(asked)) as pulling:
        try:
            # Not there yet, then there for a few of the files, gone, and back.
            with serving(settings, port):
                wait_for(tmp_path / f"return-{MONTHS[2]}.csv", pulling)
            with serving(settings, port):
                assert pulling.wait(120) == 0
        finally:
            pulling.kill()
    assert all((tmp_path / f"return-{month}.csv").exists() for month in MONTHS)
    for month in (MONTHS[0], MONTHS[-1]):
        expected = idts("return", month, data_dir=str(tmp_path / "var"))
        assert (tmp_path / f"return-{month}.csv").read_text("utf-8") == expected.out.replace("\r\n", "\n")
        assert len(expected.out.splitlines()) > 30


@pytest.mark.slow
def test_the_script_fetches_again_what_was_provisional_and_leaves_what_was_frozen(tmp_path: Path):
    data_dir, port = str(tmp_path / "var"), free_port()
    assert idts("demo", "--prisons", "5", "--months", "3", "--until", "2026-07-01", data_dir=data_dir).code == 0
    key = idts("keys", "create", "--role", "national", "--name", "NDPDU", data_dir=data_dir).out.strip()
    asked = environment({"API": f"http://127.0.0.1:{port}/v1", "KEY": key})
    frozen, open_one = tmp_path / "return-2026-05.csv", tmp_path / "return-2026-06.csv"
    with serving({"IDTS_DATA_DIR": data_dir}, port):
        assert idts("return", "freeze", "2026-05", data_dir=data_dir).code == 0
        for state in ("true,", "false,1"):
            command = [sys.executable, "-c", the_script(), "2026-05", "2026-06"]
            assert subprocess.run(command, cwd=tmp_path, env=asked, check=False, timeout=120).returncode == 0
            assert open_one.read_text("utf-8").splitlines()[1].startswith(f"2026-06,{state}")
            # Whether a file is fetched again shows in what was written into it meanwhile.
            for file in (frozen, open_one):
                file.write_text(file.read_text("utf-8") + "2026-00,x\n", "utf-8")
            assert idts("return", "freeze", "2026-06", data_dir=data_dir).code == 0
    assert frozen.read_text("utf-8").count("2026-00,x") == 2
    assert open_one.read_text("utf-8").count("2026-00,x") == 1


@pytest.mark.slow
def test_the_script_says_what_the_service_says_of_a_month_that_it_refuses(tmp_path: Path):
    data_dir, port = str(tmp_path / "var"), free_port()
    assert idts("migrate", data_dir=data_dir).code == 0
    key = idts("keys", "create", "--role", "national", "--name", "NDPDU", data_dir=data_dir).out.strip()
    asked = environment({"API": f"http://127.0.0.1:{port}/v1", "KEY": key})
    with serving({"IDTS_DATA_DIR": data_dir}, port):
        command = [sys.executable, "-c", the_script(), "9998-13", "9998-12"]
        ran = subprocess.run(command, cwd=tmp_path, env=asked, check=False, timeout=120, capture_output=True, text=True)
    assert ran.returncode == 1
    assert "month" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not list(tmp_path.glob("return-*"))


def wait_for(file: Path, pulling: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 120
    while not file.exists() and time.monotonic() < until:
        assert pulling.poll() is None
        time.sleep(0.02)
    assert file.exists()
