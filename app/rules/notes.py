"""The texts of the transparency log: signed notes, checkpoints, cosignatures and proofs, as C2SP sets them down."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

SIGNS_NOTES, COSIGNS = 0x01, 0x04
_KEY_BYTES, _SIGNATURE_BYTES, _TIME_BYTES = 32, 64, 8
_PROOF = "c2sp.org/tlog-proof@v1"
_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
# A note with more lines than this is not read.
_MOST_SIGNATURES = 64

# Checking is the caller's: whether the third is the Ed25519 signature by the first, a key, of the second.
Verify = Callable[[bytes, bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A verifier's key: the name in signature lines, what its signatures are, and 32 bytes of Ed25519."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def text(self) -> str:
        """As settings and websites give it: `<name>+<hex id>+<base64>`."""
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        return f"— {self.name} {b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and the signature lines below it."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def whole(self) -> str:
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A head of the log: whose log, how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class LogProof:
    """Where an entry lies, the hashes beside its way to the root, and the signed checkpoint that has the root."""

    index: int
    hashes: tuple[bytes, ...]
    note: Note

    def text(self) -> str:
        hashes = "".join(f"{b64encode(each).decode()}\n" for each in self.hashes)
        return f"{_PROOF}\nindex {self.index}\n{hashes}\n{self.note.whole()}"


def read_key(text: str) -> NoteKey:
    """The key that a text such as `example.org/witness+1a2b3c4d+BG9…` gives. ValueError says what is wrong."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
        raise ValueError("a verifier key is <name>+<8 hex digits>+<base64>")
    raw = _decoded(parts[2])
    if len(raw) != 1 + _KEY_BYTES or raw[0] not in (SIGNS_NOTES, COSIGNS):
        raise ValueError("a verifier key is of Ed25519, for notes (1) or for cosignatures (4)")
    key = NoteKey(parts[0], raw[0], raw[1:])
    if key.id.hex() != parts[1]:
        raise ValueError(f"the key's id is {key.id.hex()} and not {parts[1]}")
    return key


def read_note(text: str) -> Note:
    """A signed note; ValueError says what is wrong with the text."""
    body, gap, below = text.rpartition("\n\n")
    lines = below.split("\n")
    if not gap or lines[-1] != "" or len(lines) < 2:
        raise ValueError("a note is a text, an empty line, and lines that begin with — and end in a newline")
    if len(lines) > _MOST_SIGNATURES or re.search(r"[\x00-\x09\x0b-\x1f]", text):
        raise ValueError(f"a note has at most {_MOST_SIGNATURES} signatures and no control characters")
    return Note(body + "\n", tuple(_signature(line) for line in lines[:-1]))


def read_checkpoint(text: str) -> Checkpoint:
    """A checkpoint from the text of its note; ValueError says what is wrong."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "" or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
        raise ValueError("a checkpoint has three lines: the log's origin, its size and the root in base64")
    root = _decoded(lines[2])
    if len(root) != sha256().digest_size:
        raise ValueError("a checkpoint's root is 32 bytes in base64")
    return Checkpoint(lines[0], int(lines[1]), root)


def read_proof(text: str) -> LogProof:
    """A proof from the text of a `.tlog-proof` file; ValueError says what is wrong."""
    head, gap, note = text.partition("\n\n")
    lines = [line for line in head.split("\n") if not line.startswith("extra ")]
    if not gap or lines[0] != _PROOF or len(lines) < 2 or not lines[1].startswith("index "):
        raise ValueError(f"a proof begins with {_PROOF} and a line with the index")
    if not _SIZE.fullmatch(lines[1][len("index ") :]):
        raise ValueError("a proof's index is a whole number")
    return LogProof(int(lines[1][len("index ") :]), tuple(_decoded(line) for line in lines[2:]), read_note(note))


def signed(text: str, key: NoteKey, sign: Callable[[bytes], bytes]) -> NoteSignature:
    """A note's signature over its text."""
    return NoteSignature(key.name, key.id, sign(text.encode()))


def cosigned(text: str, key: NoteKey, sign: Callable[[bytes], bytes], at: int) -> NoteSignature:
    """A witness's signature over a checkpoint, at a time in seconds since 1970."""
    return NoteSignature(key.name, key.id, at.to_bytes(_TIME_BYTES, "big") + sign(_cosigned_text(text, at)))


def is_signed_by(note: Note, key: NoteKey, verify: Verify) -> bool:
    """Whether the key has signed the note, and no line under its name and id is wrong."""
    own = [each for each in note.signatures if (each.name, each.key_id) == (key.name, key.id)]
    return bool(own) and all(_holds(note.text, each.signature, key, verify) for each in own)


def cosigned_at(signature: NoteSignature) -> int:
    """When a witness says that it cosigned, in seconds since 1970."""
    return int.from_bytes(signature.signature[:_TIME_BYTES], "big")


def _holds(text: str, signature: bytes, key: NoteKey, verify: Verify) -> bool:
    if key.kind == SIGNS_NOTES:
        return len(signature) == _SIGNATURE_BYTES and verify(key.public, text.encode(), signature)
    if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES:
        return False
    at = int.from_bytes(signature[:_TIME_BYTES], "big")
    return verify(key.public, _cosigned_text(text, at), signature[_TIME_BYTES:])


def _cosigned_text(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _signature(line: str) -> NoteSignature:
    match = _SIGNATURE.fullmatch(line)
    raw = _decoded(match["signature"]) if match else b""
    if match is None or len(raw) < 5:
        raise ValueError("a signature line is: — <name> <base64>")
    return NoteSignature(match["name"], raw[:4], raw[4:])


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except Error:
        raise ValueError("what should be base64 is not") from None
