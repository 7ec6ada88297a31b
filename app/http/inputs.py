"""Input types that several resources share: a rating, a region, a kind of event, sections by number."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from app.queries.events import KINDS
from app.rules.regions import REGIONS, region_slug
from app.rules.types import Rating


def _region_slug(text: str) -> str:
    slug = region_slug(text)
    if slug is None:
        raise ValueError(f"give one of {', '.join(REGIONS)}")
    return slug


def _kind_of_event(text: str) -> str:
    if text not in KINDS:
        raise ValueError(f"give one of {', '.join(KINDS)}")
    return text


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


Kind = Annotated[str, AfterValidator(_kind_of_event)]
RatingInput = Annotated[Rating, BeforeValidator(_upper, json_schema_input_type=Rating)]
Region = Annotated[str, StringConstraints(max_length=40), AfterValidator(_region_slug)]
SectionNumbers = Annotated[list[Annotated[int, Field(strict=True, ge=1, le=35)]], Field(max_length=35)]
