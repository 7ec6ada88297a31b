"""The history by month: the recipe for PostgreSQL in docs/operate, on a database that has a history already."""

import re
from pathlib import Path

import pytest

from tests.support import databases
from tests.support.factories import commissioning_ready
from tests.support.processes import ROOT
from tests.support.service import running, service_settings

SECTIONS = "/v1/prisons/LWI/sections"


@pytest.mark.postgres
def test_the_history_can_be_partitioned_by_month_as_the_page_says(shared_home: Path, tmp_path: Path):
    (recipe,) = re.findall(
        r"^```sql\n(BEGIN;.*?)^```$", (ROOT / "docs/operate/growing.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    with databases.fresh_copy("postgresql", shared_home) as url:
        with running(service_settings(url, data_dir=tmp_path)) as service:
            service.patch(SECTIONS, commissioning_ready())
            before = service.get(f"{SECTIONS}/1/history").json()["items"]
            with service.database.write_engine.connect() as connection:
                connection.exec_driver_sql(recipe)
        with running(service_settings(url, data_dir=tmp_path)) as service:
            service.clock.set("2026-12-01T00:00:00Z")
            assert service.patch(f"{SECTIONS}/1", {"rating": "AMBER"}).status_code == 200
            service.clock.tick()
            after = service.get(f"{SECTIONS}/1/history").json()["items"]
            assert [one["rating"] for one in after] == ["AMBER", "GREEN"]
            assert after[1:] == before
            then = service.get(f"{SECTIONS}/1?as_of=2026-11-30").json()
            assert (then["rating"], then["version"]) == ("GREEN", 1)
            with service.database.write_engine.connect() as connection:
                counted = "SELECT count(*) FROM section_change_2026_12"
                assert connection.exec_driver_sql(counted).scalar_one() == 1
            assert service.get("/v1/audit/verify", by="admin").json()["intact"] is True
