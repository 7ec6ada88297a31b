"""Reads cost a fixed number of SQL statements, however much there is to read."""

import pytest

from tests.support import factories
from tests.support.service import Service, max_statements

pytestmark = pytest.mark.also_behind_a_standby

LWI = "/v1/prisons/LWI"


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/v1/prisons?limit=5", 1),
        ("/v1/prisons?limit=500", 1),
        (LWI, 1),
        (f"{LWI}/sections", 3),
        # The past of the prison, of its service, its going live, its reviews, its sections, and their evidence.
        (f"{LWI}/sections?as_of=2026-03-02", 7),
        # The prison, the section, its evidence and its reviews.
        (f"{LWI}/sections/5", 4),
        # The prison, the history, and the titles that its evidence had.
        (f"{LWI}/sections/5/history?limit=500", 3),
        (f"{LWI}/readiness", 0),
        ("/v1/toolkits", 1),
        ("/v1/toolkit", 2),
    ],
)
def test_a_read_costs_a_fixed_number_of_statements(service: Service, path: str, most: int):
    """The key and the ready verdict are read beside the sessions, in one statement."""
    service.patch(f"{LWI}/sections", factories.go_live_eligible())
    service.get(path)
    with max_statements(service, most):
        assert service.get(path).status_code == 200


def test_a_change_of_many_sections_costs_no_more_reads_than_one(service: Service):
    """What is written grows with the sections; what is read to decide does not.

    Each entry of the audit trail reads the one that it follows.
    """
    service.patch(f"{LWI}/sections/1", {"comment": "Warm"})

    def reads(body: dict[str, object]) -> int:
        with max_statements(service, 500) as seen:
            assert service.patch(f"{LWI}/sections", body).status_code == 200
        return sum(one.lstrip().startswith("SELECT") and "FROM audit_head" not in one for one in seen)

    assert reads(factories.go_live_eligible()) == reads(factories.several({5: "AMBER"}))
