"""The toolkit that ships with the service, for tests of the rules on real values."""

from functools import cache
from pathlib import Path

from app.documents.toolkit.file import read_toolkit
from app.rules.readiness import RuleBook, rule_book
from app.rules.toolkit import Toolkit
from app.rules.types import OutcomeStatus

TOOLKIT_FILE = Path(__file__).resolve().parents[2] / "seed" / "toolkit" / "2006-09.2.yaml"


@cache
def shipped_toolkit() -> Toolkit:
    return read_toolkit(TOOLKIT_FILE.read_text("utf-8"), name=TOOLKIT_FILE.name)


def shipped_book() -> RuleBook:
    """Made anew each time, by the rules as they are: no mutant of the rules finds a book that was kept."""
    return rule_book(shipped_toolkit())


def all_met(number: int) -> dict[str, OutcomeStatus]:
    """Every required outcome of a section, as GREEN needs it."""
    return {one.key: OutcomeStatus.MET for one in shipped_toolkit().section(number).required_outcomes}
