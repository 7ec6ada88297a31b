"""The moment that a change counts from is asked for once its lock is held."""

from datetime import timedelta

from app.rules.access import Caller, Principal, Role
from app.rules.types import Rating
from app.services.sections import SectionPatch, rate_sections
from tests.support.service import STARTS_AT, Service


def test_a_change_that_waited_counts_from_when_its_wait_ended(service: Service):
    arrived, ended = STARTS_AT, STARTS_AT + timedelta(seconds=7)
    by = Principal("key:0", "Lewes lead", Role.PRISON, prison="LWI")
    with service.database.session_scope() as session:
        caller = Caller(by, arrived, clock=lambda: ended)
        patch = SectionPatch(1, {"rating": Rating.AMBER})
        (section,) = rate_sections(session, "LWI", [patch], caller=caller).sections
    assert section.updated_at == ended
