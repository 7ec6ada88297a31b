"""A filled-in toolkit, however its status is said."""

from collections import Counter
from pathlib import Path

import pytest

from app.documents.paper.blocks import Paper, Table, cells_of
from app.documents.paper.comma_separated import read_comma_separated
from app.documents.paper.word import read_word
from app.documents.toolkit.paper import Column, ToolkitPaper, is_toolkit, read_toolkit_paper
from app.rules.types import Rating
from tests.support.word_files import cell, paragraph, row, table, word_file

SAMPLE = Path(__file__).parents[4] / "shared" / "samples" / "idts_toolkit_blank.docx"
HEADER = row("Critical area", "Required outcome", "Status", "Action", "Lead", "By when", "Evidence")


def words_of_file(paper: Paper) -> Counter[str]:
    texts = [
        text
        for block in paper.blocks
        for text in ([each.text for each in cells_of(block)] if isinstance(block, Table) else [block.text])
    ]
    return Counter(word for text in texts for word in text.split())


def read(body: str) -> ToolkitPaper:
    paper = read_word(word_file(body))
    assert is_toolkit(paper)
    toolkit = read_toolkit_paper(paper)
    assert Counter(word for text in toolkit.texts() for word in text.split()) == words_of_file(paper)
    return toolkit


def status(content: str, fill: str = "") -> str:
    return cell(content, properties=f'<w:shd w:val="clear" w:fill="{fill}"/>' if fill else "")


def test_each_area_has_its_cells_to_the_letter() -> None:
    toolkit = read(
        paragraph("IDTS implementation toolkit")
        + table(
            HEADER,
            row(cell("PLANNING FOR DELIVERY", properties='<w:gridSpan w:val="7"/>')),
            row("1. Local Team", "Team set up.", "Amber", "Meet\nagain", "Governor", "May 2011", "Minutes"),
            row("2. EDP", "IDTS is in it.", "", "", "", "", ""),
        )
    )
    first, second = toolkit.rows
    assert (first.number, first.rating, first.text(Column.ACTION)) == (1, Rating.AMBER, "Meet\nagain")
    assert first.text(Column.BY_WHEN) == "May 2011"
    assert (second.number, second.rating, second.text(Column.EVIDENCE)) == (2, None, "")
    assert toolkit.labels[-1] == "PLANNING FOR DELIVERY"


STATUSES = {
    "a word": (status("Green"), "GREEN", None),
    "a word in a sentence": (status("Green – done in May"), "GREEN", None),
    "a letter": (status("A"), "AMBER", None),
    "a colour alone": (status("", "FF0000"), "RED", None),
    "a colour beside other words": (status("in hand", "FFC000"), "AMBER", None),
    "a word and its colour": (status("green", "92D050"), "GREEN", None),
    "nothing": (status(""), None, None),
    "white": (status("", "FFFFFF"), None, None),
    "a word against a colour": (
        status("Amber", "00B050"),
        None,
        "the status says AMBER and its cell is coloured GREEN",
    ),
    "two words": (status("Red/Amber"), None, "the status names AMBER and RED"),
}


@pytest.mark.parametrize(("written", "rating", "doubt"), STATUSES.values(), ids=STATUSES)
def test_a_status_is_a_word_a_letter_or_a_colour(written: str, rating: str | None, doubt: str | None) -> None:
    (only,) = read(table(HEADER, row("7. Wing", "x", written, "", "", "", ""))).rows
    assert only.rating == (Rating(rating) if rating else None)
    assert only.doubt == doubt


def test_an_area_over_several_rows_is_one_area() -> None:
    area = cell("14. Healthcare staff", properties='<w:vMerge w:val="restart"/>')
    rest = cell("", properties="<w:vMerge/>")
    (only,) = read(
        table(
            HEADER,
            row(area, "Staffed", "Amber", "Recruit", "HR", "May 2011", ""),
            row(rest, "Trained", "", "Train", "Lead", "June 2011", "List"),
        )
    ).rows
    assert (only.number, only.rating) == (14, Rating.AMBER)
    assert only.text(Column.ACTION) == "Recruit\nTrain"


def test_two_statuses_of_one_area_are_a_doubt() -> None:
    rest = cell("", properties="<w:vMerge/>")
    (only,) = read(
        table(HEADER, row("3. Strategy", "x", "Red", "", "", "", ""), row(rest, "y", "Green", "", "", "", ""))
    ).rows
    assert (only.rating, only.doubt) == (None, "two rows of the area say RED and GREEN")


def test_an_area_that_a_prison_added_has_no_number_of_the_toolkit() -> None:
    toolkit = read(
        table(HEADER, row("36. Chapel", "x", "Red", "", "", "", ""), row("Gym", "y", "Green", "", "", "", ""))
    )
    assert [(each.number, each.area, each.rating) for each in toolkit.rows] == [
        (None, "36. Chapel", Rating.RED),
        (None, "Gym", Rating.GREEN),
    ]


def test_numbers_and_titles_may_have_columns_of_their_own() -> None:
    paper = read_comma_separated(b"Number,Title,Rating,Lead\n5,Local Risk Register,G,Governor\n")
    assert is_toolkit(paper)
    (only,) = read_toolkit_paper(paper).rows
    assert (only.number, only.rating, only.text(Column.LEAD)) == (5, Rating.GREEN, "Governor")


def test_a_plan_is_no_toolkit() -> None:
    assert not is_toolkit(read_word(word_file(table(row("Action", "By when", "By whom"), row("x", "May", "JCM")))))


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample documents are not beside this clone")
def test_the_blank_toolkit_has_its_35_sections_with_their_outcomes() -> None:
    paper = read_word(SAMPLE.read_bytes())
    toolkit = read_toolkit_paper(paper)
    assert [each.number for each in toolkit.rows] == list(range(1, 36))
    assert all(each.text(Column.OUTCOME) for each in toolkit.rows)
    assert {each.rating for each in toolkit.rows} == {None}
    assert Counter(word for text in toolkit.texts() for word in text.split()) == words_of_file(paper)
