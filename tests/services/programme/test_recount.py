"""Dashboards, the matrix and returns equal a plain recount of the raw history, at any moment of any programme."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, example, given, seed, settings
from hypothesis import strategies as st

from tests.support import databases
from tests.support.programme import recount
from tests.support.programme.drive import differences
from tests.support.programme.lives import LIVES, lives_in
from tests.support.programme.recount_figures import figures, shown_figures
from tests.support.programme.walk import DAYS, ELIGIBLE, EVERY_LIFE, PROGRAMMES, REGIONS, Walk
from tests.support.service import Service, running, service_settings

STARTED = datetime(2026, 1, 5, 10, tzinfo=UTC)
BEGAN = datetime(2026, 1, 20, 12, tzinfo=UTC)
MOMENTS = st.lists(
    DAYS | st.integers(0, 240 * 86400).map(lambda seconds: STARTED + timedelta(seconds=seconds)), max_size=3
)


def live_through(service: Service, eligible: set[str], episodes: list[Any]) -> list[datetime]:
    """Take every step; the moments at which something changed, with those just before them."""
    clock, walk, seen = service.clock, Walk(service), []
    clock.now = BEGAN
    walk.begin(eligible)
    for code, episode in episodes:
        for gap, step in episode:
            clock.now += gap
            walk.take(code, step)
            seen += [clock.now, clock.now - timedelta(microseconds=1)]
    clock.now += timedelta(seconds=1)
    return seen


def asked(moments: list[Any], seen: list[datetime], now: datetime) -> list[str]:
    """What to ask for: the moments, and some at which something changed; none of them in the future."""
    wanted = [*moments, *seen[-2:], *[recount.day_of(one) for one in seen[::13]]]
    return [
        one.isoformat()
        for one in dict.fromkeys(wanted)
        if (one <= now if isinstance(one, datetime) else one <= recount.day_of(now))
    ]


def at_of(text: str | None, now: datetime) -> datetime:
    if text is None:
        return now
    return recount.end_of(date.fromisoformat(text)) if len(text) == 10 else datetime.fromisoformat(text)


def check_everything(service: Service, texts: list[str]) -> None:
    history, now = recount.read_history(service.database.read_engine), service.clock.now
    for text in [None, *texts]:
        params, at = ({"as_of": text} if text else {}), at_of(text, now)
        for region in (None, *REGIONS):
            path = f"/v1/regions/{region}/dashboard" if region else "/v1/dashboard"
            answer = service.get(path, "national", params=params).json()
            assert recount.shown(answer) == recount.dashboard(history, region, at), (text, region)
            assert shown_figures(answer) == figures(history, region, at), (text, region)
        summaries = service.get("/v1/regions", "national", params=params).json()["items"]
        for one in summaries:
            known = [prison for prison in recount.programme_at(history, at) if prison.region == one["slug"]]
            assert {name: one[name] for name in recount.summary([], now.date())} == recount.summary(
                known, recount.day_of(at)
            )
        rows = service.get("/v1/dashboard/matrix", "national", params=params | {"limit": 500}).json()["items"]
        expected = [one for one in recount.programme_at(history, at) if one.is_open(recount.day_of(at))]
        assert [(row["code"], list(row["ratings"].values()), row["stage"], row["blockers"]) for row in rows] == [
            (one.code, one.counting, one.stage, len(one.blockers)) for one in expected
        ]
        assert [row["counts"] for row in rows] == [recount.counts(one) for one in expected]
    for month in {f"{recount.day_of(at_of(text, now)):%Y-%m}" for text in [None, *texts]}:
        found = service.get(f"/v1/returns/{month}", "national", params={"limit": 500}).json()
        assert found["items"] == recount.return_rows(history, month, now)
        assert (found["provisional"], found["revision"]) == (True, None)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_dashboards_and_returns_equal_a_recount_of_the_raw_history(
    kind: str,
    shared_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
    random_seed: int,
    deep: bool,
    record_property: Any,
):
    lives: Counter[str] = Counter()
    programmes = 0

    # Each example is a service of its own; a failing one is short enough to be read without being made shorter.
    @seed(random_seed)
    @settings(
        max_examples=300 if deep else 16,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(eligible=ELIGIBLE, episodes=PROGRAMMES, moments=MOMENTS)
    @example(eligible=set(), episodes=EVERY_LIFE, moments=[])
    def check(eligible: set[str], episodes: list[Any], moments: list[Any]) -> None:
        nonlocal programmes
        data = tmp_path_factory.mktemp("data")
        with databases.fresh_copy(kind, shared_home) as url, running(service_settings(url, data_dir=data)) as service:
            seen = live_through(service, eligible, episodes)
            found = lives_in(recount.read_history(service.database.read_engine), BEGAN, service.clock.now)
            for life in found:
                event(life)
            lives.update(found)
            programmes += 1
            check_everything(service, asked(moments, seen, service.clock.now))
            assert differences(service.database) == []

    check()
    told = ", ".join(f"{life} {lives[life]}" for life in LIVES)
    record_property("met", f"Recount on {kind}, seed {random_seed}: {programmes} programmes; {told}")
    assert [life for life in LIVES if not lives[life]] == []
