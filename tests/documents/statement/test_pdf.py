"""The Statement of Readiness on paper: what it says, how it looks, its tags, and that it stays the same."""

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents.statement.glyphs import REPLACEMENT, showable
from app.documents.statement.pdf import render_statement
from app.documents.statement.words import LOOKS, london_moment
from app.queries.statements import DateMoveView, ReplacedView, StatementView
from app.rules.statement import Standing, StatementStatus
from tests.support.pdf_reading import (
    DOTS_PER_POINT,
    attribute,
    opened,
    page_texts,
    pictures,
    squeezed,
    tags,
    whole_text,
)
from tests.support.statement_papers import RAISED_AT, attested, evidence, issued, raised, verify_url

ROOT = Path(__file__).resolve().parents[3]
A4_IN_DOTS = (round(210 / 25.4 * 72 * DOTS_PER_POINT), round(297 / 25.4 * 72 * DOTS_PER_POINT))
RATIONALE = "Lewes has no such unit.\nThose who need one go to Elmley under the agreement of 3 March 2026."


def paper(view: StatementView, payload: dict[str, Any]) -> bytes:
    return render_statement(view, payload, verify_url=verify_url(view))


def paper_of(payload: dict[str, Any], **more) -> bytes:
    """The paper of an issued statement over a payload."""
    return paper(issued(payload, **more), payload)


def says(content: bytes, words: str) -> bool:
    return squeezed(words) in whole_text(content)


# What it says


def test_every_section_stands_under_its_group_with_rating_version_and_how_much_evidence():
    payload = attested(exempt={7: RATIONALE})
    text = squeezed("".join(page_texts(paper_of(payload))[1:]))
    place = 0
    for section in payload["sections"]:
        staff = f"{section['staff_in_post']} of 4 staff in post" if section["staff_required"] else ""
        exempt = "EXEMPT" if section["exemption"] else ""
        row = f"{section['number']}{section['title']}{staff}{section['rating']}{exempt}{section['version']}1"
        found = text.index(squeezed(row), place)
        assert text.rindex(squeezed(section["group"]), 0, found) >= 0
        place = found
    order = [text.index(squeezed(title)) for title in dict.fromkeys(one["group"] for one in payload["sections"])]
    assert order == sorted(order)
    assert len(order) == 8


def test_the_first_page_tells_the_prison_the_dates_the_verdict_and_the_counts():
    payload = attested(exempt={7: RATIONALE})
    content = paper_of(
        payload, live_on=date(2026, 7, 8), live_confirmed_at=datetime(2026, 7, 8, 12, tzinfo=UTC), live_confirmed_by="R"
    )
    first = squeezed(page_texts(content)[0])
    for words in (
        "Statement of Readiness",
        "Lewes LWI – local prison – South East",
        "Ready to go live",
        "On 1 June 2026 all 35 sections met the toolkit’s minimum for going live, 1 of them by exemption.",
        "For commissioning, sections 1, 2, 3, 5, 6, 10 and 11 are all GREEN.",
        "28 GREEN 6 AMBER 0 RED 1 EXEMPT",
        "Planned go-live date 6 July 2026",
        "Live since 8 July 2026 confirmed 8 July 2026, 13:00 by R",
        "Issued 8 June 2026, 10:32",
        "Ratings as they stood 1 June 2026, 10:32",
        "Toolkit 2006-09.2",
    ):
        assert squeezed(words) in first, words


def test_a_statement_whose_prison_is_not_live_says_so():
    assert says(paper_of(attested()), "Live since Not confirmed yet")


def test_each_signatory_stands_with_role_name_and_london_time():
    payload = attested()
    view = issued(payload)
    content = paper(view, payload)
    for person in view.signatories:
        assert person.signed_at
        assert says(content, f"{person.title}{person.name}{london_moment(person.signed_at)}")
    assert "@" not in whole_text(content)


def test_a_name_given_on_signing_that_differs_is_shown_beside_the_one_named():
    payload = attested()
    view = issued(payload)
    people = [replace(view.signatories[0], signed_as="M. Ashworth"), *view.signatories[1:]]
    content = paper(replace(view, signatories=people), payload)
    assert says(content, "Margaret Ashworth-Bell signed as M. Ashworth")
    assert whole_text(content).count("signedas") == 1


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2025, 1, 14, 10, 32, tzinfo=UTC), "14 January 2025, 10:32"),
        (datetime(2025, 7, 14, 23, 5, tzinfo=UTC), "15 July 2025, 00:05"),
    ],
)
def test_moments_are_by_the_clocks_of_london_in_winter_and_in_summer(at: datetime, words: str):
    assert london_moment(at) == words


def test_every_piece_of_evidence_is_listed_with_its_whole_digest():
    payload = attested(items=2)
    text = whole_text(paper_of(payload))
    items = [(one["number"], item) for one in payload["sections"] for item in one["evidence"]]
    assert len(items) == 70
    for number, item in items:
        kind, day = item["kind"].capitalize(), date.fromisoformat(item["effective_on"])
        row = f"{number}{item['title']}{kind}{day.day} {day:%B %Y}{item['digest']}"
        assert squeezed(row) in text


def test_evidence_that_supports_several_sections_is_listed_once_with_all_of_them():
    payload = attested()
    shared = evidence(3, kind="note", title="One paper for three", effective_on=None)
    for number in (3, 9, 21):
        payload["sections"][number - 1]["evidence"] = [shared]
    content = paper_of(payload)
    assert says(content, f"3, 9, 21 One paper for three Note No date {shared['digest']}")
    assert whole_text(content).count(shared["digest"]) == 1


def test_a_statement_of_before_regions_had_slugs_prints_what_it_attests():
    """Its counts have the exempt sections under their ratings."""
    payload = attested(exempt={7: RATIONALE})
    payload["prison"]["region"] = "South East"
    payload["verdict"]["counts"] = {"red": 1, "amber": 6, "green": 28}
    first = squeezed(page_texts(paper_of(payload))[0])
    for words in ("Lewes LWI – local prison – South East", "28 GREEN 6 AMBER 1 RED 1 EXEMPT"):
        assert squeezed(words) in first


def test_exemptions_are_told_with_their_rationale_and_stale_evidence_is_noted():
    payload = attested(exempt={7: RATIONALE})
    payload["verdict"]["warnings"] = [
        {"section": 4, "title": "", "kind": "stale_evidence", "detail": "It rests on evidence more than 12 months old."}
    ]
    content = paper_of(payload)
    assert says(content, f"Section 7, {payload['sections'][6]['title']} {RATIONALE}")
    assert says(content, "Section 4: It rests on evidence more than 12 months old.")


def test_a_prison_without_exemptions_or_warnings_has_no_such_headings():
    content = paper_of(attested())
    assert not says(content, "Exemptions and why")
    assert not says(content, "Noted, without effect")


def test_serial_digest_and_page_number_are_on_every_page():
    payload = attested(items=9)
    view = issued(payload)
    pages = page_texts(paper(view, payload))
    assert len(pages) > 3
    for number, text in enumerate(pages, start=1):
        assert squeezed(f"Lewes (LWI) – serial: SOR-LWI-2026-001 Page {number} of {len(pages)}") in squeezed(text)
        assert f"SHA-256{view.digest}" in squeezed(text)
    assert all(squeezed("Section Title Kind Date SHA-256") in squeezed(text) for text in pages[2:])


# Whether it is in force

ENDED_AT = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "banner"),
    [
        ({"signed": 3}, "RAISED – NOT YET ISSUED 3 of 7 signatures given; it has no effect until the last."),
        (
            {"status": StatementStatus.LAPSED, "ended_at": ENDED_AT, "end_reason": "Section 5 fell below"},
            "LAPSED 1 July 2026, 10:30. It is not in force. Reason: Section 5 fell below",
        ),
        (
            {
                "signed": 7,
                "serial": "SOR-LWI-2026-001",
                "status": StatementStatus.WITHDRAWN,
                "ended_at": ENDED_AT,
                "ended_by": "Regional lead",
                "end_reason": "Staff left",
            },
            "WITHDRAWN 1 July 2026, 10:30 by Regional lead. It is not in force. Reason: Staff left",
        ),
        (
            {
                "signed": 7,
                "serial": "SOR-LWI-2026-001",
                "status": StatementStatus.SUPERSEDED,
                "ended_at": ENDED_AT,
                "end_reason": "superseded by SOR-LWI-2026-002",
            },
            "SUPERSEDED by SOR-LWI-2026-002 1 July 2026, 10:30. It is not in force.",
        ),
    ],
)
def test_a_statement_that_is_not_in_force_says_so_on_every_page(changes: dict[str, Any], banner: str):
    payload = attested()
    pages = [squeezed(text) for text in page_texts(paper(raised(payload, **changes), payload))]
    assert squeezed(banner) in pages[0]
    heading = re.match(r"[A-Z –]+", banner)
    assert heading
    assert all(squeezed(heading[0]) in text for text in pages)


def test_an_issued_statement_has_no_such_banner_and_a_raised_one_says_who_has_not_signed():
    payload = attested()
    assert not says(paper_of(payload), "It is not in force")
    content = paper(raised(payload, signed=5), payload)
    assert whole_text(content).count("Awaitingsignature") == 2
    assert not says(content, "Scan the code")


def test_what_is_left_to_do_is_printed_with_who_does_it_and_by_when():
    payload = attested(exempt={7: RATIONALE})
    payload["outstanding"][0]["what"] = "The unit opens in October.\nUntil then prisoners go to Elmley."
    content = paper(issued(payload), payload)
    assert says(content, "The unit opens in October.")
    assert says(content, "Until then prisoners go to Elmley.")
    assert says(content, "The rest of section 26 is agreed and under way.")
    assert whole_text(content).count("30September2026") == 6
    assert says(content, "The region has confirmed 12 of the 35 ratings.")


@pytest.mark.parametrize(
    ("meeting", "words"),
    [
        (
            {"held_on": "2026-05-20", "who": ["Ann Lee", "Bo Day"]},
            "held on 20 May 2026. Those who took part: Ann Lee and Bo Day.",
        ),
        ({"held_on": "2026-05-20", "who": []}, "A meeting on whether the prison is ready was held on 20 May 2026."),
        (
            {"held_on": None, "not_held_reason": "The chair was ill", "who": []},
            "No meeting was held on whether the prison is ready. Reason: The chair was ill",
        ),
    ],
)
def test_the_readiness_meeting_is_printed(meeting: dict[str, Any], words: str):
    payload = attested(readiness_meeting=meeting)
    assert says(paper(issued(payload), payload), words)


def test_a_statement_without_anything_left_to_do_says_so():
    payload = attested(outstanding=[], confirmed_by_region=0)
    content = paper(issued(payload), payload)
    assert says(content, "Nothing: no section that counts is AMBER.")
    assert says(content, "The region has confirmed none of the 35 ratings.")


def test_a_statement_from_before_that_was_asked_for_is_printed_without_it():
    payload = attested()
    del payload["outstanding"], payload["confirmed_by_region"]
    content = paper(issued(payload), payload)
    assert not says(content, "Outstanding at go-live")
    assert not says(content, "The region has confirmed")


def test_a_moved_date_is_printed_beside_the_one_that_is_attested():
    payload = attested()
    move = DateMoveView(date(2026, 7, 6), date(2026, 9, 1), "Staff", "staffing", RAISED_AT, "Lead")
    content = paper(issued(payload, go_live_date=date(2026, 9, 1), date_moves=[move]), payload)
    assert says(content, "1 September 2026")
    assert says(content, "attested: 6 July 2026; moved once, last on 1 June 2026, 10:32 (staffing): Staff")


def test_who_was_replaced_is_printed_under_the_person_who_signs():
    payload = attested()
    view = issued(payload)
    first = replace(view.signatories[0], replaced=[ReplacedView("Ann Lee", "Has left", RAISED_AT, "Lead")])
    content = paper(replace(view, signatories=[first, *view.signatories[1:]]), payload)
    assert says(content, "in place of Ann Lee: Has left")


def test_the_end_of_a_service_is_printed():
    payload = attested()
    content = paper(issued(payload, live_on=date(2026, 7, 6), service_ended_on=date(2026, 10, 3)), payload)
    assert says(content, "6 July 2026 to 3 October 2026")
    assert not says(content, "Live since")


def test_a_statement_that_lapsed_awaits_no_signature():
    payload = attested()
    view = raised(payload, status=StatementStatus.LAPSED, ended_at=ENDED_AT, end_reason="Section 5 fell below")
    text = whole_text(paper(view, payload))
    assert text.count("Notsigned") == 7
    assert "Awaiting" not in text


# How it looks


@pytest.mark.parametrize("signed", [0, 7])
def test_the_ordinary_paper_is_two_or_three_full_a4_pages_with_clear_margins(signed: int):
    payload = attested(exempt={7: RATIONALE})
    view = issued(payload) if signed == 7 else raised(payload)
    found = pictures(paper(view, payload))
    assert 2 <= len(found) <= 3
    for page in found:
        assert page.size == pytest.approx(A4_IN_DOTS, abs=1)
        ink = sum(page.histogram()[:128]) / (page.width * page.height)
        assert 0.01 < ink < 0.25
        margin = 15 * 72 * DOTS_PER_POINT // 25
        assert page.crop((0, 0, margin, page.height)).getextrema() == (255, 255)
        assert page.crop((page.width - margin, 0, page.width, page.height)).getextrema() == (255, 255)


def test_words_without_a_space_never_leave_the_page():
    payload = attested(exempt={7: "y" * 5000}, items=1)
    payload["prison"]["name"] = "W" * 100
    for section in payload["sections"]:
        section["evidence"][0]["title"] = "https://intranet.example.gov.uk/" + "M" * 268
    view = issued(payload)
    people = [replace(person, name="N" * 200, signed_as="Q" * 200) for person in view.signatories]
    for page in pictures(paper(replace(view, signatories=people, raised_by="R" * 200), payload)):
        margin = 15 * 72 * DOTS_PER_POINT // 25
        assert page.crop((page.width - margin, 0, page.width, page.height)).getextrema() == (255, 255)


def test_ratings_differ_by_word_and_by_shape_and_can_be_read_in_their_colours():
    def luminance(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    assert len({look["word"] for look in LOOKS.values()}) == len({look["shape"] for look in LOOKS.values()}) == 4
    for look in LOOKS.values():
        assert (luminance(look["paper"]) + 0.05) / (luminance(look["ink"]) + 0.05) >= 7


def test_the_code_on_the_paper_is_the_address_of_the_check():
    payload = attested()
    view = issued(payload)
    content = paper(view, payload)
    with opened(content) as pdf:
        figure = next(element for element in tags(pdf) if element.S == "/Figure")
        left, bottom, right, top = (float(edge) for edge in attribute(figure, "/BBox"))
        height = float(pdf.pages[0].mediabox[3])
    expected = [[bool(one) for one in row] for row in segno.make(verify_url(view), error="m", micro=False).matrix]
    module = (right - left) / len(expected)
    page = pictures(content)[0].point(lambda shade: 255 if shade < 128 else 0)

    def is_dark(row: int, column: int) -> bool:
        x, y = left + (column + 0.5) * module, height - top + (row + 0.5) * module
        return bool(page.getpixel((int(x * DOTS_PER_POINT), int(y * DOTS_PER_POINT))))

    side = range(len(expected))
    assert (top - bottom) == pytest.approx(right - left)
    assert [[is_dark(row, column) for column in side] for row in side] == expected


# Its tags


def test_the_document_declares_itself_accessible_in_british_english_with_a_title():
    with opened(paper_of(attested())) as pdf:
        assert pdf.Root.Lang == "en-GB"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        with pdf.open_metadata() as about:
            assert about["pdfuaid:part"] == "1"
            assert about["dc:title"] == "Statement of Readiness"
        assert pdf.docinfo.Title == "Statement of Readiness"


def test_tables_have_header_cells_and_the_code_has_words_in_its_place():
    payload = attested()
    view = issued(payload)
    with opened(paper(view, payload)) as pdf:
        found = list(tags(pdf))
        kinds = [str(element.S) for element in found]
        headers = [element for element in found if element.S == "/TH"]
        assert kinds.count("/Table") == 4
        assert len(headers) == 3 + 5 + 8 + 5 + 5
        assert all(attribute(element, "/Scope") == "/Column" for element in headers)
        assert kinds.count("/TD") == 7 * 3 + 35 * 5 + 7 * 5 + 35 * 5
        (figure,) = (element for element in found if element.S == "/Figure")
        assert "SOR-LWI-2026-001" in str(figure.Alt)
        assert verify_url(view) in str(figure.Alt)
        assert [str(element.T) for element in found if element.S == "/H1"] == [
            "Signed by",
            "How to check this document",
            "Ratings of the 35 sections",
            "Outstanding at go-live",
            "Evidence",
        ]


def test_the_link_of_the_check_leads_to_it():
    payload = attested()
    view = issued(payload)
    with opened(paper(view, payload)) as pdf:
        links = [note.A.URI for note in pdf.pages[0].Annots if note.Subtype == "/Link"]
    assert {str(link) for link in links} == {verify_url(view)}


def test_every_typeface_is_in_the_file_and_is_one_that_comes_with_the_compiler():
    with opened(paper_of(attested())) as pdf:
        fonts = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/FontDescriptor" in item]
        assert fonts
        families = {str(font.BaseFont).partition("+")[2].partition("-")[0] for font in fonts}
        assert families == {"LibertinusSerif", "DejaVuSansMono"}
        for font in fonts:
            assert {"/FontFile2", "/FontFile3"} & set(font.FontDescriptor.keys()), font.BaseFont


# What callers write is text, whatever it looks like

MARKUP = '#eval("1") *bold* _it_ <x> @ref $x^2$ `raw` \\u{41} = Heading /* no */ // no #import "x" [a](b) "q" \'s -- ~'


def test_markup_in_names_titles_and_reasons_is_set_as_it_was_written():
    payload = attested(exempt={7: MARKUP})
    payload["sections"][0]["evidence"][0]["title"] = MARKUP
    payload["verdict"]["warnings"] = [{"section": 4, "title": "", "kind": "stale_evidence", "detail": MARKUP}]
    view = issued(payload)
    people = [replace(one, name=MARKUP, signed_as=MARKUP + "!") for one in view.signatories]
    content = paper(replace(view, signatories=people), payload)
    assert whole_text(content).count(squeezed(MARKUP)) == 3 + 2 * 7


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Zoë Ångström, Łódź, Ωμέγα, Жуков", "Zoë Ångström, Łódź, Ωμέγα, Жуков"),
        ("E\u0301mile O\u0323\u0301la\u0301", "Émile Ọ́lá"),
        ("smile \U0001f600 here", f"smile {REPLACEMENT} here"),
        ("中文", REPLACEMENT * 2),
        ("\u202ereversed\u202c", f"{REPLACEMENT}reversed{REPLACEMENT}"),
        ("a\tb\r\nc\n\n\u2028d", "a b c d"),
    ],
)
def test_what_cannot_be_shown_is_marked_and_the_rest_stays(written: str, shown: str):
    payload = attested(exempt={7: f"<<{written}>>"})
    content = paper_of(payload)
    assert says(content, f"<<{shown}>>")
    assert says(content, f"{REPLACEMENT} stands for a character that cannot be printed here") == (REPLACEMENT in shown)


def test_arabic_and_hebrew_names_are_set():
    content = paper_of(attested(exempt={7: "عربية עברית"}))
    assert REPLACEMENT not in whole_text(content)
    assert {"ع", "ر", "ב"} <= set(whole_text(content))


def test_a_reason_of_five_thousand_characters_is_printed_whole():
    reason = " ".join(f"{number}th" for number in range(1000, 1714))
    assert 4990 < len(reason) <= 5000
    text = whole_text(paper_of(attested(exempt={23: reason})))
    places = [text.index(f"{number}th") for number in range(1000, 1714)]
    assert places == sorted(places)


SIGNS = "".join(showable(chr(code)) for code in range(0x20, 0x3000)).replace(REPLACEMENT, "")


def test_every_character_that_passes_for_showable_is_shown():
    assert len(SIGNS) > 4000
    for start in range(0, len(SIGNS), 1500):
        words = " ".join(SIGNS[start : start + 1500])
        payload = attested(exempt={7: words[:1500], 23: words[1500:]})
        assert paper_of(payload, raised_by=words[:200]).startswith(b"%PDF-1.7")


def test_marks_between_scripts_which_stop_the_compiler_are_left_out():
    content = paper_of(attested(exempt={7: "<<\u0606\u0350\u2aa1\u0325>>"}))
    assert says(content, f"<<\u0606{REPLACEMENT}\u2aa1{REPLACEMENT}>>")


@settings(max_examples=40, deadline=None)
@given(words=st.text(min_size=1, max_size=300), signs=st.text(alphabet=st.sampled_from(SIGNS + "\u0301"), min_size=1))
def test_no_text_at_all_stops_the_paper(words: str, signs: str):
    payload = attested(exempt={7: words, 23: signs})
    assert paper_of(payload, raised_by=words, live_confirmed_by=signs).startswith(b"%PDF-1.7")


# The same bytes


def test_the_same_statement_is_the_same_bytes_whatever_was_rendered_between():
    payload = attested(exempt={7: RATIONALE})
    first = paper_of(payload)
    assert paper_of(attested(items=2)) != first
    assert paper_of(attested(exempt={7: RATIONALE})) == first


def test_the_same_statement_is_the_same_bytes_in_another_process_with_other_surroundings(tmp_path: Path):
    program = (
        "import hashlib\n"
        "from tests.support.statement_papers import attested, issued, verify_url\n"
        "from app.documents.statement.pdf import render_statement\n"
        "payload = attested(items=2)\n"
        "view = issued(payload)\n"
        "print(hashlib.sha256(render_statement(view, payload, verify_url=verify_url(view))).hexdigest())\n"
    )
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    surroundings |= {"HOME": str(tmp_path), "SOURCE_DATE_EPOCH": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == hashlib.sha256(paper_of(attested(items=2))).hexdigest()


def test_a_breach_is_told_by_the_check_and_never_by_the_paper():
    payload = attested()
    breached = issued(payload, standing=Standing.IN_BREACH, breached_sections=[5, 9])
    assert paper(breached, payload) == paper_of(payload)


@pytest.mark.parametrize(
    "changes",
    [
        {"live_on": date(2026, 7, 8), "live_confirmed_at": ENDED_AT, "live_confirmed_by": "Regional lead"},
        {"status": StatementStatus.WITHDRAWN, "ended_at": ENDED_AT, "end_reason": "Staff left"},
        {"issued_at": RAISED_AT + timedelta(days=8)},
    ],
)
def test_each_step_of_the_statement_makes_another_paper_dated_by_the_step(changes: dict[str, Any]):
    payload = attested()
    content = paper_of(payload, **changes)
    assert content != paper_of(payload)
    with opened(content) as pdf:
        expected = max(at for at in (RAISED_AT + timedelta(days=7), *changes.values()) if isinstance(at, datetime))
        assert str(pdf.docinfo.CreationDate) == f"D:{expected:%Y%m%d%H%M%S}Z"
