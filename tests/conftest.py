"""One PostgreSQL server for the whole run, started when the first test asks for it."""

from pathlib import Path
from typing import Any

import pytest

from tests import postgres

SERVER_HOME = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """The process that starts the run makes the server's directory; xdist's workers are told of it."""
    worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
    config.stash[SERVER_HOME] = Path(worker_input["server_home"]) if worker_input else postgres.make_home()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["server_home"] = str(node.config.stash[SERVER_HOME])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Runs also after failures and Ctrl-C; by then every worker has ended."""
    if not hasattr(config, "workerinput") and SERVER_HOME in config.stash:
        postgres.stop(config.stash[SERVER_HOME])


@pytest.fixture(scope="session")
def postgres_admin_url(pytestconfig: pytest.Config) -> str:
    """The URL of the run's PostgreSQL server, with the right to create databases."""
    return postgres.shared_url(pytestconfig.stash[SERVER_HOME])
