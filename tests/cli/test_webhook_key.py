"""`idts webhook-key rotate`, as an operator runs it."""

from pathlib import Path

from tests.support.processes import idts


def test_a_key_is_rotated_and_a_missing_one_has_to_be_called_lost(tmp_path: Path):
    settings = {"data_dir": str(tmp_path)}
    assert idts("migrate", **settings).code == 0
    refused = idts("webhook-key", "rotate", **settings)
    assert refused.code == 1
    (line,) = refused.err.splitlines()
    assert line.startswith("Error: ")
    assert "rotate --lost" in line
    made = idts("webhook-key", "rotate", "--lost", **settings)
    first = (tmp_path / "webhook-key.json").read_text()
    assert (made.code, made.out) == (0, "")
    assert "Keep a copy" in made.err
    again = idts("webhook-key", "rotate", **settings)
    assert (again.code, (tmp_path / "webhook-key.json").read_text() == first) == (0, False)
    assert (tmp_path / "webhook-key.json").stat().st_mode & 0o777 == 0o600
