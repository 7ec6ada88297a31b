"""`python -m tests.support.openapi_file` writes docs/openapi.json anew; a test compares it with the application."""

import json
import tempfile
from pathlib import Path
from typing import Any

from app.main import create_app
from tests.support.service import service_settings

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def openapi_now(directory: Path) -> dict[str, Any]:
    """The document that the application answers with at /openapi.json."""
    app = create_app(service_settings(f"sqlite:///{directory / 'none.db'}", data_dir=directory))
    document: dict[str, Any] = json.loads(json.dumps(app.openapi()))
    return document


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        document = openapi_now(Path(directory))
    FILE.write_text(json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
