"""`idts readiness`: the next gate, what is missing and what follows, as a person at a terminal and a script read it."""

import re
from typing import Any

from tests.support import factories, statements
from tests.support.processes import idts, idts_at_a_terminal
from tests.support.service import Service

LWI, REGION = "/v1/prisons/LWI", "region:south-east"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
SECTION = re.compile(r"^ {2,4}(\d{1,2})  \S", re.MULTILINE)


def settings(service: Service) -> dict[str, str]:
    return {"database_url": service.settings.database_url, "data_dir": str(service.settings.data_dir)}


def told(service: Service) -> str:
    ran = idts("readiness", "LWI", **settings(service))
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def next_gate(service: Service) -> str:
    return told(service).splitlines()[4]


def test_each_section_is_told_once_those_that_commissioning_waits_for_first(service: Service):
    text = told(service)
    assert next_gate(service) == "Next gate: commissioning. 0 of the 7 sections that it needs are GREEN."
    first, rest = text.partition("Lewes cannot go live until:\n")[2].split("  then, for go-live:\n")
    assert first.startswith("  first, for commissioning:\n")
    assert [int(number) for number in SECTION.findall(first)] == [1, 2, 3, 5, 6, 10, 11]
    assert sorted(map(int, SECTION.findall(first + rest))) == list(range(1, 36))
    verdict = service.get(f"{LWI}/readiness").json()
    for blocker in verdict["go_live"]["blockers"]:
        assert text.count(f"  {blocker['reason']}\n") == 1, blocker
    assert text.splitlines()[-1].startswith("What follows: once nothing is left above, the prison is eligible.")


def test_a_terminal_of_80_columns_is_kept_to_and_alone_has_colours(service: Service):
    service.patch(f"{LWI}/sections/5", factories.rated(5, "AMBER"))
    code, shown = idts_at_a_terminal("readiness", "LWI", **settings(service))
    plain = COLOUR.sub("", shown)
    assert (code, shown != plain) == (0, True)
    assert max(map(len, plain.splitlines())) <= 80
    # The words of a section stand in a column of their own, behind its number.
    assert all(re.match(r" {6}\S", line) for line in plain.splitlines() if line.startswith("     "))
    assert " ".join(plain.split()) == " ".join(told(service).split())
    assert "\x1b[1;33m   5  \x1b[0m" in shown


def test_what_is_done_is_told_no_more(service: Service):
    service.patch(f"{LWI}/sections", factories.commissioning_ready())
    text = told(service)
    assert next_gate(service) == "Next gate: go-live. 7 of 35 sections meet their minimum."
    assert "for commissioning" not in text
    assert {1, 2, 3, 5, 6, 10, 11}.isdisjoint(map(int, SECTION.findall(text)))


def test_each_gate_that_a_statement_passes_is_named_with_its_day(service: Service):
    found: dict[str, Any] = statements.raised(service)
    text = told(service)
    assert "Next gate: the signatures. A statement is raised, to go live on 1 December 2026." in text
    assert "until it is issued, a section that falls below its minimum makes it lapse" in text.lower()
    service.post(f"{LWI}/sections/5/reviews", {"kind": "challenged", "text": "Which risks?"}, by=REGION)
    assert "Worth knowing of the statement:\nSection 5 has been challenged by the region since" in told(service)
    issued = statements.sign_all(service, found)
    assert f"Next gate: going live, planned for 1 December 2026 ({issued['serial']})." in told(service)
    service.post(f"/v1/statements/{found['id']}/go-live", {"live_on": "2026-03-02"}, by=REGION)
    text = told(service)
    assert f"Live since 2 March 2026 ({issued['serial']})." in text
    assert "What follows" not in text
    service.patch(f"{LWI}/sections/5", {"rating": "AMBER"})
    text = told(service)
    assert "Lewes is in breach until:\n" in text
    assert SECTION.findall(text.partition("is in breach until:")[2].partition("\n\n")[0]) == ["5"]


def test_a_service_that_has_ended_asks_for_a_new_statement(service: Service):
    issued = statements.issued(service)
    statements.go_live(service, issued)
    statements.end_service(service)
    text = told(service)
    assert f"The service has ended: live from 2 March 2026 to 2 March 2026 ({issued['serial']})." in text
    assert "What follows: raise the Statement of Readiness;" in text
    assert "Live since" not in text


def test_a_prison_that_has_closed_is_told_to_do_nothing_more(service: Service):
    statements.raised(service)
    service.patch(LWI, {"closed_on": "2026-03-01"}, by="admin")
    text = told(service)
    assert text.endswith(
        "Lewes closed on 1 March 2026. Nothing more is rated or raised. The open statement can be withdrawn.\n"
    )
    assert "gate" not in text
    service.patch(LWI, {"closed_on": "2025"}, by="admin")
    assert "Lewes closed in 2025." in told(service)


def test_a_prison_that_is_eligible_is_told_to_raise_its_statement(service: Service):
    statements.make_eligible(service)
    text = told(service)
    assert "Next gate: the Statement of Readiness. Every section meets its minimum." in text
    assert "cannot go live" not in text
    assert "What follows: raise the Statement of Readiness;" in text


def test_what_is_exempt_and_what_is_worth_knowing_is_told_beside_it(service: Service):
    service.put("/v1/prisons/MSI/sections/7/exemption", {"rationale": "No such unit"}, by=REGION)
    old = factories.rated(5)
    old["evidence"][0]["effective_on"] = "2024-01-01"
    service.patch("/v1/prisons/MSI/sections/5", old, by="prison:MSI")
    text = idts("readiness", "MSI", **settings(service)).out
    assert text.splitlines()[2].endswith("1 GREEN  1 exempt")
    assert "Exempt from go-live:\n   7  Residential stabilisation unit/wing (local prison)\n" in text
    assert "Worth knowing:\n   5  " in text
