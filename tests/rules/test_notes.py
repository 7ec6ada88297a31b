"""The log's texts, against the examples of their specifications and against what must be refused."""

from contextlib import suppress

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from app.rules.notes import (
    COSIGNS,
    SIGNS_NOTES,
    Checkpoint,
    LogProof,
    Note,
    NoteKey,
    cosigned,
    cosigned_at,
    is_signed_by,
    read_checkpoint,
    read_key,
    read_note,
    read_proof,
    signed,
)

# The example of the specification of signed notes.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
ORIGIN = "idts.example/log"


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def key_pair(name: str, kind: int) -> tuple[Ed25519PrivateKey, NoteKey]:
    private = Ed25519PrivateKey.generate()
    return private, NoteKey(name, kind, private.public_key().public_bytes_raw())


def checkpoint_note() -> tuple[Note, NoteKey, NoteKey]:
    log, log_key = key_pair(ORIGIN, SIGNS_NOTES)
    witness, witness_key = key_pair("witness.example/1", COSIGNS)
    text = Checkpoint(ORIGIN, 42, bytes(32)).text()
    own = signed(text, log_key, log.sign)
    return Note(text, (own, cosigned(text, witness_key, witness.sign, 1_790_000_000))), log_key, witness_key


def test_the_specifications_example_verifies_and_comes_back_to_the_letter() -> None:
    key, note = read_key(EXAMPLE_KEY), read_note(EXAMPLE_NOTE)
    assert is_signed_by(note, key, verify)
    assert note.whole() == EXAMPLE_NOTE
    assert key.text() == EXAMPLE_KEY
    assert not is_signed_by(Note(note.text + "!\n", note.signatures), key, verify)


def test_a_checkpoint_is_signed_by_the_log_and_cosigned_by_a_witness() -> None:
    note, log_key, witness_key = checkpoint_note()
    again = read_note(note.whole())
    assert again == note
    assert read_checkpoint(again.text) == Checkpoint(ORIGIN, 42, bytes(32))
    assert is_signed_by(again, log_key, verify)
    assert is_signed_by(again, witness_key, verify)
    assert cosigned_at(again.signatures[1]) == 1_790_000_000


def test_a_signature_for_one_purpose_is_not_one_for_another() -> None:
    note, log_key, witness_key = checkpoint_note()
    assert not is_signed_by(note, NoteKey(log_key.name, COSIGNS, log_key.public), verify)
    assert not is_signed_by(note, NoteKey("other.example", COSIGNS, witness_key.public), verify)
    late = note.signatures[1].signature
    forged = Note(note.text, (type(note.signatures[1])(witness_key.name, witness_key.id, b"\1" + late[1:]),))
    assert not is_signed_by(forged, witness_key, verify)


def test_a_wrong_line_under_a_known_key_refuses_the_note_and_an_unknown_one_is_passed_over() -> None:
    note, log_key, _ = checkpoint_note()
    stranger, stranger_key = key_pair("stranger.example", SIGNS_NOTES)
    also = Note(note.text, (*note.signatures, signed(note.text, stranger_key, stranger.sign)))
    assert is_signed_by(also, log_key, verify)
    wrong = type(note.signatures[0])(log_key.name, log_key.id, bytes(64))
    assert not is_signed_by(Note(note.text, (*note.signatures, wrong)), log_key, verify)


def test_a_proof_comes_back_to_the_letter() -> None:
    note, *_ = checkpoint_note()
    proof = LogProof(7, (bytes(32), b"\1" * 32), note)
    assert read_proof(proof.text()) == proof
    with_extra = proof.text().replace("\nindex", "\nextra YWJj\nindex", 1)
    assert read_proof(with_extra) == proof
    assert read_proof(LogProof(0, (), note).text()) == LogProof(0, (), note)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        "example.com/foo+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=",
        "example.com/foo+530d903a+****",
        "exa mple+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_a_key_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|base64"):
        read_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text only\n",
        "text\n\nno dash\n",
        "text\n\n— name ****\n",
        "text\n\n— name QUJD\n",
        EXAMPLE_NOTE.rstrip("\n"),
        EXAMPLE_NOTE.replace("example", "exam\tple"),
        EXAMPLE_NOTE + EXAMPLE_NOTE.split("\n\n")[1] * 64,
    ],
)
def test_a_note_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"note|signature|base64"):
        read_note(text)


@pytest.mark.parametrize(
    "text", ["", "a\n1\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "a\n1\nAAAA\n", "a\n1\n**\n", "\n1\n\n"]
)
def test_a_checkpoint_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"checkpoint|base64"):
        read_checkpoint(text)


@pytest.mark.parametrize("head", ["", "c2sp.org/tlog-proof@v1", "other\nindex 1", "c2sp.org/tlog-proof@v1\nindex x"])
def test_a_proof_that_is_not_one_is_refused(head: str) -> None:
    with pytest.raises(ValueError, match="proof"):
        read_proof(f"{head}\n\n{EXAMPLE_NOTE}")


@given(st.text())
def test_no_text_makes_a_reader_fail_otherwise_than_by_refusing(text: str) -> None:
    for read in (read_key, read_note, read_checkpoint, read_proof):
        with suppress(ValueError):
            read(text)
