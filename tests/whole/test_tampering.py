"""Stored rows altered behind the service's back: the walk names the first that is not as it was written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.audit import AuditVerification, verify_trail
from app.queries.signing_keys import public_keys
from app.rules.audit import GENESIS, HASHED_FIELDS, checkpoint_hash, entry_hash
from app.rules.moments import moment_text
from app.services.checkpoints import KIND, checkpoint
from app.storage.key_files import KeyFiles, sign, unseal
from tests.support import databases, factories, statements
from tests.support.service import Service, running, service_settings

# The entry that is altered: it has digests before and after, and two entries follow it.
SEQ, LAST = 4, 6


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def service(
    request: pytest.FixtureRequest, shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """LWI's chain has six entries: three signed checkpoints saw it at three, five and six."""
    with (
        databases.fresh_copy(request.param, shared_home) as url,
        running(service_settings(url, data_dir=tmp_path_factory.mktemp("tampering"))) as found,
    ):
        statements.make_signing_key(found)
        for number, comments in enumerate(((1, 2), (3, 4), (5,)), start=1):
            for comment in comments:
                found.patch("/v1/prisons/LWI/sections/5", {"comment": f"Nr {comment}"})
                found.patch("/v1/prisons/MSI/sections/5", factories.rated(5, "AMBER"), by="prison:MSI")
            with found.database.session_scope() as session:
                assert checkpoint(session, KeyFiles(found.settings.signing_keys_dir), found.clock()) == number
        yield found


@contextmanager
def altering(service: Service) -> Iterator[Session]:
    """A transaction in which anything may be done to the rows; nothing of it stays."""
    with service.database.write_session() as session:
        yield session


def run(session: Session, statement: str, **values: Any) -> int:
    """How many rows it touched."""
    result: Any = session.execute(text(statement), values)
    return int(result.rowcount)


def walked(session: Session) -> AuditVerification:
    keys = public_keys(session)
    return verify_trail(session, lambda jws: unseal(jws, keys))


def faults(session: Session) -> set[tuple[str, int]]:
    found = walked(session)
    assert found.intact is not bool(found.faults)
    assert len({one.chain for one in found.faults}) == len(found.faults)
    return {(one.chain, one.seq) for one in found.faults}


def entry(session: Session, seq: int, chain: str = "LWI") -> dict[str, Any]:
    found = session.execute(text("SELECT * FROM audit_entry WHERE chain = :c AND seq = :s"), {"c": chain, "s": seq})
    return dict(found.mappings().one())


def set_entry(session: Session, seq: int, values: dict[str, Any], chain: str = "LWI") -> None:
    columns = ", ".join(f"{name} = :{name}" for name in values)
    statement = f"UPDATE audit_entry SET {columns} WHERE chain = :_chain AND seq = :_seq"
    assert run(session, statement, _chain=chain, _seq=seq, **values) == 1


def flipped(value: Any) -> Any:
    """The value with one bit of one byte turned over, in the middle of a text."""
    if isinstance(value, str):
        place = len(value) // 2
        return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
    return value + 1000 if isinstance(value, int) else value.replace(microsecond=value.microsecond ^ 1)


def test_the_trail_is_intact_before_anything_is_altered(service: Service):
    with altering(service) as session:
        found = walked(session)
        assert (found.intact, found.faults, found.checkpoints) == (True, [], 3)
        assert entry(session, LAST)["seq"] == LAST
        assert found.entries == session.execute(text("SELECT count(*) FROM audit_entry")).scalar_one()
        assert found.chains == session.execute(text("SELECT count(DISTINCT chain) FROM audit_entry")).scalar_one()


@pytest.mark.parametrize("name", [*HASHED_FIELDS, "hash"])
@pytest.mark.parametrize("seq", [2, SEQ, LAST])
def test_one_flipped_byte_in_any_column_is_named_at_its_row(service: Service, name: str, seq: int):
    with altering(service) as session:
        before = entry(session, seq)[name]
        set_entry(session, seq, {name: flipped(before)})
        assert ("LWI", seq) in faults(session)
        if name != "chain":
            assert faults(session) == {("LWI", seq)}


@pytest.mark.parametrize("name", ["before_digest", "request_id"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_value_taken_away_is_named(service: Service, name: str, value: str | None):
    with altering(service) as session:
        set_entry(session, SEQ, {name: value})
        assert faults(session) == {("LWI", SEQ)}


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", [*HASHED_FIELDS, "hash"])
@pytest.mark.parametrize("value", [b"\xff\xfe", "not what belongs here", b"", 7.5])
def test_whatever_somebody_puts_into_a_file_of_sqlite_is_named(service: Service, name: str, value: object):
    """A server holds each column to its type; SQLite keeps whatever it is given."""
    with altering(service) as session:
        set_entry(session, SEQ, {name: value})
        assert ("LWI", SEQ) in faults(session)


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["chain", "at", "actor_name", "subject", "after_digest", "hash"])
def test_a_flip_that_leaves_no_utf_8_is_named(service: Service, name: str):
    """The highest bit of one byte: SQLite keeps it as text, and no driver reads it as such."""
    with altering(service) as session:
        broken = entry(session, SEQ)[name].encode()
        broken = broken[:1] + bytes([broken[1] ^ 0x80]) + broken[2:]
        statement = f"UPDATE audit_entry SET {name} = CAST(:v AS TEXT) WHERE chain = 'LWI' AND seq = :s"
        assert run(session, statement, v=broken, s=SEQ) == 1
        assert ("LWI", SEQ) in faults(session)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 5), (5, 6)])
def test_two_swapped_rows_are_named_at_the_first(service: Service, one: int, other: int):
    with altering(service) as session:
        for here, there in ((one, 900), (other, one), (900, other)):
            set_entry(session, here, {"seq": there})
        assert faults(session) == {("LWI", one)}


def test_rows_swapped_with_their_ids_or_by_their_ids_alone_are_named(service: Service):
    with altering(service) as session:
        first, second = entry(session, 2)["id"], entry(session, 3)["id"]
        for here, there in ((2, 10**6), (3, first), (2, second)):
            set_entry(session, here, {"id": there})
        assert faults(session) == {("LWI", 3)}


@pytest.mark.parametrize("seq", range(1, LAST + 1))
def test_a_removed_row_is_named_the_last_one_too(service: Service, seq: int):
    with altering(service) as session:
        assert run(session, "DELETE FROM audit_entry WHERE chain = 'LWI' AND seq = :s", s=seq) == 1
        assert faults(session) == {("LWI", seq)}


def test_a_row_put_in_is_named(service: Service):
    with altering(service) as session:
        forged = entry(session, LAST) | {"seq": LAST + 1, "id": 10**6}
        names = ", ".join(forged)
        run(session, f"INSERT INTO audit_entry ({names}) VALUES (:{', :'.join(forged)})", **forged)
        assert faults(session) == {("LWI", LAST + 1)}


def rewrite(session: Session, seq: int, **changed: Any) -> None:
    """Alter an entry, and mend every hash after it and the head, as somebody with the database could."""
    previous = entry(session, seq)["previous_hash"]
    for place in range(seq, LAST + 1):
        row = entry(session, place) | (changed if place == seq else {})
        at = row["at"] if isinstance(row["at"], str) else moment_text(row["at"])
        found = entry_hash(row | {"previous_hash": previous, "at": at})
        set_entry(session, place, (changed if place == seq else {}) | {"previous_hash": previous, "hash": found})
        previous = found
    run(session, "UPDATE audit_head SET hash = :h WHERE chain = 'LWI'", h=previous)


@pytest.mark.parametrize(("seq", "named"), [(1, 3), (3, 3), (4, 5), (5, 5), (6, 6)])
def test_a_chain_rewritten_with_its_head_is_named_by_the_next_checkpoint(service: Service, seq: int, named: int):
    with altering(service) as session:
        rewrite(session, seq, actor_name="Nobody")
        assert faults(session) == {("LWI", named)}
        run(session, "DELETE FROM audit_checkpoint")
        assert faults(session) == set()


@pytest.mark.parametrize("kept", [5, 3, 1])
def test_a_dropped_end_under_a_rewound_head_is_named_by_a_checkpoint(service: Service, kept: int):
    with altering(service) as session:
        run(session, "DELETE FROM audit_entry WHERE chain = 'LWI' AND seq > :k", k=kept)
        assert faults(session) == {("LWI", kept + 1)}
        values = {"s": kept, "h": entry(session, kept)["hash"]}
        run(session, "UPDATE audit_head SET seq = :s, hash = :h WHERE chain = 'LWI'", **values)
        assert faults(session) == {("LWI", kept + 1)}


def test_a_whole_chain_removed_is_named(service: Service):
    with altering(service) as session:
        run(session, "DELETE FROM audit_entry WHERE chain = 'LWI'")
        run(session, "DELETE FROM audit_head WHERE chain = 'LWI'")
        assert faults(session) == {("LWI", 1)}


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE audit_head SET seq = seq - 1 WHERE chain = 'LWI'", ("LWI", LAST)),
        ("UPDATE audit_head SET seq = seq + 1 WHERE chain = 'LWI'", ("LWI", LAST + 1)),
        ("UPDATE audit_head SET hash = 'x' WHERE chain = 'LWI'", ("LWI", LAST)),
        ("DELETE FROM audit_head WHERE chain = 'LWI'", ("LWI", 1)),
    ],
)
def test_an_altered_head_is_named(service: Service, statement: str, named: tuple[str, int]):
    with altering(service) as session:
        assert run(session, statement) == 1
        assert faults(session) == {named}


def sealed(session: Session, number: int) -> dict[str, Any]:
    found = session.execute(text("SELECT * FROM audit_checkpoint WHERE id = :n"), {"n": number})
    return dict(found.mappings().one())


@pytest.mark.parametrize("name", ["at", "heads", "previous_hash", "hash", "signature"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_altered_checkpoint_is_named(service: Service, name: str, number: int):
    with altering(service) as session:
        value = sealed(session, number)[name]
        if name == "heads":
            changed = "CAST(REPLACE(CAST(heads AS TEXT), '\"LWI\"', '\"LWJ\"') AS TEXT)"
            changed = changed if service.settings.is_embedded else f"CAST({changed} AS jsonb)"
            assert run(session, f"UPDATE audit_checkpoint SET heads = {changed} WHERE id = :n", n=number) == 1
        else:
            run(session, f"UPDATE audit_checkpoint SET {name} = :v WHERE id = :n", v=flipped(value), n=number)
        assert faults(session) == {("checkpoints", number)}


@pytest.mark.parametrize("number", [1, 2])
def test_a_removed_checkpoint_is_named_at_the_one_after_it(service: Service, number: int):
    with altering(service) as session:
        run(session, "DELETE FROM audit_checkpoint WHERE id = :n", n=number)
        assert faults(session) == {("checkpoints", number + 1)}


def test_a_checkpoint_sealed_with_another_key_is_named(service: Service):
    """Whoever rewrites a chain and the checkpoint over it still lacks the private key."""
    with altering(service) as session:
        rewrite(session, LAST, actor_name="Nobody")
        row = sealed(session, 3)
        heads = {"LWI": [LAST, entry(session, LAST)["hash"]]}
        at = row["at"] if isinstance(row["at"], str) else moment_text(row["at"])
        content = checkpoint_hash(sealed(session, 2)["hash"], at, heads)
        key = OKPKey.generate_key("Ed25519", {"kid": public_keys(session)[0]["kid"]})
        stored = ":heads" if service.settings.is_embedded else "CAST(:heads AS jsonb)"
        run(
            session,
            f"UPDATE audit_checkpoint SET heads = {stored}, hash = :hash, signature = :signature WHERE id = 3",
            heads=json.dumps(heads),
            hash=content,
            signature=sign(content.encode(), key, KIND),
        )
        assert faults(session) == {("checkpoints", 3)}


def test_every_faulty_chain_is_named_each_at_its_first_fault(service: Service):
    with altering(service) as session:
        for chain, seq in (("LWI", 5), ("LWI", 2), ("MSI", 2), ("service", 1)):
            set_entry(session, seq, {"subject": "/elsewhere"}, chain)
        assert faults(session) == {("LWI", 2), ("MSI", 2), ("service", 1)}


def test_the_first_entry_of_a_chain_follows_nothing(service: Service):
    with altering(service) as session:
        assert entry(session, 1)["previous_hash"] == GENESIS
        set_entry(session, 1, {"previous_hash": "1" * 64})
        assert faults(session) == {("LWI", 1)}


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE section_change SET state = REPLACE(state, 'null', '0') WHERE prison_id = :p", "is not the one"),
        ("DELETE FROM section_change WHERE prison_id = :p", "is missing from its history"),
    ],
)
def test_a_history_that_is_not_the_one_audited_is_named(service: Service, statement: str, words: str):
    if "postgresql" in service.settings.database_url:
        statement = statement.replace("REPLACE(state, 'null', '0')", "REPLACE(state::text, 'null', '0')::jsonb")
    with altering(service) as session:
        assert run(session, "UPDATE prison SET id = id WHERE code = 'LWI'") == 1
        (prison_id,) = session.execute(text("SELECT id FROM prison WHERE code = 'LWI'")).one()
        run(session, statement, p=prison_id)
        found = walked(session)
        assert not found.intact
        assert [(one.chain, words in one.detail) for one in found.faults] == [("LWI", True)]


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
@pytest.mark.parametrize("state", [b"\xff", b"", b"{", b"null", b'{"rating": "\\ud800"}'])
def test_a_history_that_is_no_json_any_more_is_named(service: Service, state: bytes):
    with altering(service) as session:
        which = "prison_id = (SELECT id FROM prison WHERE code = 'LWI') AND version = 2"
        assert run(session, f"UPDATE section_change SET state = CAST(:v AS TEXT) WHERE {which}", v=state) == 1
        assert {one.chain for one in walked(session).faults} == {"LWI"}
