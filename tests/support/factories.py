"""Bodies for requests with honest defaults: each names what it stands for and brings what the rules ask for."""

from typing import Any

COMMISSIONING = (1, 2, 3, 5, 6, 10, 11)
AMBER_IS_ENOUGH = (7, 8, 9, 14, 16, 25, 26)
STAFFED = (14, 16)


# What an AMBER section leaves to do.
PLAN = {"lead": "A. Lead", "target_date": "2026-12-31", "comment": "Two nurses start in June."}


def note(title: str = "Minutes of the steering group", **more: Any) -> dict[str, Any]:
    """A piece of evidence that is a note, and says what was seen."""
    return {"kind": "note", "title": title, "text": "Agreed on 2 March and signed by the governor.", **more}


def rated(number: int, rating: str = "GREEN", **more: Any) -> dict[str, Any]:
    """The body that rates a section, with the outcomes, the evidence and the staff that the rating needs, and the plan
    that a statement asks of AMBER."""
    body: dict[str, Any] = {"rating": rating}
    if rating == "GREEN":
        body |= {"outcomes": {"*": "met"}, "evidence": [note()]}
    if rating != "GREEN":
        # Whoever lowers a rating in a test knows what it does to a raised statement.
        body["accept_lapse"] = True
    if rating == "AMBER":
        body |= PLAN
    if number in STAFFED and rating != "RED":
        body |= {"staff_in_post": 4 if rating == "GREEN" else 3, "staff_required": 4}
    return body | more


def several(ratings: dict[int, str]) -> dict[str, Any]:
    """The body that rates several sections at once."""
    return {"sections": [{"number": number} | rated(number, rating) for number, rating in ratings.items()]}


def commissioning_ready() -> dict[str, Any]:
    """The seven sections that commissioning rests on, GREEN."""
    return several(dict.fromkeys(COMMISSIONING, "GREEN"))


def go_live_eligible() -> dict[str, Any]:
    """All 35 sections at the least that go-live takes."""
    return several({n: "AMBER" if n in AMBER_IS_ENOUGH else "GREEN" for n in range(1, 36)})


def prison(code: str = "ZZA", **more: Any) -> dict[str, Any]:
    """A prison to register."""
    return {"code": code, "name": "Zedham", "function": "trainer", "region": "south-east"} | more
