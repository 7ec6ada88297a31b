"""`idts readiness`: the next gate for a prison, what is missing and what follows, for a terminal or for a script."""

import textwrap
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from rich.text import Text

from app.cli.common import opened_database, out
from app.queries.prisons import read_prison
from app.queries.readiness import READINESS_JSON, read_readiness
from app.queries.statements import read_any_statement
from app.rules.moments import day_in_words, last_day_of, london_date
from app.rules.readiness import ReadinessView
from app.rules.statement import StatementFacts, StatementStatus, StatementWarning
from app.rules.types import Rating, Stage

STYLES = {Rating.RED: "bold red", Rating.AMBER: "bold yellow", Rating.GREEN: "bold green"}
SECTION_COUNT = 35
# Where the words begin that stand behind a section's number.
INDENT = 6

FOLLOWS = {
    Stage.GO_LIVE_ELIGIBLE: "raise the Statement of Readiness; each AMBER section needs a lead, a target date, and a "
    "comment or evidence. The last signature issues it, and the region confirms go-live.",
    Stage.STATEMENT_RAISED: "the last signature issues the statement, and the region confirms go-live. Until it is "
    "issued, a section that falls below its minimum makes it lapse.",
    Stage.STATEMENT_ISSUED: "the region confirms go-live, for a day on which every section met its minimum.",
}
FOLLOWS_FIRST = (
    "once nothing is left above, the prison is eligible. It raises a Statement of Readiness, those who are named sign "
    "it, and the region confirms go-live."
)


def readiness(
    code: Annotated[str, typer.Argument(help="A prison's code, such as LWI.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON that the API answers with.")] = False,
) -> None:
    """Show a prison's next gate, what is missing before it, and what follows."""
    now = datetime.now(UTC)
    with opened_database() as (_, database), database.reading() as session:
        view = read_readiness(session, code, at=now)
        of_statement = read_any_statement(session, view.statement.id).warnings if view.statement else []
        closed_on = read_prison(session, code, now).closed_on
    if as_json:
        print(READINESS_JSON.dump_json(view).decode())
        return
    _print_head(view)
    if closed_on is not None and last_day_of(closed_on) < london_date(now):
        _tell(_closed(view, closed_on))
        return
    _print(view, of_statement)


def _closed(view: ReadinessView, closed_on: str) -> str:
    when = f"on {day_in_words(date.fromisoformat(closed_on))}" if len(closed_on) == 10 else f"in {closed_on}"
    told = f"{view.prison.name} closed {when}. Nothing more is rated or raised."
    return told if view.statement is None else f"{told} The open statement can be withdrawn."


def _print_head(view: ReadinessView) -> None:
    prison, counts = view.prison, view.counts
    out.print(Text(f"{prison.name} ({prison.code})", "bold"), Text(f"{prison.region.name}, {prison.function}", "dim"))
    out.print(f"Toolkit {view.toolkit_version}. Stage: {view.stage.replace('_', ' ')}.")
    rated = zip((counts.red, counts.amber, counts.green), STYLES.items(), strict=True)
    shown = [Text(f"{count} {rating}", style) for count, (rating, style) in rated]
    out.print(Text("  ").join([*shown, *([Text(f"{counts.exempt} exempt")] if counts.exempt else [])]))
    out.print()


def _print(view: ReadinessView, of_statement: Sequence[StatementWarning]) -> None:
    _tell(_next_gate(view))
    if view.go_live.blockers or view.commissioning.blockers:
        _print_blockers(view)
    for title, lines in (
        ("Exempt from go-live", [(one.section, one.title) for one in view.go_live.exempt]),
        ("Worth knowing", [(one.section, one.detail) for one in view.warnings]),
        ("Worth knowing of the statement", [(None, one.detail) for one in of_statement]),
    ):
        if lines:
            _head(f"{title}:")
            for section, words in lines:
                _tell(words, section)
    if view.stage is not Stage.LIVE:
        out.print()
        stage = view.stage
        if view.go_live.eligible and view.statement is not None and view.statement.service_ended_on is not None:
            stage = Stage.GO_LIVE_ELIGIBLE
        _tell(f"What follows: {FOLLOWS.get(stage, FOLLOWS_FIRST)}")


def _print_blockers(view: ReadinessView) -> None:
    """Each section once: first those that commissioning waits for, then the others that go-live waits for."""
    first, then = view.commissioning.blockers, view.go_live.blockers
    known = {one.section for one in first}
    rest = [one for one in then if one.section not in known]
    _head(f"{view.prison.name} {'is in breach' if view.stage is Stage.LIVE else 'cannot go live'} until:")
    for title, blockers in (("first, for commissioning:", first), ("then, for go-live:", rest)):
        if blockers and first and rest:
            out.print(Text(f"  {title}", "dim"))
        for one in blockers:
            _tell(one.reason, one.section, STYLES[one.rating])


def _next_gate(view: ReadinessView) -> str:
    """What the prison has to pass next, in a sentence."""
    if view.statement is not None and (gate := _gate_of_statement(view.statement)):
        return gate
    if view.stage is Stage.LIVE:
        return f"{view.prison.name} is live."
    if view.go_live.eligible:
        return "Next gate: the Statement of Readiness. Every section meets its minimum."
    if not view.commissioning.ready:
        needed, missing = len(view.commissioning.required_sections), len(view.commissioning.blockers)
        return f"Next gate: commissioning. {needed - missing} of the {needed} sections that it needs are GREEN."
    missing = len(view.go_live.blockers)
    return f"Next gate: go-live. {SECTION_COUNT - missing} of {SECTION_COUNT} sections meet their minimum."


def _gate_of_statement(statement: StatementFacts) -> str:
    day = day_in_words(statement.live_on or statement.go_live_date)
    if statement.service_ended_on is not None:
        until = day_in_words(statement.service_ended_on)
        return f"The service has ended: live from {day} to {until} ({statement.serial}). Next gate: a new statement."
    if statement.live_on is not None:
        return f"Live since {day} ({statement.serial})."
    if statement.status is StatementStatus.ISSUED:
        return f"Next gate: going live, planned for {day} ({statement.serial})."
    return f"Next gate: the signatures. A statement is raised, to go live on {day}."


def _head(text: str) -> None:
    out.print()
    out.print(Text(text, "bold"))


def _tell(words: str, section: int | None = None, style: str = "") -> None:
    """A paragraph, behind the number of its section where it has one; wrapped on a terminal, else one line."""
    head = "" if section is None else f"{section:>{INDENT - 2}}  "
    text = head + words
    if out.is_terminal:
        text = textwrap.fill(text, out.width, subsequent_indent=" " * len(head), break_on_hyphens=False)
    told = Text(text)
    told.stylize(style, 0, len(head))
    if style:
        for rating, look in STYLES.items():
            told.highlight_words([rating], look)
    out.print(told)
