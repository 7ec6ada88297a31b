"""Whether evidence is something that someone can look at (rule 4)."""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import ip_address

from app.rules.types import EvidenceKind, Reason

# Enough for a sentence that says what was seen.
SHORTEST_NOTE = 20
_FEWEST_LETTERS = 10
_SHORTEST_REFERENCE = 2
_SAYS_NOTHING = frozenset({"na", "none", "tbc"})
_FILLERS = re.compile("[\u115f\u1160]")  # letters to Unicode, and nothing to the eye; NFKC makes the others these
_ADDRESS = re.compile(r"https?://([^\s/?#@]*@)?(\[[^\s\]]+\]|[^\s/?#@:\[\]]+)(:[0-9]{1,5})?([/?#].*)?", re.IGNORECASE)
_HOST_NAME = re.compile(r"localhost|([\w-]+\.)+[^\W\d_][\w-]*\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """What an item of evidence consists of, apart from its title."""

    kind: EvidenceKind
    reference: str | None
    text: str | None
    has_file: bool


def lacks_substance(item: Item) -> Reason | None:
    """Someone can look at it: at a file or where it is kept, at an address, or at what was seen (rule 4).

    Source: toolkit, traffic lights; what counts as evidence is this programme's own.
    """
    if item.kind is EvidenceKind.NOTE and not _says_enough(item.text or ""):
        detail = (
            f"A note needs a text of at least {SHORTEST_NOTE} characters, {_FEWEST_LETTERS} of them letters or digits: "
            "say what was seen, where and when."
        )
        return Reason("note-says-too-little", detail, "/text")
    if item.kind is EvidenceKind.LINK and not _is_address((item.reference or "").strip()):
        detail = "A link needs its whole address as reference, with http or https, such as https://example.org/plan."
        return Reason("link-without-address", detail, "/reference")
    if item.kind is EvidenceKind.DOCUMENT and not (item.has_file or _names_a_place(item.reference or "")):
        detail = "A document needs a reference that says where it is kept: send one, or upload its file."
        return Reason("document-without-place", detail, "/reference")
    return None


def visible(text: str) -> str:
    """What a reader sees of a text, in its plain form and with single spaces."""
    plain = _FILLERS.sub("", unicodedata.normalize("NFKC", text))
    return " ".join("".join(one for one in plain if unicodedata.category(one) != "Cf").split())


def letters_and_digits(text: str) -> str:
    return "".join(filter(str.isalnum, visible(text)))


def _says_enough(text: str) -> bool:
    return len(visible(text)) >= SHORTEST_NOTE and len(letters_and_digits(text)) >= _FEWEST_LETTERS


def _names_a_place(reference: str) -> bool:
    said = letters_and_digits(reference).casefold()
    return len(said) >= _SHORTEST_REFERENCE and said not in _SAYS_NOTHING


def _is_address(reference: str) -> bool:
    found = _ADDRESS.fullmatch(reference)
    host = visible(found[2]) if found else ""
    return _HOST_NAME.fullmatch(host) is not None or _is_ip(host.strip("[]"))


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def counted_before(kind: EvidenceKind, reference: str | None, has_file: bool) -> bool:
    """Whether an item from before substance was recorded counts: a file, a place or an address; notes had no text."""
    if kind is EvidenceKind.NOTE:
        return False
    return kind is EvidenceKind.LINK or has_file or bool((reference or "").strip())
