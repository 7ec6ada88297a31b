"""The service as the programme grows: dashboards, calls and returns at each size, on one programme of each."""

import tempfile
from pathlib import Path

from bench import calls, dashboards, returns
from bench.programmes import programme
from bench.report import TITLES, Options, Table
from bench.servers import service_server, service_settings


def run(options: Options) -> list[Table]:
    return [table for kind in options.databases for table in _on(kind, options)]


def _on(kind: str, options: Options) -> list[Table]:
    answered: list[list[str]] = []
    called: list[list[str]] = []
    returned: list[list[str]] = []
    made_in: list[list[str]] = []
    for prisons in options.prisons:
        with (
            tempfile.TemporaryDirectory(prefix="idts-bench-") as name,
            programme(kind, prisons, Path(name), options.keep) as made,
        ):
            made_in.append([f"{made.prisons:,}", f"{made.seconds:.0f}", f"{made.prisons / made.seconds:,.0f}"])
            answered += dashboards.answers(made, options)
            with service_server(service_settings(made.url, Path(name))) as service:
                called += calls.rows(made, service, Path(name), options)
                returned += returns.rows(made, service)
    title = TITLES[kind]
    return [
        Table(f"Dashboards on {title}", dashboards.COLUMNS, _by_name(answered), dashboards.NOTES),
        Table(f"Calls on {title}", calls.COLUMNS, _by_name(called), calls.NOTES),
        Table(f"Returns on {title}", returns.COLUMNS, _by_name(returned), returns.NOTES),
        Table(
            f"Making programmes of 24 months on {title} (`idts demo`)",
            ("prisons", "seconds", "prisons/s"),
            made_in,
            ("The aim for 10,000 prisons: 300 seconds. Of the fewest, 138 are the register's own, without a history.",),
        ),
    ]


def _by_name(rows: list[list[str]]) -> list[list[str]]:
    """The sizes of one call below each other, the calls as they came first."""
    names = list(dict.fromkeys(row[0] for row in rows))
    return sorted(rows, key=lambda row: names.index(row[0]))
