"""The nine regions by slug and by name."""

import pytest

from app.rules.regions import REGIONS, region_slug


def test_there_are_nine_regions_in_the_order_of_their_names():
    assert len(REGIONS) == 9
    assert list(REGIONS.values()) == sorted(REGIONS.values())


@pytest.mark.parametrize("slug", REGIONS)
def test_a_region_is_found_by_slug_and_by_name_in_any_case(slug):
    for text in (slug, REGIONS[slug], slug.upper(), REGIONS[slug].upper(), f"  {REGIONS[slug]} "):
        assert region_slug(text) == slug


@pytest.mark.parametrize("text", ["", "wales", "yorkshire", "north", "north  east"])
def test_what_is_no_region_has_no_slug(text):
    assert region_slug(text) is None
