"""Which rating a colour stands for."""

import pytest

from app.documents.paper.colours import hex_colour, rating_of
from app.rules.types import Rating


@pytest.mark.parametrize(
    ("fill", "rating"),
    [
        ("FF0000", "RED"),
        ("C00000", "RED"),
        ("FFC7CE", "RED"),
        ("D4351C", "RED"),
        ("FFC000", "AMBER"),
        ("FFFF00", "AMBER"),
        ("FFEB9C", "AMBER"),
        ("F47738", "AMBER"),
        ("00B050", "GREEN"),
        ("92D050", "GREEN"),
        ("C6EFCE", "GREEN"),
        ("008000", "GREEN"),
        ("FFFFFF", None),
        ("D9D9D9", None),
        ("000000", None),
        ("EEECE1", None),
        ("4472C4", None),
        ("7030A0", None),
        (None, None),
    ],
)
def test_a_colour_is_a_rating_or_none(fill: str | None, rating: str | None) -> None:
    assert rating_of(fill) == (Rating(rating) if rating else None)


@pytest.mark.parametrize(
    ("value", "colour"), [("ff0000", "FF0000"), ("FFff0000", "FF0000"), ("auto", None), ("12345", None), (None, None)]
)
def test_a_colours_six_digits_are_read(value: str | None, colour: str | None) -> None:
    assert hex_colour(value) == colour
