"""`idts toolkits move`, as it is typed."""

from dataclasses import replace

from app.rules.access import Caller
from app.rules.toolkit import RequiredOutcome, Section
from app.rules.types import Rating
from app.services.seed import OPERATOR
from app.services.toolkits import load_toolkit
from tests.support import factories, statements
from tests.support.processes import Ran, idts, idts_at_a_terminal
from tests.support.service import Service
from tests.support.shipped import shipped_toolkit

MOVE = ("toolkits", "move", "--region", "london")


def load_stricter(service: Service) -> None:
    """A version `2006-10` with another minimum, an outcome more and an outcome less."""
    shipped = shipped_toolkit()
    sections = list(shipped.sections)
    more = (*sections[2].required_outcomes, RequiredOutcome("signed", "The governor has signed it."))
    sections[2] = replace(sections[2], required_outcomes=more)
    sections[6] = replace(sections[6], go_live_minimum=Rating.GREEN)
    sections[26] = replace(sections[26], required_outcomes=sections[26].required_outcomes[1:])
    load(service, sections)


def load_with_stricter_seventh(service: Service) -> None:
    """A version `2006-10` in which section 7 must be GREEN."""
    shipped = shipped_toolkit()
    sections = [replace(one, go_live_minimum=Rating.GREEN) if one.number == 7 else one for one in shipped.sections]
    load(service, sections)


def load(service: Service, sections: list[Section]) -> None:
    with service.database.session_scope() as session:
        newer = replace(shipped_toolkit(), version="2006-10", sections=tuple(sections))
        load_toolkit(session, newer, caller=Caller(OPERATOR, service.clock()))


def settings(service: Service) -> dict[str, str]:
    return {"database_url": service.settings.database_url, "data_dir": str(service.settings.data_dir)}


def move(service: Service, *more: str) -> Ran:
    return idts(*MOVE, *more, **settings(service))


def versions(service: Service, region: str) -> set[str]:
    items = service.get(f"/v1/prisons?region={region}&limit=500", by="national").json()["items"]
    return {one["toolkit_version"] for one in items}


def test_a_region_is_moved_to_the_newest_version_and_no_other_is(service: Service):
    service.patch("/v1/prisons/BXI/sections/27", {"outcomes": {"service_description": "met"}}, by="prison:BXI")
    load_stricter(service)
    ran = move(service)
    assert (ran.code, ran.err) == (0, "Moved 12 of 12 prisons to 2006-10.\n"), ran
    lines = ran.out.splitlines()
    assert len(lines) == 12
    (brixton,) = [line for line in lines if line.startswith("BXI Brixton: ")]
    assert "section 27: service_description no longer asked for" in brixton
    assert (versions(service, "london"), versions(service, "south-east")) == ({"2006-10"}, {"2006-09.2"})
    again = move(service)
    assert (again.code, again.out, again.err) == (0, "", "Moved 0 of 12 prisons to 2006-10.\n")
    back = move(service, "--to", "2006-09.2")
    assert (back.code, versions(service, "london")) == (0, {"2006-09.2"})


def test_what_does_not_fit_stays_and_is_named(service: Service):
    statements.raised(service, "WSI")
    service.patch("/v1/prisons/BXI/sections/3", factories.rated(3), by="prison:BXI")
    load_stricter(service)
    ran = move(service)
    assert (ran.code, len(ran.out.splitlines())) == (1, 12)
    assert "BXI Brixton: not moved. Under version 2006-10: Section 3" in ran.out
    assert ran.err.splitlines()[0] == "Moved 10 of 12 prisons to 2006-10."
    assert ran.err.splitlines()[1] == "Error: 2 stay as they were: BXI, WSI."


def test_a_statement_that_would_lapse_is_asked_about(service: Service):
    raised = statements.raised(service, "WSI")
    load_with_stricter_seventh(service)
    alone = move(service)
    assert (alone.code, "Say --accept-lapse" in alone.err, "[y/N]" in alone.err) == (1, True, False)
    code, shown = idts_at_a_terminal(*MOVE, typed="n\n", **settings(service))
    assert (code, "Move it all the same? [y/N]" in shown) == (1, True), shown
    assert statements.read(service, raised)["status"] == "raised"
    code, shown = idts_at_a_terminal(*MOVE, typed="y\n", **settings(service))
    assert (code, "commissioning ready, was statement raised" in shown) == (0, True), shown
    assert statements.read(service, raised)["status"] == "lapsed"


def test_a_statement_lapses_unasked_where_the_command_says_so(service: Service):
    raised = statements.raised(service, "WSI")
    load_with_stricter_seventh(service)
    ran = move(service, "--accept-lapse")
    assert (ran.code, "Moved 12 of 12" in ran.err) == (0, True)
    assert statements.read(service, raised)["status"] == "lapsed"


def test_a_region_or_version_that_is_not_there_is_one_line(service: Service):
    nowhere = idts("toolkits", "move", "--region", "atlantis", **settings(service))
    assert (nowhere.code, nowhere.out, "east-midlands" in nowhere.err) == (1, "", True)
    unknown = move(service, "--to", "1999-01")
    assert (unknown.code, unknown.out, "'1999-01' is loaded" in unknown.err) == (1, "", True)
