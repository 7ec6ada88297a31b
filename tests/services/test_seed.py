"""Seeding adds what is missing and leaves alone what is there."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from app.cli import first_start
from app.documents.shipped import shipped_establishments, shipped_toolkits
from app.rules.access import Caller
from app.services.seed import OPERATOR, load_missing_toolkits, register_missing
from app.storage import schema
from app.storage.db import Database
from tests.support.service import REGISTERED_AT, Service, service_settings


def test_a_second_seed_changes_nothing(service: Service):
    service.patch("/v1/prisons/LWI/sections/5", {"rating": "AMBER"})
    service.patch("/v1/prisons/LWI", {"name": "HMP Lewes"}, by="admin")
    with service.unchanged():
        seeded = first_start.seed(service.settings, service.database)
    assert (seeded.toolkits, seeded.prisons, seeded.admin_key_file) == (0, 0, None)


def test_a_second_migration_changes_nothing(service: Service):
    with service.unchanged():
        schema.migrate(service.settings)


def test_the_seeded_prisons_are_registered_at_the_moment_that_is_told(untouched: Service):
    moments = {one["registered_at"] for one in untouched.get("/v1/prisons?limit=500").json()["items"]}
    assert moments == {REGISTERED_AT.isoformat().replace("+00:00", "Z")}


def test_an_empty_database_gets_an_admin_key_that_is_kept_for_its_owner_alone(tmp_path: Path):
    settings = service_settings(f"sqlite:///{tmp_path / 'idts.db'}", data_dir=tmp_path / "var").model_copy(
        update={"admin_key": None}
    )
    schema.migrate(settings)
    database = Database(settings)
    seeded = first_start.seed(settings, database, at=datetime(2026, 1, 5, tzinfo=UTC))
    with database.reading() as session:
        digests = session.scalars(text("SELECT digest FROM api_key")).all()
    database.dispose()
    assert seeded.admin_key_file is not None
    assert seeded.admin_key_file.stat().st_mode & 0o777 == 0o600
    assert len(digests) == 1
    assert seeded.admin_key_file.read_text().strip() not in digests


def test_a_database_from_before_a_version_gets_it_and_its_prisons_stay_on_theirs(tmp_path: Path):
    settings = service_settings(f"sqlite:///{tmp_path / 'idts.db'}", data_dir=tmp_path / "var")
    schema.migrate(settings)
    database = Database(settings)
    (first,) = [one for one in shipped_toolkits() if one.version == "2006-09"]
    (lewes,) = [one for one in shipped_establishments() if one.code == "LWI"]
    with database.session_scope() as session:
        caller = Caller(OPERATOR, REGISTERED_AT)
        load_missing_toolkits(session, [first], caller=caller)
        register_missing(session, [lewes], caller=caller)
    seeded = first_start.seed(settings, database, at=REGISTERED_AT)
    with database.reading() as session:
        rows = session.execute(text("SELECT code, toolkit_version FROM prison")).all()
    database.dispose()
    assert (seeded.toolkits, seeded.prisons) == (1, 137)
    assert [row.code for row in rows if row.toolkit_version == "2006-09"] == ["LWI"]
    assert {row.toolkit_version for row in rows} == {"2006-09", "2006-09.2"}
