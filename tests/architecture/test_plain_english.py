"""What people read is plain English: phrases that nobody would say stay out, and every call has a title in words."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Each was in the service's own words once.
NOBODY_SAYS = (
    r"\ba admin\b",
    r"\bis told by its\b",
    r"\bdoes not do\b",
    r"\bcounts? no longer\b",
    r"\bcounted are\b",
    r"\baccepted are\b",
    r"\bas [\w` ]+ has it\b",
    r"\bis there twice\b",
    r"\bput elsewhere\b",
    r"\bnothing that evidence may be\b",
    r"\bhas no say\b",
)
FILES = [
    *sorted(ROOT.glob("app/**/*.py")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("seed/**/*.yaml")),
    ROOT / "docs" / "openapi.json",
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "Makefile",
]


def found_in(text: str) -> list[str]:
    """The phrases in a text, line breaks and comment signs taken as spaces."""
    flat = re.sub(r"[\s#]+", " ", text)
    return [match[0] for phrase in NOBODY_SAYS for match in re.finditer(phrase, flat, re.IGNORECASE)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_nobody_has_to_read_what_nobody_would_say(file: Path):
    assert not found_in(file.read_text("utf-8"))


def test_the_check_sees_a_phrase_across_lines():
    assert found_in("    # Counted\n    # are the prisons; a\n    A admin key") == ["A admin", "Counted are"]


def test_every_call_has_a_title_of_its_own_in_words():
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))["paths"]
    titles = [operation["summary"] for operations in paths.values() for operation in operations.values()]
    assert len(titles) == len(set(titles))
    for title in titles:
        first, *others = title.split()
        assert first.istitle(), title
        assert others, title
        # A function's name that was made into a title has every word in capitals.
        assert not all(word.istitle() for word in others), title
