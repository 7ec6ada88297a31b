"""Refusals in a terminal's own terms."""

import pytest

from app.cli.common import in_a_terminal
from app.errors import Refused


@pytest.mark.parametrize(
    ("told", "spoken"),
    [
        ("Say in `reason` why it is needed.", "Say with --reason why it is needed."),
        ("Wait, or leave `frozen` out.", "Wait, or leave --frozen out."),
        ("GET /v1/returns/2026-11 shows it as it stands.", "`idts return 2026-11` shows it as it stands."),
        (
            "No prison 'ZZZ' is registered. GET /v1/prisons lists the codes.",
            "No prison 'ZZZ' is registered. `idts return` with a month, such as 2026-10, lists the codes.",
        ),
    ],
)
def test_a_refusal_names_options_and_commands(told: str, spoken: str):
    assert in_a_terminal(Refused("x", told)) == spoken
