"""Two processes on one database: what one has acknowledged, the other says in its very next answer."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support import factories
from tests.support.processes import free_port, serving
from tests.support.service import ADMIN_KEY, secret_of

TURNS = 2000
SECTIONS = "/v1/prisons/LWI/sections"
# Whatever a process may keep between requests is read in turn.
READS = (
    *("section", "sections", "readiness", "matrix"),
    *("region", "history", "return"),
)

pytestmark = pytest.mark.slow


@pytest.fixture
def processes(database_url: str, tmp_path: Path) -> Iterator[list[httpx2.Client]]:
    """A client of each process."""
    named = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path), "ADMIN_KEY": ADMIN_KEY}
    headers = {"authorization": f"Bearer {secret_of('prison:LWI')}"}
    with ExitStack() as stack:
        ports = [free_port(), free_port()]
        for port in ports:
            stack.enter_context(serving({f"IDTS_{name}": value for name, value in named.items()}, port))
        yield [
            stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60))
            for port in ports
        ]


class Reader:
    """Asks as a browser does, with the ETag of the answer before, and knows what must have changed since."""

    def __init__(self) -> None:
        self.ratings = dict.fromkeys(map(str, range(1, 36)), "RED")
        self.etags: dict[str, str] = {}
        self.begun: dict[str, list[int]] = {}

    def ask(self, client: httpx2.Client, path: str) -> Any:
        headers = {"if-none-match": self.etags[path]} if path in self.etags else {}
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        self.etags[path] = answer.headers["etag"]
        return answer.json()

    def expect(self, client: httpx2.Client, read: str, number: int, version: int) -> None:
        """An answer that tells of version `version` of section `number`, and of everything before it."""
        ratings = self.ratings
        match read:
            case "section":
                found = self.ask(client, f"{SECTIONS}/{number}")
                assert (found["version"], found["rating"]) == (version, ratings[str(number)])
            case "sections":
                found = self.ask(client, SECTIONS)["items"]
                assert {str(one["number"]): one["rating"] for one in found} == ratings
            case "history":
                found = self.ask(client, f"{SECTIONS}/{number}/history?limit=1")["items"]
                assert [one["version"] for one in found] == [version]
            case "readiness":
                found = self.ask(client, "/v1/prisons/LWI/readiness")["counts"]
                words = ("RED", "AMBER", "GREEN", "EXEMPT")
                assert found == {word.lower(): list(ratings.values()).count(word) for word in words}
            case "matrix":
                found = self.ask(client, "/v1/dashboard/matrix?region=south-east&limit=500")["items"]
                assert [one["ratings"] for one in found if one["code"] == "LWI"] == [ratings]
            case "region":
                found = self.ask(client, "/v1/regions/south-east/dashboard")["sections"]
                assert {str(one["number"]) for one in found if one["amber"]} == {
                    place for place, rating in ratings.items() if rating == "AMBER"
                }
            case "return":
                month = f"{self.now(client):.7}"
                found = self.ask(client, f"/v1/returns/{month}?limit=500")["items"]
                assert [one["ratings"] for one in found if one["code"] == "LWI"] == [ratings]

    def now(self, client: httpx2.Client) -> str:
        """The moment of the last change, by the clock of whoever made it."""
        moment: str = client.get("/v1/prisons/LWI/readiness").json()["updated_at"]
        return moment


def test_of_2_000_writes_on_one_and_reads_on_the_other_none_is_stale(processes: list[httpx2.Client]):
    reader = Reader()
    for turn in range(TURNS):
        number, round_ = turn % 35 + 1, turn // 35
        rating = "RED" if round_ % 2 else "AMBER"
        writing, reading = processes if turn % 2 else processes[::-1]
        answer = writing.patch(f"{SECTIONS}/{number}", json=factories.rated(number, rating))
        assert answer.status_code == 200, answer.text
        reader.ratings[str(number)] = rating
        reader.expect(reading, READS[turn % len(READS)], number, answer.json()["version"])
