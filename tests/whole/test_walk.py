"""How far one rating goes through the service: a change that lengthens the walk is seen here."""

from pathlib import Path

import pytest

from tests.support import databases
from tests.support.factories import rated
from tests.support.service import max_statements, running, service_settings
from tests.support.walk import walking

PATCHED = "/v1/prisons/LWI/sections/5"


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_rating_is_walked_through_in_few_files(database_kind: str, shared_home: Path, tmp_path: Path):
    with (
        walking() as walk,
        databases.fresh_copy(database_kind, shared_home) as url,
        running(service_settings(url, data_dir=tmp_path)) as service,
    ):
        # The first one of a process reads the toolkit too.
        assert service.patch("/v1/prisons/LWI/sections/6", rated(6, "AMBER")).status_code == 200
        walk.is_on = True
        with max_statements(service, 100) as statements:
            answer = service.patch(PATCHED, rated(5, "GREEN"))
        walk.is_on = False
    assert answer.status_code == 200
    print(f"{len(walk.files)} files, {walk.service_levels} levels of services, {len(statements)} statements")
    print("\n".join(sorted(walk.files)))
    assert len(walk.files) < 48
    assert walk.service_levels < 5
    assert len(statements) < 12
