"""What a workbook holds, as its reader sees it."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.styles.colors import Color

from app.documents.paper import excel
from app.documents.paper.blocks import Cell, Paper, Table, UnreadablePaper, cells_of
from app.documents.paper.excel import read_excel


def workbook(fill: Callable[[Any, Any], None]) -> bytes:
    book = Workbook()
    fill(book, book.active)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def one(value: object, form: str | None = None) -> Cell:
    def write(_book: Any, sheet: Any) -> None:
        sheet["B2"] = value
        if form:
            sheet["B2"].number_format = form

    return cells(read_excel(workbook(write)))[-1]


def cells(paper: Paper) -> list[Cell]:
    return [each for block in paper.blocks if isinstance(block, Table) for each in cells_of(block)]


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        ("  Two\nlines ", None, "Two\nlines"),
        (7, None, "7"),
        (7.0, None, "7"),
        (7.5, None, "7.5"),
        (0.75, "0%", "75%"),
        (True, None, "yes"),
        (date(2011, 3, 31), "dd/mm/yyyy", "31 March 2011"),
        (date(2011, 3, 1), "mmm-yy", "March 2011"),
        (datetime.fromisoformat("2011-03-31T09:30"), "dd/mm/yyyy hh:mm", "2011-03-31 09:30"),
    ],
)
def test_a_value_is_read_as_it_is_seen(value: object, form: str | None, text: str) -> None:
    assert one(value, form).text == text


def test_a_cell_has_its_place_as_excel_names_it() -> None:
    assert str(one("x").place) == "sheet Sheet, cell B2"


FILLS = {
    "a colour": (PatternFill("solid", fgColor="FFC00000"), "C00000"),
    "a theme's": (PatternFill("solid", fgColor=Color(theme=9)), "F79646"),
    "a theme's, lighter": (PatternFill("solid", fgColor=Color(theme=9, tint=0.5)), "FBCAA2"),
    "a theme's, darker": (PatternFill("solid", fgColor=Color(theme=9, tint=-0.5)), "7C4B23"),
    "an old palette's": (PatternFill("solid", fgColor=Color(indexed=10)), "FF0000"),
    "none": (PatternFill(), None),
}


@pytest.mark.parametrize(("fill", "colour"), FILLS.values(), ids=FILLS)
def test_a_cells_colour_is_read(fill: PatternFill, colour: str | None) -> None:
    def write(_book: Any, sheet: Any) -> None:
        sheet["A1"] = "G"
        sheet["A1"].fill = fill

    assert cells(read_excel(workbook(write)))[0].fill == colour


def test_merged_cells_say_how_far_they_reach() -> None:
    def write(_book: Any, sheet: Any) -> None:
        sheet["A1"], sheet["C1"], sheet["A2"], sheet["B2"], sheet["B3"] = "wide", "x", "tall", "y", "z"
        sheet.merge_cells("A1:B1")
        sheet.merge_cells("A2:A3")

    read = cells(read_excel(workbook(write)))
    assert [(each.text, each.columns, each.is_continued) for each in read if each.text or each.is_continued] == [
        ("wide", 2, False),
        ("x", 1, False),
        ("tall", 1, False),
        ("y", 1, False),
        ("", 1, True),
        ("z", 1, False),
    ]


def test_every_sheet_is_read_and_hidden_ones_are_told_of() -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet["A1"] = "seen"
        hidden = book.create_sheet("Old")
        hidden["A1"] = "hidden"
        hidden.sheet_state = "hidden"

    paper = read_excel(workbook(write))
    assert [each.text for each in cells(paper)] == ["seen", "hidden"]
    assert paper.remarks == ("Hidden sheets are read too: Old.",)


def test_a_note_on_a_cell_is_kept() -> None:
    def write(_book: Any, sheet: Any) -> None:
        sheet["A1"] = "x"
        sheet["A1"].comment = Comment("Ask the PCT", "JCM")

    (note,) = read_excel(workbook(write)).elsewhere
    assert (note.text, str(note.place)) == ("Ask the PCT", "sheet Sheet, cell A1")


def test_a_formula_without_a_result_is_shown_as_it_is_and_told_of() -> None:
    def write(_book: Any, sheet: Any) -> None:
        sheet["A1"] = "=1+1"

    paper = read_excel(workbook(write))
    assert [each.text for each in cells(paper)] == ["=1+1"]
    assert "formulas have no result" in paper.remarks[0]


def changed(name: str, change: Callable[[bytes], bytes]) -> bytes:
    whole = workbook(lambda _book, sheet: sheet.append(["x"]))
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            new.writestr(each, change(old.read(each)) if each == name else old.read(each))
    return content.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
REFUSED = {
    "no archive": (b"PK no", "is no workbook"),
    "entities": (changed(SHEET, lambda xml: b'<!DOCTYPE a [<!ENTITY b "c">]>' + xml), "declares a document type"),
    "damaged": (changed(SHEET, lambda xml: xml[:-20]), "XML is damaged"),
    "a sheet of empty cells": (
        changed(SHEET, lambda xml: xml + b" " * excel.MOST_SHEET_BYTES),
        "sheet of the workbook is too large",
    ),
    "no workbook": (changed("xl/workbook.xml", lambda xml: b"<a/>"), "no sheet that can be read"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_hostile_or_damaged_workbook_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePaper, match=reason):
        read_excel(content)
