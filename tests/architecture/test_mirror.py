"""tests/ mirrors app/: a test lies in the room that it tests, and what tests share lies in tests/support."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Rooms without a twin in app/: the whole service, and what lies beside app/.
OWN = {"architecture", "docs", "migrations", "support", "whole", "bench", "seed"}


def test_every_room_of_tests_is_a_room_of_app():
    rooms = {file.parent.relative_to(ROOT / "tests") for file in (ROOT / "tests").rglob("test_*.py")}
    assert len(rooms) > 10
    strays = [room for room in rooms if room.parts and room.parts[0] not in OWN and not (ROOT / "app" / room).is_dir()]
    assert strays == []


def test_what_tests_share_lies_in_support():
    shared = [
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "tests").rglob("*.py")
        if not file.name.startswith("test_") and file.name not in ("conftest.py", "__init__.py")
    ]
    assert shared
    assert [name for name in shared if not name.startswith("tests/support/")] == []
