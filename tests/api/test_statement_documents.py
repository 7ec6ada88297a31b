"""GET /v1/statements/{id}/document.pdf: the paper of a statement, to those in scope, under its ETag."""

from typing import Any

import pytest

from tests.support import statements
from tests.support.factories import AMBER_IS_ENOUGH
from tests.support.pdf_reading import opened, page_texts, squeezed, whole_text
from tests.support.service import Service


def address(statement: dict[str, Any]) -> str:
    return f"/v1/statements/{statement['id']}/document.pdf"


def document(service: Service, statement: dict[str, Any], by: str = "prison:LWI", **more) -> bytes:
    answer = service.get(address(statement), by=by, **more)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
    return answer.content


def test_the_paper_of_an_issued_statement_says_what_the_statement_and_its_payload_say(service: Service):
    statement = statements.issued(service)
    content = document(service, statement)
    text, first = whole_text(content), squeezed(page_texts(content)[0])
    payload = service.get(f"/v1/statements/{statement['id']}/payload").json()
    for words in (statement["serial"], statement["digest"], "Planned go-live date 1 December 2026", "28 GREEN 7 AMBER"):
        assert squeezed(words) in first
    for person in statement["signatories"]:
        assert (
            squeezed(f"{person['title']}{person['name']} signed as {person['signed_as']}2 March 2026, 09:00") in first
        )
    for section in payload["sections"]:
        rating = "AMBER" if section["number"] in AMBER_IS_ENOUGH else "GREEN"
        assert squeezed(section["title"]) in text
        assert section["rating"] == rating
        assert all(item["digest"] in text for item in section["evidence"])
    assert text.count("AMBER") == 7 + 1
    assert 2 <= len(page_texts(content)) <= 3


def test_its_code_leads_to_the_public_check_which_answers_that_the_paper_is_valid(service: Service):
    statement = statements.issued(service)
    with opened(document(service, statement)) as pdf:
        (link,) = {str(note.A.URI) for note in pdf.pages[0].Annots if note.Subtype == "/Link"}
    assert link.startswith(f"{service.settings.public_url}/v1/statements/verify?")
    answer = service.get(link.removeprefix(service.settings.public_url), by=None)
    assert (answer.status_code, answer.json()["valid"], answer.json()["serial"]) == (200, True, statement["serial"])


def test_the_paper_is_the_same_bytes_every_time_and_is_not_sent_twice(service: Service):
    statement = statements.issued(service)
    first = service.get(address(statement))
    service.clock.tick(86_400)
    again = service.get(address(statement), by="national")
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    kept = service.get(address(statement), headers={"if-none-match": first.headers["etag"]})
    assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", first.headers["etag"])


def test_a_breach_and_recovery_leave_the_paper_as_it_was_and_going_live_does_not(service: Service):
    statement = statements.issued(service)
    before = document(service, statement)
    statements.downgrade(service)
    assert statements.read(service, statement)["standing"] == "in_breach"
    assert document(service, statement) == before
    statements.recover(service)
    assert document(service, statement) == before
    assert statements.go_live(service, statement).status_code == 200
    assert squeezed("Live since 2 March 2026 confirmed 2 March 2026, 09:00 by") in whole_text(
        document(service, statement)
    )


def test_each_signature_shows_until_the_last_one_issues_it(service: Service):
    statement = statements.raised(service)
    assert "0of7signaturesgiven" in whole_text(document(service, statement))
    statements.sign_all(service, statement, statements.ROLES[:2])
    text = whole_text(document(service, statement))
    assert "RAISED–NOTYETISSUED2of7signaturesgiven" in text
    assert text.count("Awaitingsignature") == 5
    statements.sign_all(service, statement, statements.ROLES[2:])
    assert "NOTYETISSUED" not in whole_text(document(service, statement))


def test_a_withdrawn_paper_says_when_by_whom_and_why(service: Service):
    statement = statements.issued(service)
    assert statements.withdraw(service, statement, "The second nurse left").status_code == 200
    found = statements.read(service, statement)
    words = f"WITHDRAWN 2 March 2026, 09:00 by {found['ended_by']}. It is not in force. Reason: The second nurse left"
    assert squeezed(words) in whole_text(document(service, statement))


def test_a_lapsed_paper_says_so(service: Service):
    statement = statements.raised(service)
    statements.downgrade(service)
    assert squeezed("LAPSED 2 March 2026, 09:00. It is not in force.") in whole_text(document(service, statement))


def test_a_superseded_paper_names_the_one_that_took_its_place(service: Service):
    earlier = statements.issued(service)
    later = statements.sign_all(service, statements.raise_statement(service))
    assert later["status"] == "issued"
    assert squeezed(f"SUPERSEDED by {later['serial']}") in whole_text(document(service, earlier))
    assert "SUPERSEDED" not in whole_text(document(service, later))


def test_the_file_is_named_by_serial_once_issued_and_as_a_draft_before(service: Service):
    statement = statements.raised(service)
    named = service.get(address(statement)).headers["content-disposition"]
    assert named == 'inline; filename="statement-LWI-draft.pdf"'
    statements.sign_all(service, statement)
    named = service.get(address(statement)).headers["content-disposition"]
    assert named == 'inline; filename="SOR-LWI-2026-001.pdf"'


def test_one_that_ended_unissued_is_named_by_how_it_ended(service: Service):
    statement = statements.raised(service)
    statements.withdraw(service, statement)
    named = service.get(address(statement)).headers["content-disposition"]
    assert named == 'inline; filename="statement-LWI-withdrawn.pdf"'


@pytest.mark.parametrize("by", ["prison:LWI", "region:south-east", "national", "admin", "signatory:LWI:governor"])
def test_everyone_in_scope_reads_the_same_paper(service: Service, by: str):
    statement = statements.raised(service)
    assert document(service, statement, by=by) == document(service, statement)


@pytest.mark.parametrize("by", ["prison:MSI", "region:north-west", "signatory:MSI:governor"])
def test_out_of_scope_there_is_no_such_paper(service: Service, by: str):
    statement = statements.raised(service)
    answer = service.get(address(statement), by=by)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_without_a_key_or_a_statement_there_is_no_paper(service: Service):
    statement = statements.raised(service)
    assert service.get(address(statement), by=None).status_code == 401
    assert service.get("/v1/statements/none/document.pdf").status_code == 404
