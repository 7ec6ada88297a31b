"""The migrations make the schema of the models, from nothing and back, on both databases."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

import app.models  # noqa: F401 - fills the metadata
from app.storage.webhook_key import WebhookKey
from tests.support import postgres

SECRETS_PLAIN = "0007"
VERDICTS_RENAMED = "0011"
TITLES_ONLY = "0013"
ROWS_WITHOUT_REGION = "0014"
A_REVISION = """INSERT INTO return_revision (month, revision, digest, row_count, corrections, frozen_at, frozen_by_id,
frozen_by) VALUES ('2026-02', 1, 'x', 1, '{}', '2026-03-01T09:00:00.000000Z', 'key:1', 'x')"""
LIVE_BY_STATEMENT = "0017"
ONE_PLANNED_DATE = "0015"
A_WEBHOOK = """INSERT INTO webhook (owner_id, owner_name, url, description, secret, created_at)
VALUES ('key:1', 'x', 'https://example.org', 'x', 'whsec_plain', '2026-01-05T09:00:00.000000Z')"""
A_TOOLKIT = """INSERT INTO toolkit_version (version, document, digest, loaded_at)
VALUES ('2006-09', '{}', 'x', '2026-01-05T09:00:00.000000Z')"""
A_PRISON = """INSERT INTO prison (id, code, name, designation, function, region, categories, toolkit_version, version,
registered_at, changed_at) VALUES (1, 'LWI', 'Lewes', 'HMP', 'LOCAL', 'south-east', '[]', '2006-09', 1,
'2026-01-05T09:00:00.000000Z', '2026-01-05T09:00:00.000000Z')"""
ITS_VERDICT = """INSERT INTO stored_verdict (prison_id, code, stage, is_commissioning_ready, is_eligible, blocker_count,
ratings, latest_at, etag, body, fresh_until, judged_by) VALUES (1, 'LWI', 'not_started', false, false, 35, 'R',
'2026-01-05T09:00:00.000000Z', '"x"', :body, '2026-01-05', 'rules')"""
AN_ITEM = """INSERT INTO evidence (id, prison_id, kind, title, reference, received_at, added_by)
VALUES (:id, 1, :kind, 'x', :reference, '2026-01-05T09:00:00.000000Z', 'x')"""
A_SECTION = """INSERT INTO section_assessment (prison_id, number, version, rating, staff_in_post, staff_required,
outcomes, evidence, updated_at, updated_by)
VALUES (1, 14, 1, 'AMBER', 7, 9, '{}', :evidence, '2026-01-05T09:00:00.000000Z', 'x')"""
# What was evidence until then, and whether somebody could look at it.
ITEMS: list[dict[str, Any]] = [
    {"id": "title alone", "kind": "note", "reference": "IDTS/5"},
    {"id": "address", "kind": "link", "reference": "https://example.org"},
    {"id": "kept", "kind": "document", "reference": "IDTS/5"},
    {"id": "lost", "kind": "document", "reference": None},
]
SOUND = {"title alone": False, "address": True, "kept": True, "lost": False}
A_STATEMENT = """INSERT INTO statement (id, prison_id, status, toolkit_version, go_live_date, payload, digest,
breached_sections, raised_at, raised_by, version) VALUES ('one', 1, 'raised', '2006-09', '2026-12-01', '{}', 'd', '[]',
'2026-01-05T09:00:00.000000Z', 'prison:LWI', 1)"""
A_DATED_STATEMENT = """INSERT INTO statement (id, prison_id, status, toolkit_version, go_live_date,
attested_go_live_date, payload, digest, breached_sections, raised_at, raised_by, version, live_on) VALUES ('one', 1,
'withdrawn', '2006-09', '2026-12-01', '2026-12-01', '{}', 'd', '[]', '2026-01-05T09:00:00.000000Z', 'x', 1,
'2026-12-03')"""
A_SIGNATORY = (
    "INSERT INTO signatory (statement_id, role, position, title, name) VALUES ('one', 'governor', 1, 'G', 'A')"
)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    admin_url = request.getfixturevalue("postgres_admin_url")
    name = f"idts_migrations_{uuid4().hex[:12]}"
    yield postgres.create_database(admin_url, name)
    postgres.drop_database(admin_url, name)


@pytest.fixture
def engine(empty_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(empty_url, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def config(empty_url: str) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = empty_url
    return config


def tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def schema(engine: sa.Engine) -> dict[str, object]:
    """Tables with their columns, keys, indexes and checks, in a form that can be compared."""
    found = sa.inspect(engine)
    return {
        name: (
            [(one["name"], str(one["type"]), one["nullable"]) for one in found.get_columns(name)],
            found.get_pk_constraint(name)["constrained_columns"],
            sorted((one["name"] or "", one["column_names"]) for one in found.get_indexes(name)),
            sorted((one["name"] or "", one["column_names"]) for one in found.get_unique_constraints(name)),
            sorted(one["name"] or "" for one in found.get_foreign_keys(name)),
            sorted(one["name"] or "" for one in found.get_check_constraints(name)),
        )
        for name in sorted(found.get_table_names())
    }


def differences(engine: sa.Engine) -> list[object]:
    """What `alembic check` would want to migrate."""
    with engine.connect() as connection:
        return list(
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), SQLModel.metadata)
        )


def test_the_migrated_schema_is_that_of_the_models(config: Config, engine: sa.Engine):
    command.upgrade(config, "head")
    assert tables(engine) == set(SQLModel.metadata.tables) | {"alembic_version"}
    assert differences(engine) == []
    command.check(config)


def test_down_to_nothing_and_up_again_is_the_same_schema(config: Config, engine: sa.Engine):
    command.upgrade(config, "head")
    first = schema(engine)
    command.downgrade(config, "base")
    assert tables(engine) <= {"alembic_version"}
    command.upgrade(config, "head")
    assert schema(engine) == first


def test_each_step_can_be_taken_back_and_again(config: Config, engine: sa.Engine):
    revisions = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    assert revisions
    for revision in revisions:
        command.upgrade(config, revision)
        reached = schema(engine)
        command.downgrade(config, "-1")
        command.upgrade(config, revision)
        assert schema(engine) == reached
    assert differences(engine) == []


def test_webhook_secrets_are_sealed_on_the_way_up_and_opened_on_the_way_down(
    config: Config, engine: sa.Engine, tmp_path: Path
):
    config.attributes["data_dir"] = tmp_path / "data"
    command.upgrade(config, SECRETS_PLAIN)
    with engine.begin() as connection:
        connection.execute(sa.text(A_WEBHOOK))
    command.upgrade(config, "head")
    with engine.connect() as connection:
        (stored,) = connection.scalars(sa.text("SELECT secret FROM webhook"))
    assert stored.startswith("ey")
    assert WebhookKey(tmp_path / "data" / "webhook-key.json").open(stored) == "whsec_plain"
    command.downgrade(config, SECRETS_PLAIN)
    with engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT secret FROM webhook")).all() == ["whsec_plain"]


def test_stored_verdicts_go_along_on_the_way_up_and_down(config: Config, engine: sa.Engine):
    command.upgrade(config, VERDICTS_RENAMED)
    with engine.begin() as connection:
        connection.execute(sa.text(A_TOOLKIT))
        connection.execute(sa.text(A_PRISON))
        connection.execute(sa.text(ITS_VERDICT), {"body": b"{}"})
        stored = connection.execute(sa.text("SELECT * FROM stored_verdict")).one()._mapping
    command.downgrade(config, "-1")
    with engine.connect() as connection:
        before = connection.execute(sa.text("SELECT * FROM prison_standing")).one()._mapping
    command.upgrade(config, VERDICTS_RENAMED)
    with engine.connect() as connection:
        after = connection.execute(sa.text("SELECT * FROM stored_verdict")).one()._mapping
    assert dict(before) == dict(stored) == dict(after)
    assert len(stored) == 14


def test_staff_and_evidence_are_carried_over_on_the_way_up_and_down(config: Config, engine: sa.Engine):
    command.upgrade(config, TITLES_ONLY)
    refs = [{"id": item["id"], "on": "2026-01-05"} for item in ITEMS]
    with engine.begin() as connection:
        connection.execute(sa.text(A_TOOLKIT))
        connection.execute(sa.text(A_PRISON))
        connection.execute(sa.text(AN_ITEM), ITEMS)
        connection.execute(sa.text(A_SECTION), {"evidence": json.dumps(refs)})
    text = sa.text("SELECT staff_in_post, staff_required, evidence FROM section_assessment")
    section = text.columns(evidence=sa.JSON)
    command.upgrade(config, "head")
    with engine.connect() as connection:
        in_post, required, evidence = connection.execute(section).one()
    assert (in_post, required) == (700, 900)
    assert evidence == [ref | {"sound": SOUND[ref["id"]]} for ref in refs]
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE section_assessment SET staff_in_post = 755"))
    command.downgrade(config, TITLES_ONLY)
    with engine.connect() as connection:
        assert connection.execute(section).one() == (7, 9, refs)


def test_frozen_rows_say_their_region_and_stay_as_they_were(config: Config, engine: sa.Engine):
    command.upgrade(config, ROWS_WITHOUT_REGION)
    content = '{"code":"LEI","region":"Yorkshire and the Humber"}'
    with engine.begin() as connection:
        connection.execute(sa.text(A_REVISION))
        connection.execute(sa.text("INSERT INTO return_row VALUES ('2026-02', 1, 'LEI', :row)"), {"row": content})
    command.upgrade(config, "head")
    with engine.connect() as connection:
        (stored,) = connection.execute(sa.text("SELECT region, content FROM return_row"))
    assert tuple(stored) == ("yorkshire-and-the-humber", content)
    command.downgrade(config, ROWS_WITHOUT_REGION)
    with engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT content FROM return_row")).all() == [content]


def test_a_statement_attests_the_date_that_it_was_raised_with(config: Config, engine: sa.Engine):
    command.upgrade(config, ONE_PLANNED_DATE)
    with engine.begin() as connection:
        for row in (A_TOOLKIT, A_PRISON, A_STATEMENT, A_SIGNATORY):
            connection.execute(sa.text(row))
    command.upgrade(config, "head")
    with engine.begin() as connection:
        dates = connection.execute(sa.text("SELECT go_live_date, attested_go_live_date FROM statement")).one()
        assert list(map(str, dates)) == ["2026-12-01"] * 2
        connection.execute(sa.text("UPDATE statement SET go_live_date = '2027-01-04'"))
    command.downgrade(config, ONE_PLANNED_DATE)
    with engine.connect() as connection:
        assert str(connection.scalar(sa.text("SELECT go_live_date FROM statement"))) == "2026-12-01"
        assert connection.scalars(sa.text("SELECT name FROM signatory")).all() == ["A"]


def test_prisons_that_went_live_are_live_on_the_way_up(config: Config, engine: sa.Engine):
    command.upgrade(config, LIVE_BY_STATEMENT)
    with engine.begin() as connection:
        for row in (A_TOOLKIT, A_PRISON, A_DATED_STATEMENT):
            connection.execute(sa.text(row))
    command.upgrade(config, "head")
    with engine.connect() as connection:
        assert str(connection.scalar(sa.text("SELECT live_on FROM prison"))) == "2026-12-03"
    command.downgrade(config, LIVE_BY_STATEMENT)
    with engine.connect() as connection:
        assert str(connection.scalar(sa.text("SELECT live_on FROM statement"))) == "2026-12-03"


def test_there_is_one_line_of_revisions(config: Config):
    scripts = ScriptDirectory.from_config(config)
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1


def test_migrating_twice_changes_nothing(config: Config, engine: sa.Engine):
    command.upgrade(config, "head")
    before = schema(engine)
    command.upgrade(config, "head")
    assert schema(engine) == before
