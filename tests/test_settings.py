"""What the settings make of each other."""

from typing import Any

import pytest

from app.settings import Settings


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"port": 8123}, "http://127.0.0.1:8123"),
        ({"host": "0.0.0.0", "port": 80}, "http://127.0.0.1:80"),
        ({"host": "::1"}, "http://[::1]:8000"),
        ({"host": "10.0.0.7", "public_url": "https://idts.example"}, "https://idts.example"),
    ],
)
def test_the_service_is_reached_where_it_listens_unless_told_otherwise(given: dict[str, Any], address: str):
    assert Settings(**given).public_url == address
