"""Lists of things of prisons, kept within the caller's scope."""

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Forbidden
from app.models import Prison
from app.queries.prisons import read_any_prison, read_own_prison
from app.rules.access import BOUND_TO_PRISON, BOUND_TO_REGION, Principal


def within_scope(
    session: Session, by: Principal, *, prison: str | None = None, region: str | None = None
) -> list[ColumnElement[bool]]:
    """What narrows a list to the caller's scope and to the prison (its code) and the region (a slug) asked for.

    Forbidden where these lie beyond the scope: an empty list would read as if there were nothing.
    """
    found: list[ColumnElement[bool]] = []
    if prison is not None:
        found.append(col(Prison.code) == read_own_prison(session, prison, by).code)
    if region is not None:
        found.append(col(Prison.region) == region)
    if by.role in BOUND_TO_PRISON:
        assert by.prison is not None
        if region is not None and region != read_any_prison(session, by.prison).region:
            detail = f"This key is for the prison {by.prison}, which is not in {region}. Leave the region out."
            raise Forbidden("out-of-scope", detail)
        found.append(col(Prison.code) == by.prison)
    if by.role in BOUND_TO_REGION:
        if region not in (None, by.region):
            detail = f"This key is for the region {by.region}; {region} is outside it. Use a key of that region."
            raise Forbidden("out-of-scope", detail)
        found.append(col(Prison.region) == by.region)
    return found
