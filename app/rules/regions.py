"""The nine government office regions, the footprint of the regional CSIP steering groups."""

from dataclasses import dataclass

REGIONS = {
    "east-midlands": "East Midlands",
    "east-of-england": "East of England",
    "london": "London",
    "north-east": "North East",
    "north-west": "North West",
    "south-east": "South East",
    "south-west": "South West",
    "west-midlands": "West Midlands",
    "yorkshire-and-the-humber": "Yorkshire and the Humber",
}


@dataclass(frozen=True, slots=True)
class RegionRef:
    """A region as answers name it."""

    slug: str
    name: str


REGION_REFS = {slug: RegionRef(slug, name) for slug, name in REGIONS.items()}


def region_ref(slug: str | None) -> RegionRef | None:
    """The region of something that need not have one."""
    return None if slug is None else REGION_REFS[slug]


def region_slug(text: str) -> str | None:
    """The slug of a region given by slug or by name, in any case; None if there is no such region."""
    wanted = text.strip().casefold().replace(" ", "-")
    return wanted if wanted in REGIONS else None
