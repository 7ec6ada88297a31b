"""What is kept beside the history is compared with it, and every way of being wrong is named and put right."""

import pytest

from tests.support import factories, statements
from tests.support.programme.drive import differences, rebuild
from tests.support.service import Service


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE stored_verdict SET blocker_count = 1 WHERE code = 'LWI'", "LWI: the verdict's blocker_count"),
        ("UPDATE stored_verdict SET body = 'x' WHERE code = 'LWI'", "LWI: the verdict's body"),
        ("DELETE FROM stored_verdict WHERE code = 'LWI'", "LWI: the verdict's row"),
        ("UPDATE prison_period SET stage = 'live' WHERE code = 'LWI'", "its stage is not what it was"),
        ("DELETE FROM prison_period WHERE code = 'LWI' AND to_at > '9000-01-01'", "LWI: 1 periods are kept"),
        ("UPDATE prison_period SET stood_until = 24313 WHERE code = 'LWI'", "its stood_until is not what it was"),
    ],
)
def test_what_differs_from_the_history_is_named_and_put_right(service: Service, damage: str, words: str):
    service.patch("/v1/prisons/LWI/sections/1", {"rating": "AMBER"})
    kept = service.stored()
    etag = service.get("/v1/dashboard").headers["etag"]
    if service.database.write_engine.dialect.name == "sqlite":
        damage = damage.replace("body = 'x'", "body = x'78'")
    with service.database.write_engine.begin() as connection:
        connection.exec_driver_sql(damage)
    found = differences(service.database)
    assert any(words in text for text in found), found
    rebuild(service.database)
    assert differences(service.database) == []
    assert service.stored() == kept
    assert service.get("/v1/dashboard").headers["etag"] == etag


def test_a_rebuild_of_a_busy_programme_changes_nothing(service: Service):
    statements.issued(service)
    service.patch("/v1/prisons/LWI/sections/4", factories.rated(4, "AMBER"))
    exempted = {"rationale": "There is no such unit"}
    assert service.put("/v1/prisons/MSI/sections/23/exemption", exempted, by="region:south-east").status_code == 200
    service.patch("/v1/prisons/MDI", {"region": "london", "closed_on": "2026-03-20"}, by="admin")
    service.patch("/v1/prisons/MSI/sections", factories.commissioning_ready(), by="prison:MSI")
    kept = service.stored()
    rebuild(service.database)
    assert service.stored() == kept
