"""One PostgreSQL server for the whole run, started when the first test asks for it; the service on both databases."""

import re
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog

from tests.support import databases, postgres, standby
from tests.support.service import STARTS_AT, Service, differences, running, service_settings

# How long an example takes says something about the machine, and nothing about the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SERVER_HOME = pytest.StashKey[Path]()

# Whole processes, real sockets, long random lives: left out of `make quick`, and always part of `make test`.
LONG = (
    "tests/cli/",
    "tests/services/programme/",
    "tests/queries/test_dashboard_plans.py",
    "tests/whole/test_concurrency.py",
    "tests/background/test_delivery.py",
    "tests/whole/test_dockerfile.py",
    "tests/background/test_event_stream.py",
    "tests/support/test_postgres_helper.py",
    "tests/whole/test_statement_life.py",
    "tests/whole/test_nginx.py",
    "tests/whole/test_slow_readers.py",
    "tests/whole/test_statement_race.py",
    "tests/whole/test_tampering.py",
    "tests/whole/test_workers.py",
)


# The seed of every ordinary run; `make deep` takes another one every day.
FIXED_SEED = 20061101


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="many more random examples, with a seed that changes by day")
    parser.addoption("--seed", type=int, help="the seed of a deep run that is to be repeated")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The events of a property test (`hypothesis.event`), with the share of examples in which each occurred."""
    report = yield
    if report.when == "call" and (statistics := getattr(item, "hypothesis_statistics", "")):
        events = re.findall(r"\* +([\d.]+%), (?!gave up|invalid)(.+)", statistics)
        if events:
            told = ", ".join(f"{event} {share}" for share, event in events)
            report.user_properties.append(("met", f"{item.nodeid.rpartition('/')[2]}: {told}"))
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the random tests say that they have met (`record_property("met", ...)`)."""
    reports = [one for found in terminalreporter.stats.values() for one in found]
    met = {text for one in reports for name, text in getattr(one, "user_properties", ()) if name == "met"}
    if met:
        terminalreporter.section("what the random tests have met")
        for text in sorted(met):
            terminalreporter.write_line(text)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(LONG):
            item.add_marker(pytest.mark.slow)


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
BEHIND_A_STANDBY = pytest.param(databases.STANDBY, marks=[pytest.mark.postgres, pytest.mark.standby])
ON_EACH_DATABASE = ("database_kind", "shared_service")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test runs on both databases; one marked `also_behind_a_standby` a third time, reading from a standby."""
    chosen = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    kinds = [*KINDS, *([BEHIND_A_STANDBY] if metafunc.definition.get_closest_marker("also_behind_a_standby") else [])]
    for name in ON_EACH_DATABASE:
        if name in metafunc.fixturenames and not any(name in names for names in chosen):
            metafunc.parametrize(name, kinds, indirect=True, scope="session" if name == "shared_service" else None)


def pytest_configure(config: pytest.Config) -> None:
    """The process that starts the run makes the server's directory; xdist's workers are told of it."""
    worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
    # Log lines go nowhere: threads of a server would write to a capture that pytest closes under them.
    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
    config.stash[SERVER_HOME] = Path(worker_input["server_home"]) if worker_input else postgres.make_home()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["server_home"] = str(node.config.stash[SERVER_HOME])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Runs also after failures and Ctrl-C; by then every worker has ended."""
    if not hasattr(config, "workerinput") and SERVER_HOME in config.stash:
        databases.drop_template(config.stash[SERVER_HOME])
        standby.stop_pair(config.stash[SERVER_HOME])
        postgres.stop(config.stash[SERVER_HOME])


@pytest.fixture(scope="session")
def postgres_admin_url(pytestconfig: pytest.Config) -> str:
    """The URL of the run's PostgreSQL server, with the right to create databases."""
    return postgres.shared_url(pytestconfig.stash[SERVER_HOME])


@pytest.fixture(scope="session")
def shared_home(pytestconfig: pytest.Config) -> Path:
    """The directory that all workers of the run share; see `tests.support.databases`."""
    return pytestconfig.stash[SERVER_HOME]


@pytest.fixture(scope="session")
def deep(pytestconfig: pytest.Config) -> bool:
    """Whether random tests are to take many more examples than in an ordinary run."""
    return bool(pytestconfig.getoption("--deep"))


@pytest.fixture(scope="session")
def random_seed(pytestconfig: pytest.Config, deep: bool) -> int:
    """The same in every ordinary run, the day's in a deep one, so that every run can be repeated."""
    given: int | None = pytestconfig.getoption("--seed")
    return given or (int(f"{datetime.now(UTC):%Y%m%d}") if deep else FIXED_SEED)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, shared_home: Path) -> Iterator[str]:
    """A migrated and seeded database of the test's own: the toolkit, 138 establishments, an admin key."""
    with databases.fresh_copy(database_kind, shared_home) as url:
        yield url


@pytest.fixture
def database_read_url(database_kind: str, database_url: str, shared_home: Path) -> str:
    """Where the service reads, where that is not where it writes; else empty."""
    return databases.read_url(database_kind, database_url, shared_home)


@pytest.fixture
def service(database_url: str, database_read_url: str, tmp_path: Path) -> Iterator[Service]:
    """The whole service, on SQLite and on PostgreSQL; see `tests.support.service.Service` for how to call it."""
    settings = service_settings(database_url, database_read_url=database_read_url, data_dir=tmp_path)
    with running(settings) as found:
        yield found


@pytest.fixture(scope="session")
def shared_service(
    request: pytest.FixtureRequest, shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, dict[str, object]]]:
    """One service for the tests that change nothing, and what it has stored."""
    with databases.fresh_copy(request.param, shared_home) as url:
        read_url = databases.read_url(request.param, url, shared_home)
        settings = service_settings(url, database_read_url=read_url, data_dir=tmp_path_factory.mktemp("service"))
        with running(settings) as found:
            yield found, found.fingerprints()


@pytest.fixture
def untouched(shared_service: tuple[Service, dict[str, object]]) -> Iterator[Service]:
    """A service as seeded, for tests that only read or are refused: it is checked that nothing was stored."""
    found, before = shared_service
    found.clock.now = STARTS_AT
    yield found
    after = found.fingerprints()
    changed = differences(before, after)
    before |= after
    assert not changed, f"the test stored something in {changed}"
