"""At 10,000 prisons every statement of a dashboard finds its rows by an index."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.queries.programme.dashboards import list_regions, read_dashboard
from app.queries.programme.matrix import read_matrix
from app.queries.programme.periods import ProgrammeAt
from app.storage.db import Database
from tests.support import databases
from tests.support.service import seen_by, service_settings

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
PRISONS, PERIODS = 10_000, 8

# Ten thousand prisons with eight periods each: the shape that matters to a plan.
REGION = "(ARRAY['east-midlands','east-of-england','london','north-east','north-west','south-east','south-west',\
'west-midlands','yorkshire-and-the-humber'])[1 + p % 9]"
FILL = (
    f"""INSERT INTO prison (id, code, name, designation, function, region, categories, toolkit_version, version,
    registered_at, changed_at)
    SELECT 1000 + p, 'Z' || lpad(p::text, 5, '0'), 'Prison ' || p, 'HMP', 'trainer', {REGION}, '[]', '2006-09', 1,
    '2026-01-06', '2026-01-06' FROM generate_series(1, {PRISONS}) p""",
    f"""INSERT INTO prison_period (prison_id, from_at, to_at, code, name, region, function,
    closed_by, toolkit_version, stage, is_commissioning_ready, is_eligible, ratings, blocking, exempt, blocker_count,
    quiet_since, statement_status, go_live_date, open_challenges, stood_from, stood_until, open_from, open_until)
    SELECT 1000 + p, f, t, 'Z' || lpad(p::text, 5, '0'),
    'Prison ' || p, {REGION}, 'trainer', CASE WHEN p % 100 = 0 THEN DATE '2026-08-01' END, '2006-09', 'preparing',
    false, false, repeat('R', 35), 34359738367, 0, 5 + p % 30, f,
    CASE WHEN p % 50 = 0 THEN 'raised' END, CASE WHEN p % 50 = 0 THEN DATE '2026-10-01' END, 0,
    24312 + :k, CASE WHEN :k < {PERIODS - 1} THEN 24313 + :k ELSE 119999 END,
    24312 + :k, CASE WHEN :k < {PERIODS - 1} THEN 24313 + :k ELSE 119999 END
    FROM generate_series(1, {PRISONS}) p, LATERAL (SELECT
    TIMESTAMPTZ '2026-01-06' + (:k * 30 + p % 30) * INTERVAL '1 day' AS f,
    CASE WHEN :k < {PERIODS - 1} THEN TIMESTAMPTZ '2026-01-06' + ((:k + 1) * 30 + p % 30) * INTERVAL '1 day'
    ELSE TIMESTAMPTZ '9999-12-31 23:59:59.999999' END AS t) AS period""",
)


@pytest.fixture(scope="module")
def programme(shared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with databases.fresh_copy("postgresql", shared_home) as url:
        database = Database(service_settings(url, data_dir=tmp_path_factory.mktemp("data")))
        with database.write_engine.begin() as connection:
            connection.execute(text(FILL[0]))
            for k in range(PERIODS):
                connection.execute(text(FILL[1]), {"k": k})
        with database.write_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        yield database
        database.dispose()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


# What grows with the prisons.
LARGE = {"prison_period", "prison", "section_change"}
PAST = NOW - timedelta(days=40)


@pytest.mark.postgres
@pytest.mark.parametrize("as_of", [None, PAST], ids=["now", "as of"])
@pytest.mark.parametrize("region", [None, "south-east"], ids=["nation", "region"])
@pytest.mark.parametrize(
    "ask",
    [
        read_dashboard,
        list_regions,
        lambda session, programme: read_matrix(session, programme, None, after="Z00500", limit=50),
    ],
    ids=["dashboard", "regions", "matrix"],
)
def test_every_statement_of_a_dashboard_uses_an_index(
    programme: Database, ask: Any, region: str | None, as_of: datetime | None
):
    with programme.reading() as session, seen_by(programme.read_engine) as statements:
        ask(session, ProgrammeAt(region, NOW, as_of))
    plans = []
    with programme.read_engine.connect() as connection:
        for statement, parameters in statements:
            rows = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
            plans.append((statement, rows[0]["Plan"]))
    assert plans
    for statement, plan in plans:
        scanned = [node for node in nodes(plan) if node["Node Type"] == "Seq Scan"]
        assert not [node["Relation Name"] for node in scanned if node["Relation Name"] in LARGE], statement
        # Each index is entered at a place, and not read from end to end.
        assert not {node["Index Name"] for node in nodes(plan) if "Index Name" in node and "Index Cond" not in node}
