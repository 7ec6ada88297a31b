"""Partnership plans of one family and many layouts: every row found, every word accounted for."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.documents.paper.blocks import Paper, Table, cells_of
from app.documents.paper.word import read_word
from app.documents.plans.content import PlanPaper
from app.documents.plans.reader import read_plan
from tests.support.word_files import cell, paragraph, row, table, word_file

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"


def words(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in text.split())


def words_of_file(paper: Paper) -> Counter[str]:
    return words(
        text
        for block in paper.blocks
        for text in ([each.text for each in cells_of(block)] if isinstance(block, Table) else [block.text])
    )


def read(body: str) -> PlanPaper:
    paper = read_word(word_file(body))
    plan = read_plan(paper)
    assert words(plan.texts()) == words_of_file(paper)
    return plan


def rows_of(plan: PlanPaper) -> list[tuple[str | None, str | None, str | None, str, str, str]]:
    return [
        (section.number, objective.reference, action.reference, action.text, action.by_when, action.by_whom)
        for section, objective, action in plan.actions()
    ]


HEADER = row("Actions and milestones", "By when", "By whom")


def test_headings_then_tables() -> None:
    plan = read(
        paragraph("Planning grid 1: Commissioning")
        + paragraph("Identification of key priorities: more of it")
        + paragraph("Objective 1.1 Refresh the strategy")
        + table(HEADER, row("Draft it", "July 2010", "JCM"), row("Agree it", "", "JCM / CRI"))
        + paragraph("Expected outcomes: A clear vision.")
        + paragraph("Objective 1.2 Review the needs")
        + table(HEADER, row("Count", "TBC", ""))
    )
    assert rows_of(plan) == [
        ("1", "1.1", None, "Draft it", "July 2010", "JCM"),
        ("1", "1.1", None, "Agree it", "", "JCM / CRI"),
        ("1", "1.2", None, "Count", "TBC", ""),
    ]
    (section,) = plan.sections
    assert section.title == "Commissioning"
    assert section.priorities == ["Identification of key priorities: more of it"]
    assert [outcome.lines for outcome in section.objectives[0].outcomes] == [["Expected outcomes: A clear vision."]]


def test_objectives_as_rows_of_one_table_go_on_with_their_headings() -> None:
    plan = read(
        paragraph("Planning Section 2: Access")
        + paragraph("2.1 Groups")
        + paragraph("Some groups are missed.")
        + paragraph("2.2 Referral")
        + paragraph("Expected outcomes 2011-12:")
        + paragraph("- More referrals")
        + paragraph("Delivery Plan:")
        + table(HEADER, row("2.1 Groups.", "", ""), row("Ask them", "Ongoing", "Lead"), row("2.2 Referral", "", ""))
        + table(row("Refer", "April 2011", "Lead"))
    )
    assert rows_of(plan) == [
        ("2", "2.1", None, "Ask them", "Ongoing", "Lead"),
        ("2", "2.2", None, "Refer", "April 2011", "Lead"),
    ]
    (section,) = plan.sections
    assert [(each.year, len(each.lines)) for each in section.outcomes] == [("2011-12", 2)]
    assert section.objectives[0].notes == ["Some groups are missed."]


def test_a_row_that_a_page_break_cut_in_two_is_one_row() -> None:
    plan = read(
        table(HEADER, row("Include it in the contract", "Dependent on the", "Strategy Team"))
        + table(row("", "commissioning guidelines", ""), row("Next", "May 2011", "CRI"))
    )
    assert [(action.text, action.by_when) for *_, action in plan.actions()] == [
        ("Include it in the contract", "Dependent on the commissioning guidelines"),
        ("Next", "May 2011"),
    ]


def test_a_text_that_a_page_break_cut_in_two_is_one_text() -> None:
    plan = read(table(HEADER, row("Agree the", "May 2011", "CRI")) + table(row("protocol in full.", "", "")))
    assert [action.text for *_, action in plan.actions()] == ["Agree the protocol in full."]


def test_an_owner_merged_over_rows_is_each_rows_and_counted_once() -> None:
    first = cell("JCM", properties='<w:vMerge w:val="restart"/>')
    rest = cell("", properties="<w:vMerge/>")
    plan = read(table(HEADER, row("One", "May 2011", first), row("Two", "June 2011", rest)))
    assert [action.by_whom for *_, action in plan.actions()] == ["JCM", "JCM"]


def test_a_second_date_under_one_merged_action_is_one_action_with_both() -> None:
    first = cell("Monitor", properties='<w:vMerge w:val="restart"/>')
    rest = cell("", properties="<w:vMerge/>")
    plan = read(table(HEADER, row(first, "May 2011", "JCM"), row(rest, "June 2011", "CRI")))
    assert [(each.by_when, each.by_whom) for *_, each in plan.actions()] == [("May 2011\nJune 2011", "JCM\nCRI")]


def test_references_stand_in_a_column_or_before_the_text() -> None:
    with_column = table(row("Ref", "Action", "Timeframe", "Lead"), row("AB12", "One", "May 2011", "JCM"))
    plan = read(with_column + table(HEADER, row("Action 3: Two", "May 2011", ""), row("1.1.2 Three", "", "x")))
    assert [each.reference for *_, each in plan.actions()] == ["AB12", "3", "1.1.2"]


def test_measures_and_further_columns_are_kept_and_an_unknown_one_is_told_of() -> None:
    header = row("Action", "Measure", "Completion date", "Lead", "Cost")
    plan = read(table(header, row("One", "10 a week", "May 2011", "JCM", "£500")))
    ((_, _, action),) = plan.actions()
    assert action.measures == ["10 a week"]
    (unread,) = plan.not_understood
    assert (unread.text, str(unread.place)) == ("£500", "table 1, row 2, cell 5")
    assert unread.reason == "it stands in the column “Cost”, which plans here do not have"


def test_a_table_without_any_header_is_read_by_what_it_holds() -> None:
    plan = read(
        table(
            row("1.1", "Draft the protocol with everybody", "JCM", "July 2010"),
            row("1.2", "Agree the protocol with everybody", "CRI", "From April 2011"),
        )
    )
    assert rows_of(plan) == [
        (None, None, "1.1", "Draft the protocol with everybody", "July 2010", "JCM"),
        (None, None, "1.2", "Agree the protocol with everybody", "From April 2011", "CRI"),
    ]


def test_a_table_of_something_else_is_not_understood_and_says_why() -> None:
    plan = read(table(row("Name", "Telephone"), row("Jo", "01273 000000")))
    assert [each.text for each in plan.not_understood] == ["Name", "Telephone", "Jo", "01273 000000"]
    assert plan.not_understood[0].reason == "its table has no column for actions, dates or owners"


def test_a_label_and_its_heading_in_two_cells_are_one_heading() -> None:
    plan = read(
        table(
            row("Strategic Objective 2", "Reduce harm"),
            row("Objective 2.1", "Stock packs"),
            HEADER,
            row("Buy", "May 2011", "JCM"),
        )
    )
    assert rows_of(plan) == [("2", "2.1", None, "Buy", "May 2011", "JCM")]
    assert (plan.sections[0].title, plan.sections[0].objectives[0].title) == ("Reduce harm", "Stock packs")


def test_a_column_of_objectives_names_each_rows_objective() -> None:
    header = row("Objective", "Key milestones", "Timeframe", "By whom")
    merged = cell("Stock packs", properties='<w:vMerge w:val="restart"/>')
    rest = cell("", properties="<w:vMerge/>")
    plan = read(table(header, row(merged, "Buy", "May 2011", "JCM"), row(rest, "Store", "June 2011", "JCM")))
    assert [(objective.title, len(objective.actions)) for _, objective in plan.objectives()] == [("Stock packs", 2)]


def test_a_plan_in_a_cell_of_a_frame_is_read() -> None:
    inner = table(HEADER, row("Buy", "May 2011", "JCM"))
    plan = read(table(row(cell("Objective 1.1 Stock packs", inner))))
    assert rows_of(plan) == [(None, "1.1", None, "Buy", "May 2011", "JCM")]


@dataclass(frozen=True)
class Layout:
    section: str
    objective: str
    header: tuple[str, ...]
    in_table: bool
    is_merged: bool
    outcomes: str
    repeats_header: bool


SECTIONS = ["Planning Section {n}: {t}", "Planning grid {n}: {t}", "Strategic Objective {n}: {t}", "Theme {n} - {t}"]
OBJECTIVES = ["Objective {n}.{m} {t}", "{n}.{m} {t}", "Objective {n}.{m}: {t}", "Aim {n}.{m} – {t}"]
HEADERS = [
    ("Delivery plan: Actions and milestones", "By when", "By whom"),
    ("Key milestones", "By when", "By whom"),
    ("Action", "Timeframe", "Lead"),
    ("Actions", "Time Frame", "Responsible"),
    ("Key milestones", "Completion date", "Lead officer"),
    ("Action", "Lead", "By when"),
    ("Delivery plan", "Timescale", "By whom", "Key Performance Indicator"),
    ("Action", "Measure", "By when", "Lead"),
    ("Milestones", "By when"),
]
LAYOUTS = st.builds(
    Layout,
    st.sampled_from(SECTIONS),
    st.sampled_from(OBJECTIVES),
    st.sampled_from(HEADERS),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["none", "before", "after"]),
    st.booleans(),
)
TITLES = st.lists(
    st.sampled_from(["Harm", "Access", "Recovery", "Referral", "Carers", "Audit", "Packs"]), min_size=1, max_size=4
).map(" ".join)
TEXTS = st.lists(
    st.sampled_from(["Agree the protocol", "Recruit two nurses.", "• Buy packs", "Monitor TOP data"]),
    min_size=1,
    max_size=3,
).map(tuple)
WHENS = st.sampled_from(["July 2010", "Sept –Nov 11", "TBC", "", "(i) April 2010 (ii) Jan 2011", "Throughout the year"])
WHOMS = st.sampled_from(["JCM", "JCM / CRI", "", "CARAT lead, Healthcare lead", "Head of Healthcare, HMP Lewes"])
ROWS = st.lists(st.tuples(TEXTS, WHENS, WHOMS), min_size=1, max_size=4)
PLANS = st.lists(st.tuples(TITLES, st.lists(st.tuples(TITLES, ROWS), min_size=1, max_size=3)), min_size=1, max_size=3)


def cells_in_order(layout: Layout, text: str, when: str, whom: str) -> list[str]:
    by_header = {"Measure": "10 a week", "Key Performance Indicator": "10 a week", "By whom": whom, "Responsible": whom}
    by_header |= dict.fromkeys(("By when", "Timeframe", "Time Frame", "Completion date", "Timescale"), when)
    by_header |= dict.fromkeys(("Lead", "Lead officer"), whom)
    return [text, *(cell(by_header[name]) for name in layout.header[1:])]


def objective_row(layout: Layout, heading: str) -> str:
    wide = f'<w:gridSpan w:val="{len(layout.header)}"/>'
    return row(cell(heading, properties=wide)) if layout.is_merged else row(heading, *[""] * (len(layout.header) - 1))


def written(layout: Layout, sections: list) -> tuple[str, list[tuple[str, str, str, str, str]]]:  # type: ignore[type-arg]
    body, expected = "", []
    for n, (title, objectives) in enumerate(sections, start=1):
        body += paragraph(layout.section.format(n=n, t=title))
        rows = row(*layout.header)
        for m, (name, actions) in enumerate(objectives, start=1):
            heading = layout.objective.format(n=n, m=m, t=name)
            outcomes = paragraph("Expected outcomes: Fewer deaths.")
            lines = "".join(row(*cells_in_order(layout, cell(*text), when, whom)) for text, when, whom in actions)
            if layout.in_table:
                rows += objective_row(layout, heading) + lines
            else:
                own = table(row(*layout.header) if m == 1 or layout.repeats_header else "", lines)
                before, after = (outcomes if layout.outcomes == place else "" for place in ("before", "after"))
                body += paragraph(heading) + before + own + after
            whoms = "By whom" in layout.header or any(each.startswith(("Lead", "Resp")) for each in layout.header)
            expected += [
                (str(n), f"{n}.{m}", "\n".join(text), when, whom if whoms else "") for text, when, whom in actions
            ]
        if layout.in_table:
            body += table(rows)
    return body, expected


@given(layout=LAYOUTS, sections=PLANS)
def test_any_layout_of_the_family_is_read_row_by_row(layout: Layout, sections: list) -> None:  # type: ignore[type-arg]
    body, expected = written(layout, sections)
    event(f"objectives in the {'table' if layout.in_table else 'text'}, {len(layout.header)} columns")
    plan = read(body)
    read_rows = [
        (section or "", objective or "", text, when, whom) for section, objective, _, text, when, whom in rows_of(plan)
    ]
    assert read_rows == expected
    assert plan.not_understood == []


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample documents are not beside this clone")
@pytest.mark.parametrize(
    ("name", "counts"),
    [("east_sussex_treatment_plan_2010-11", (7, 37, 87)), ("nottingham_idts_treatment_plan_2011-12", (4, 20, 66))],
)
def test_the_real_plans_are_read_whole(name: str, counts: tuple[int, int, int]) -> None:
    paper = read_word((SAMPLES / f"{name}.docx").read_bytes())
    plan = read_plan(paper)
    assert (len(plan.sections), len(list(plan.objectives())), len(list(plan.actions()))) == counts
    assert words(plan.texts()) == words_of_file(paper)
    assert plan.not_understood == []
