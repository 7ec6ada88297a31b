"""Dashboards, the matrix and returns equal a plain recount of the raw history, at any moment of any programme."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.rules.types import Function
from tests.conftest import SERVER_HOME
from tests.support import databases
from tests.support.programme import recount
from tests.support.programme.drive import Programme, differences
from tests.support.service import Service, running, service_settings

STARTED = datetime(2026, 1, 5, 10, tzinfo=UTC)
BEGAN = datetime(2026, 1, 20, 12, tzinfo=UTC)
CODES = ("LWI", "BXI", "BNI", "ALI", "WWI", "ZZA", "ZZB")
REGIONS = ("london", "south-east", "north-west")
GAPS = st.sampled_from(
    [timedelta(0), timedelta(minutes=1), timedelta(hours=7), timedelta(days=3), timedelta(days=17), timedelta(days=40)]
)
SOME_RATINGS = st.dictionaries(st.integers(1, 35), st.sampled_from(["RED", "AMBER", "GREEN"]), min_size=1, max_size=6)
DAYS = st.dates(date(2026, 1, 1), date(2026, 9, 30))
STEP = st.one_of(
    st.tuples(st.just("rate"), SOME_RATINGS),
    st.tuples(st.just("make_eligible"), st.none()),
    st.tuples(st.just("relapse"), st.integers(1, 35)),
    st.tuples(st.just("exempt"), st.sampled_from([7, 23])),
    st.tuples(st.just("end exemption"), st.sampled_from([7, 23])),
    st.tuples(st.just("raise"), st.integers(0, 120)),
    st.tuples(st.just("issue"), st.none()),
    st.tuples(st.just("withdraw"), st.none()),
    st.tuples(st.just("go live"), st.none()),
    st.tuples(st.just("move"), st.sampled_from(REGIONS)),
    st.tuples(st.just("rename"), st.sampled_from(["Alpha", "=Beta", "Gamma"])),
    st.tuples(st.just("open on"), st.none() | DAYS),
    st.tuples(st.just("close on"), st.none() | DAYS.map(str) | st.sampled_from(["2026-03", "2026"])),
)
PROGRAMMES = st.lists(st.tuples(st.sampled_from(CODES), GAPS, STEP), min_size=1, max_size=25)
MOMENTS = st.lists(
    DAYS | st.integers(0, 240 * 86400).map(lambda seconds: STARTED + timedelta(seconds=seconds)), max_size=3
)


def take(programme: Programme, code: str, step: tuple[str, Any], statements: dict[str, str]) -> None:
    match step:
        case "rate", ratings:
            programme.rate(code, ratings)
        case "make_eligible", _:
            programme.make_eligible(code)
        case "relapse", number:
            programme.rate(code, {number: "RED"})
        case "exempt", number:
            programme.exempt(code, number, "There is no such unit")
        case "end exemption", number:
            programme.exempt(code, number, None)
        case "raise", days:
            if identity := programme.raise_statement(code, days):
                statements[code] = identity
        case "issue", _ if code in statements:
            programme.issue(code, statements[code])
        case "withdraw", _ if code in statements:
            programme.withdraw(statements[code])
        case "go live", _ if code in statements:
            programme.go_live(statements[code])
        case "move", region:
            programme.correct(code, region=region)
        case "rename", name:
            programme.correct(code, name=name)
        case "open on", day:
            programme.correct(code, opened_on=day)
        case "close on", text:
            programme.correct(code, closed_on=text)


def live_through(service: Service, steps: list[Any]) -> list[datetime]:
    """Take the steps; the moments at which something changed, with those just before them."""
    programme = Programme(service.database, BEGAN)
    statements: dict[str, str] = {}
    seen = []
    programme.register("ZZA", region="london", function=Function.LOCAL)
    programme.register("ZZB", region="south-east", opened_on=date(2026, 4, 1))
    for code, gap, step in steps:
        programme.pass_time(gap)
        take(programme, code, step, statements)
        seen += [programme.now, programme.now - timedelta(microseconds=1)]
    service.clock.now = programme.now + timedelta(seconds=1)
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
        summaries = service.get("/v1/regions", "national", params=params).json()["items"]
        for one in summaries:
            known = [prison for prison in recount.programme_at(history, at) if prison.region == one["slug"]]
            assert {name: one[name] for name in recount.summary([], now.date())} == recount.summary(
                known, recount.day_of(at)
            )
        rows = service.get("/v1/dashboard/matrix", "national", params=params | {"limit": 500}).json()["items"]
        expected = [one for one in recount.programme_at(history, at) if one.is_open(recount.day_of(at))]
        assert [(row["code"], list(row["ratings"].values()), row["stage"], row["blockers"]) for row in rows] == [
            (one.code, one.ratings, one.stage, len(one.blockers)) for one in expected
        ]
    for month in {f"{recount.day_of(at_of(text, now)):%Y-%m}" for text in [None, *texts]}:
        found = service.get(f"/v1/returns/{month}", "national", params={"limit": 500}).json()
        assert found["items"] == recount.return_rows(history, month, now)
        assert found["provisional"] is (month == f"{recount.day_of(now):%Y-%m}")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
# Each example is a service of its own; a failing one is short enough to be read without being made shorter.
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=PROGRAMMES, moments=MOMENTS)
def test_dashboards_and_returns_equal_a_recount_of_the_raw_history(
    kind: str,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[Any],
    moments: list[Any],
):
    home = pytestconfig.stash[SERVER_HOME]
    data = tmp_path_factory.mktemp("data")
    with databases.fresh_copy(kind, home) as url, running(service_settings(url, data_dir=data)) as service:
        seen = live_through(service, steps)
        check_everything(service, asked(moments, seen, service.clock.now))
        assert differences(service.database) == []
