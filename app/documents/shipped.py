"""The toolkit versions and the establishments that come with the service."""

from pathlib import Path

from app.documents.prisons.establishments import read_establishments
from app.documents.toolkit.file import read_toolkit
from app.rules.prison import PrisonDetails
from app.rules.toolkit import Toolkit

SEED = Path(__file__).parents[2] / "seed"


def shipped_toolkits() -> list[Toolkit]:
    """Every toolkit version that comes with the service."""
    return [read_toolkit(path.read_text("utf-8"), name=path.name) for path in sorted((SEED / "toolkit").glob("*.yaml"))]


def shipped_establishments() -> list[PrisonDetails]:
    return read_establishments((SEED / "establishments.csv").read_text("utf-8"))
