"""The image, without an engine: the Dockerfile's own steps are carried out in a directory."""

import json
import os
import re
import shlex
import shutil
import signal
import site
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
HOME = "/srv/idts"
DATA = "/var/lib/idts"
START_SECONDS = 30


@dataclass
class Stage:
    """One FROM and what follows it: pairs of instruction and the rest of its line."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def of(self, instruction: str) -> list[str]:
        return [rest for name, rest in self.steps if name == instruction]


def stages(text: str) -> list[Stage]:
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^#.*\n", "", text))
    found: list[Stage] = []
    for line in joined.splitlines():
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            found.append(Stage(rest))
        elif name:
            found[-1].steps.append((name, rest))
    return found


BUILD, IMAGE = stages((ROOT / "Dockerfile").read_text())


def sources(copy: str) -> list[str]:
    return [word for word in shlex.split(copy)[:-1] if not word.startswith("--")]


def shipped(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__"}


def is_installed_as_pinned(line: str) -> bool:
    pin = Requirement(line)
    if pin.marker and not pin.marker.evaluate():
        return True
    return str(pin.specifier) == f"=={version(pin.name)}"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build stage's COPY and RUN steps, carried out under a directory that stands for the root.

    The locked packages come from the environment that runs the tests (a test of its own compares the
    two), so that nothing is downloaded here.
    """
    home = tmp_path_factory.mktemp("image") / "srv"
    home.mkdir()
    for name, rest in BUILD.steps:
        if name == "COPY":
            *_, target = shlex.split(rest)
            for source in sources(rest):
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, home / target, ignore=shipped)
                else:
                    shutil.copy(ROOT / source, home / target)
        elif name == "RUN" and "--require-hashes" not in rest:
            command = re.sub(r"^python ", f"{shlex.quote(sys.executable)} ", rest)
            subprocess.run(command, shell=True, cwd=home, check=True, capture_output=True, text=True)
            borrow_packages(home / ".venv")
    return home


def borrow_packages(venv: Path) -> None:
    (folder,) = venv.glob("lib/python*/site-packages")
    # Not through site.addsitedir: this checkout's own .pth file must stay out.
    (folder / "locked.pth").write_text("\n".join(site.getsitepackages()))


@pytest.fixture(scope="module")
def served(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The image's CMD, running with the image's environment; gives that environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = dict(word.split("=", 1) for line in IMAGE.of("ENV") for word in shlex.split(line))
    environment = {
        **variables,
        "PATH": f"{image}/.venv/bin:{os.environ['PATH']}",
        "IDTS_DATA_DIR": str(tmp_path_factory.mktemp("volume")),
        "IDTS_PORT": str(port),
    }
    command = [word.replace("0.0.0.0", "127.0.0.1") for word in json.loads(IMAGE.of("CMD")[0])]
    program = image / ".venv" / "bin" / command[0]
    log = image.with_name("served.log")
    with log.open("wb") as output:
        server = subprocess.Popen([program, *command[1:]], cwd=image, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_SECONDS
        while check_health(environment).returncode != 0:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield environment
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=15)


def check_health(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The image's HEALTHCHECK command, as the engine would run it."""
    command = json.loads(IMAGE.of("HEALTHCHECK")[0].partition(" CMD ")[2])
    return subprocess.run(
        [sys.executable if command[0] == "python" else command[0], *command[1:]],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


def test_both_stages_use_the_same_python_so_that_the_venv_fits():
    assert BUILD.base == f"{IMAGE.base} AS build"
    lowest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    (minor,) = re.findall(r"python:3\.(\d+)-slim", IMAGE.base)
    assert int(minor) >= int(lowest.rpartition(".")[2])


@pytest.mark.parametrize("source", [source for copy in BUILD.of("COPY") for source in sources(copy)])
def test_what_is_copied_exists_and_reaches_the_builder(source: str):
    assert (ROOT / source).exists()
    assert f"!{source}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_the_image_takes_only_the_finished_tree_from_the_build_stage():
    assert IMAGE.of("COPY") == [f"--from=build {HOME} {HOME}"]
    assert BUILD.of("WORKDIR") == IMAGE.of("WORKDIR") == [HOME]


def test_the_image_installs_no_packages_and_no_build_tools():
    assert not [step for step in IMAGE.of("RUN") if re.search(r"apt|pip|gcc|build-essential|-dev\b", step)]
    assert not [step for step in BUILD.of("RUN") if "apt" in step]


def test_the_locked_packages_are_installed_from_wheels_and_by_hash():
    (step,) = [step for step in BUILD.of("RUN") if "requirements.lock" in step]
    assert "--require-hashes" in step
    assert "--only-binary :all:" in step


def test_what_the_image_installs_is_what_the_tests_run_with():
    lock = (ROOT / "requirements.lock").read_text()
    pins = [line.rstrip("\\ ") for line in lock.splitlines() if re.match(r"[a-z0-9]", line)]
    assert pins
    assert not [pin for pin in pins if not is_installed_as_pinned(pin)]


def test_it_runs_as_a_user_without_rights_that_owns_the_volume():
    assert IMAGE.of("USER") == ["10001"]
    assert f"--uid 10001 --home-dir {DATA} --create-home" in IMAGE.of("RUN")[0]
    assert IMAGE.of("VOLUME") == [DATA]
    assert f"IDTS_DATA_DIR={DATA}" in shlex.split(IMAGE.of("ENV")[0])


def test_the_health_check_fails_where_nothing_listens():
    assert check_health({"IDTS_PORT": "1", "PATH": os.environ["PATH"]}).returncode != 0


def test_the_image_runs_its_own_copy_of_the_code(image: Path):
    found = subprocess.run(
        [image / ".venv/bin/python", "-c", "import app, fastapi; print(app.__path__[0])"],
        cwd="/",
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == str(image / "app")


def test_the_command_of_the_image_serves_and_its_health_check_passes(served: dict[str, str]):
    answer = check_health(served)
    assert answer.returncode == 0, answer.stderr
