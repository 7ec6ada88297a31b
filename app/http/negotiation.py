"""Which of the forms that a resource has is sent: by the address's suffix, else by `Accept`."""

import re
from collections.abc import Sequence

from starlette.requests import Request

from app.errors import NotAcceptable

JSON = "application/json"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def preferred(request: Request, offers: Sequence[str]) -> str:
    """The media type to answer with, the first of `offers` where the caller has no preference; 406 for none of them."""
    header = request.headers.get("accept", "*/*")
    ranges = [_range(part) for part in header.split(",") if part.strip()] or [("*/*", 1.0)]
    weights = [max((_match(offer, name, weight) for name, weight in ranges), default=(0, 0.0)) for offer in offers]
    best = max(weight for _, weight in weights)
    if best <= 0:
        forms = f"{', '.join(offers[:-1])} or {offers[-1]}"
        raise NotAcceptable("not-acceptable", f"This address answers in {forms}: name one of them in Accept.")
    return next(offer for offer, (_, weight) in zip(offers, weights, strict=True) if weight == best)


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        if parameter.startswith("q="):
            digits = parameter[2:]
            weight = min(float(digits), 1.0) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{0,9})?", digits, re.ASCII) else 0.0
    return name, weight


def _match(offer: str, name: str, weight: float) -> tuple[int, float]:
    """How closely a range names an offer, and how much it is wanted; the closest range decides."""
    if name == offer:
        return 3, weight
    if name == f"{offer.partition('/')[0]}/*":
        return 2, weight
    return (1, weight) if name == "*/*" else (0, 0.0)
