"""What a Word file holds, the ways of writing among it that python-docx drops."""

import io
import zipfile

import pytest

from app.documents.paper.blocks import Cell, Paper, Paragraph, Table, UnreadablePaper, cells_of
from app.documents.paper.word import MOST_NESTED, read_word
from app.documents.paper.xml import MOST_XML_BYTES
from tests.support.word_files import cell, document, paragraph, row, run, table, word_file


def texts(paper: Paper) -> list[str]:
    return [block.text for block in paper.blocks if isinstance(block, Paragraph)]


def cells(paper: Paper) -> list[Cell]:
    return [each for block in paper.blocks if isinstance(block, Table) for each in cells_of(block)]


HIDDEN = {
    "a tracked insertion": ("<w:ins>" + run("April 2011") + "</w:ins>", "April 2011"),
    "text moved here": ("<w:moveTo>" + run("April 2011") + "</w:moveTo>", "April 2011"),
    "a smart tag": ('<w:smartTag w:element="date">' + run("April 2011") + "</w:smartTag>", "April 2011"),
    "nested smart tags": ("<w:smartTag><w:smartTag>" + run("April 2011") + "</w:smartTag></w:smartTag>", "April 2011"),
    "a content control": ("<w:sdt><w:sdtPr/><w:sdtContent>" + run("TBC") + "</w:sdtContent></w:sdt>", "TBC"),
    "a link": ("<w:hyperlink>" + run("the plan") + "</w:hyperlink>", "the plan"),
    "a field's result": ('<w:fldSimple w:instr="DATE">' + run("1 May 2011") + "</w:fldSimple>", "1 May 2011"),
    "a tick of Wingdings": ('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>', "✓"),
    "a ticked box of Wingdings 2": ('<w:r><w:sym w:font="Wingdings 2" w:char="0052"/></w:r>', "☑"),
    "a tick typed in Wingdings": ('<w:r><w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr><w:t>ü</w:t></w:r>', "✓"),
    "a tick of Wingdings as Word stores it": (
        '<w:r><w:rPr><w:rFonts w:hAnsi="Wingdings"/></w:rPr><w:t>\uf0fc</w:t></w:r>',
        "✓",
    ),
    "an empty box": ('<w:r><w:sym w:font="Wingdings" w:char="F06F"/></w:r>', "☐"),
    "a hyphen that does not break": ("<w:r><w:t>on</w:t><w:noBreakHyphen/><w:t>going</w:t></w:r>", "on-going"),
    "a line break": ("<w:r><w:t>JCM</w:t><w:br/><w:t>CRI</w:t></w:r>", "JCM\nCRI"),
    "a tab": ("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t></w:r>", "a\tb"),
}


@pytest.mark.parametrize(("inner", "text"), HIDDEN.values(), ids=HIDDEN)
def test_what_is_hidden_in_a_paragraph_is_read(inner: str, text: str) -> None:
    assert texts(read_word(word_file(paragraph(inner)))) == [text]


@pytest.mark.parametrize("tag", ["del", "moveFrom"])
def test_what_a_tracked_change_took_out_is_gone_and_said(tag: str) -> None:
    gone = f"<w:{tag}><w:r><w:delText>May 2010</w:delText><w:t>May 2010</w:t></w:r></w:{tag}>"
    paper = read_word(word_file(paragraph(gone, run("April 2011"))))
    assert texts(paper) == ["April 2011"]
    assert paper.remarks == ("The file contains tracked changes; they are read as accepted.",)


def test_a_row_that_a_tracked_change_took_out_is_gone() -> None:
    paper = read_word(word_file(table(row("kept"), row("gone", properties="<w:del/>"))))
    assert [each.text for each in cells(paper)] == ["kept"]


def test_a_symbol_that_nobody_knows_leaves_a_mark_and_a_remark() -> None:
    paper = read_word(word_file(paragraph('<w:r><w:sym w:font="Logos" w:char="F041"/></w:r>')))
    assert texts(paper) == ["\N{REPLACEMENT CHARACTER}"]
    assert "symbols that are not known here" in paper.remarks[0]


def test_a_text_box_is_read_once_and_after_the_paragraph_that_holds_it() -> None:
    box = f"<w:txbxContent>{paragraph('in the box')}{table(row('its cell'))}</w:txbxContent>"
    twice = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    paper = read_word(word_file(paragraph(run("before"), f"<w:r>{twice}</w:r>") + paragraph("after")))
    assert texts(paper) == ["before", "in the box", "after"]
    assert [each.text for each in cells(paper)] == ["its cell"]


def test_a_text_box_in_a_cell_stays_in_the_cell() -> None:
    box = f"<w:r><w:txbxContent>{paragraph('in the box')}</w:txbxContent></w:r>"
    paper = read_word(word_file(table(row(cell(paragraph("cell", box))))))
    assert cells(paper)[0].text == "cell\nin the box"


def test_rows_and_cells_inside_content_controls_are_read() -> None:
    wrapped = f"<w:sdt><w:sdtContent>{row('a', 'b')}</w:sdtContent></w:sdt>"
    inner = f"<w:sdt><w:sdtContent>{cell('c')}</w:sdtContent></w:sdt>"
    paper = read_word(word_file(table(wrapped, row(inner, "d"))))
    assert [each.text for each in cells(paper)] == ["a", "b", "c", "d"]


def test_merged_cells_say_how_far_they_reach() -> None:
    wide = cell("wide", properties='<w:gridSpan w:val="2"/>')
    first, second = cell("tall", properties='<w:vMerge w:val="restart"/>'), cell("", properties="<w:vMerge/>")
    paper = read_word(word_file(table(row(wide, "x"), row(first, "y"), row(second, "z"))))
    assert [(each.text, each.columns, each.is_continued) for each in cells(paper)] == [
        ("wide", 2, False),
        ("x", 1, False),
        ("tall", 1, False),
        ("y", 1, False),
        ("", 1, True),
        ("z", 1, False),
    ]


def test_a_row_that_begins_later_keeps_its_columns() -> None:
    late = row("late", properties='<w:gridBefore w:val="2"/>')
    paper = read_word(word_file(table(row("a", "b", "c"), late)))
    assert [(each.text, each.columns) for each in cells(paper)][3:] == [("", 2), ("late", 1)]


def test_a_table_in_a_cell_is_read_with_the_cell() -> None:
    paper = read_word(word_file(table(row(cell("outer", table(row("inner", "next")), "after")))))
    assert [each.text for each in cells(paper)] == ["outer\nafter", "inner", "next"]


def test_bullets_and_paragraphs_of_a_cell_are_lines() -> None:
    paper = read_word(word_file(table(row(cell("one", "", "two")))))
    assert cells(paper)[0].lines == ("one", "two")


def test_each_cell_and_paragraph_has_its_place() -> None:
    paper = read_word(word_file(paragraph("first") + table(row("a", "b"), row("c", "d")) + paragraph("second")))
    assert [str(block.place) for block in paper.blocks] == ["paragraph 1", "table 1", "paragraph 2"]
    assert str(cells(paper)[3].place) == "table 1, row 2, cell 2"


def test_a_header_row_is_marked() -> None:
    paper = read_word(word_file(table(row("h", properties="<w:tblHeader/>"), row("a"))))
    assert [each.is_header for block in paper.blocks if isinstance(block, Table) for each in block.rows] == [
        True,
        False,
    ]


FILLS = {
    "a colour": ('<w:shd w:val="clear" w:fill="ff0000"/>', "FF0000"),
    "no colour": ('<w:shd w:val="clear" w:fill="auto"/>', None),
    "a theme's": ('<w:shd w:val="clear" w:themeFill="accent6"/>', "70AD47"),
    "a theme's, lighter": ('<w:shd w:val="clear" w:themeFill="accent6" w:themeFillTint="80"/>', "B7D6A3"),
    "a theme's, darker": ('<w:shd w:val="clear" w:themeFill="accent6" w:themeFillShade="80"/>', "385724"),
    "one that the theme lacks": ('<w:shd w:val="clear" w:themeFill="accent1"/>', None),
    "none": ("", None),
}
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
THEME = (
    f'<a:theme xmlns:a="{_A}"><a:themeElements><a:clrScheme name="x"><a:accent6><a:srgbClr val="70AD47"/></a:accent6>'
    "</a:clrScheme></a:themeElements></a:theme>"
)


@pytest.mark.parametrize(("shade", "fill"), FILLS.values(), ids=FILLS)
def test_a_cells_colour_is_read(shade: str, fill: str | None) -> None:
    paper = read_word(word_file(table(row(cell("x", properties=shade))), theme=THEME))
    assert cells(paper)[0].fill == fill


def test_text_marked_with_one_colour_colours_its_cell() -> None:
    marked = paragraph(run("G", '<w:highlight w:val="green"/>'))
    two = paragraph(run("G", '<w:highlight w:val="green"/>'), run("R", '<w:highlight w:val="red"/>'))
    paper = read_word(word_file(table(row(cell(marked), cell(two)))))
    assert [each.fill for each in cells(paper)] == ["00FF00", None]


STYLES = document(
    '<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="Mine"><w:name w:val="Grid heading"/><w:basedOn w:val="H1"/></w:style>'
    '<w:style w:styleId="Out"><w:name w:val="Other"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
    '<w:style w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>',
    "styles",
)


@pytest.mark.parametrize(("style", "level"), [("H1", 1), ("Mine", 1), ("Out", 2), ("Loop", None), ("Absent", None)])
def test_headings_are_known_by_their_style_or_what_it_builds_on(style: str, level: int | None) -> None:
    body = paragraph("Planning grid 1", properties=f'<w:pStyle w:val="{style}"/>')
    (block,) = read_word(word_file(body, styles=STYLES)).blocks
    assert isinstance(block, Paragraph)
    assert block.level == level


NUMBERING = document(
    '<w:abstractNum w:abstractNumId="4">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl>'
    '<w:lvl w:ilvl="2"><w:numFmt w:val="lowerRoman"/><w:lvlText w:val="(%3)"/></w:lvl>'
    '<w:lvl w:ilvl="3"><w:numFmt w:val="bullet"/><w:lvlText w:val="·"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="4"/></w:num>',
    "numbering",
)


def test_word_numbers_paragraphs_that_do_not_hold_their_number() -> None:
    depths = [0, 1, 1, 2, 2, 3, 0, 1]
    body = "".join(
        paragraph("x", properties=f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="7"/></w:numPr>')
        for depth in depths
    )
    blocks = read_word(word_file(body + paragraph("plain"), numbering=NUMBERING)).blocks
    numbers = [block.number for block in blocks if isinstance(block, Paragraph)]
    assert numbers == ["1", "1.1", "1.2", "(i)", "(ii)", "", "2", "2.1", ""]


def test_what_stands_outside_the_body_is_kept_apart() -> None:
    header = document(paragraph("Restricted"), "hdr")
    notes = document(f"<w:footnote>{paragraph('See the guidance')}</w:footnote>", "footnotes")
    paper = read_word(word_file(paragraph("body"), header=header, footnotes=notes))
    assert texts(paper) == ["body"]
    assert [(each.text, str(each.place)) for each in paper.elsewhere] == [
        ("Restricted", "header, paragraph 1"),
        ("See the guidance", "footnotes, paragraph 1"),
    ]


def deep(levels: int) -> str:
    inner = "x"
    for _ in range(levels):
        inner = table(row(cell(inner)))
    return inner


def bomb() -> bytes:
    return word_file(paragraph("x" * (MOST_XML_BYTES + 1)))


def entities() -> bytes:
    whole = word_file(paragraph("&b;"))
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            declared = (
                b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' if "document.xml" in name else b""
            )
            new.writestr(name, declared + old.read(name))
    return content.getvalue()


REFUSED = {
    "no archive": (b"hello", "is no Word document"),
    "cut short": (word_file(paragraph("x"))[:-30], "is no Word document"),
    "tables ten deep": (word_file(deep(MOST_NESTED + 1)), "tables inside tables"),
    "tables ten thousand deep": (word_file(deep(10_000)), "tables inside tables"),
    "entities": (entities(), "declares a document type"),
    "damaged XML": (word_file("<w:p>"), "XML is damaged"),
    "a bomb": (bomb(), "unpacks to more text"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_hostile_or_damaged_file_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePaper, match=reason):
        read_word(content)


def test_as_many_tables_inside_tables_as_are_read_are_read() -> None:
    assert [each.text for each in cells(read_word(word_file(deep(MOST_NESTED))))][-1] == "x"
