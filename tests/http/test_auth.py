"""Who is calling: one way to find out, and on the primary for whoever may write."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import databases
from tests.support.service import Service, running, service_settings

SECTION = "/v1/prisons/LWI/sections/5"


@pytest.fixture
def behind(database_kind: str, database_url: str, shared_home: Path, tmp_path: Path) -> Iterator[Service]:
    """A service whose replica stands still: nothing that is written reaches it."""
    with (
        databases.fresh_copy(database_kind, shared_home) as replica,
        running(service_settings(database_url, database_read_url=replica, data_dir=tmp_path)) as found,
    ):
        yield found


def test_a_revoked_key_writes_no_more_however_far_the_replica_lags(behind):
    assert behind.patch(SECTION, {"rating": "AMBER"}).status_code == 200
    listed = behind.get("/v1/keys", by="admin").json()
    (key_id,) = [one["id"] for one in listed["items"] if one["name"] == "prison:LWI"]
    assert behind.post(f"/v1/keys/{key_id}/revoke", by="admin").status_code == 200
    with behind.unchanged():
        for refused in (
            behind.patch(SECTION, {"rating": "GREEN"}),
            behind.put("/v1/prisons/LWI/sections/7/exemption", {"rationale": "None here."}),
            behind.delete("/v1/prisons/LWI/sections/7/exemption"),
            behind.post("/v1/prisons/LWI/statements", {}),
            behind.post("/v1/readiness/evaluate", {"prison": "LWI"}),
        ):
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    # A read may be as old as the replica, and so may be who is allowed to make it.
    assert behind.get("/v1/prisons/LWI/readiness").status_code == 200


def test_a_new_key_writes_at_once(behind):
    behind.patch("/v1/prisons/BXI/sections/5", {"rating": "AMBER"}, by="prison:BXI")
    assert behind.get("/v1/prisons/BXI/sections", by="prison:BXI").status_code == 401
    assert behind.patch("/v1/prisons/BXI/sections/5", {"lead": "A. Lead"}, by="prison:BXI").status_code == 200
