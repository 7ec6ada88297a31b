"""The toolkit's values, and its JSON document and back."""

import json
from dataclasses import replace

import pytest

from app.rules.toolkit import (
    DelayCause,
    GroupNote,
    ProgrammeOwn,
    RatingMeaning,
    Reading,
    RequiredOutcome,
    Section,
    SignatoryRole,
    Toolkit,
    toolkit_document,
    toolkit_from_document,
)
from app.rules.types import Function, Rating

STAFFED = Section(
    number=1,
    title="Recruitment",
    group="Workforce",
    summary="Recruit people.",
    required_outcomes=(
        RequiredOutcome("specified", "It is specified."),
        RequiredOutcome("filled", "It is filled."),
    ),
    go_live_minimum=Rating.AMBER,
    commissioning_required=False,
    staffing_threshold_percent=75,
    exemptible_for=(),
)
EXEMPTIBLE = Section(
    number=2,
    title="Stabilisation",
    group="Facilities",
    summary="Set an area aside.",
    required_outcomes=(RequiredOutcome("planned", "It is planned."),),
    go_live_minimum=Rating.GREEN,
    commissioning_required=True,
    staffing_threshold_percent=None,
    exemptible_for=(Function.OPEN, Function.HIGH_SECURITY),
)
TOOLKIT = Toolkit(
    version="2007-01",
    title="A small toolkit",
    groups=("Workforce", "Facilities"),
    sections=(STAFFED, EXEMPTIBLE),
    signatory_roles=(
        SignatoryRole("governor", "Governor", True),
        SignatoryRole("chaplain", "Chaplain", False),
    ),
    evidence_stale_after_months=12,
    version_basis="It says so.",
    programme_own=(ProgrammeOwn("signatory_roles", "Ours."),),
    ratings=(RatingMeaning(Rating.RED, "Not yet."),),
    group_notes=(GroupNote("Workforce", "There is a strategy."),),
    readings=(Reading(2, "It breaks off.", "Read as one."),),
    delay_causes=(DelayCause("other", "Another cause"),),
)
DOCUMENT = {
    "version": "2007-01",
    "title": "A small toolkit",
    "groups": ["Workforce", "Facilities"],
    "sections": [
        {
            "number": 1,
            "title": "Recruitment",
            "group": "Workforce",
            "summary": "Recruit people.",
            "required_outcomes": [
                {"key": "specified", "text": "It is specified."},
                {"key": "filled", "text": "It is filled."},
            ],
            "go_live_minimum": "AMBER",
            "commissioning_required": False,
            "staffing_threshold_percent": 75,
            "exemptible_for": [],
        },
        {
            "number": 2,
            "title": "Stabilisation",
            "group": "Facilities",
            "summary": "Set an area aside.",
            "required_outcomes": [{"key": "planned", "text": "It is planned."}],
            "go_live_minimum": "GREEN",
            "commissioning_required": True,
            "staffing_threshold_percent": None,
            "exemptible_for": ["open", "high security"],
        },
    ],
    "signatory_roles": [
        {"key": "governor", "title": "Governor", "required": True},
        {"key": "chaplain", "title": "Chaplain", "required": False},
    ],
    "evidence_stale_after_months": 12,
    "version_basis": "It says so.",
    "programme_own": [{"field": "signatory_roles", "text": "Ours."}],
    "ratings": [{"rating": "RED", "text": "Not yet."}],
    "group_notes": [{"group": "Workforce", "text": "There is a strategy."}],
    "readings": [{"section": 2, "source": "It breaks off.", "reading": "Read as one."}],
    "delay_causes": [{"key": "other", "title": "Another cause"}],
}
LATER = ("version_basis", "programme_own", "ratings", "group_notes", "readings", "delay_causes")


def test_the_document_has_exactly_the_shape_that_the_contract_gives():
    assert toolkit_document(TOOLKIT) == DOCUMENT


def test_the_document_holds_plain_text_where_the_toolkit_has_words_of_its_own():
    sections = toolkit_document(TOOLKIT)["sections"]
    assert type(sections[0]["go_live_minimum"]) is str
    assert [type(function) for function in sections[1]["exemptible_for"]] == [str, str]


def test_a_toolkit_comes_back_from_its_document_as_it_was():
    assert toolkit_from_document(toolkit_document(TOOLKIT)) == TOOLKIT


def test_a_document_from_before_a_field_was_known_gives_a_toolkit_without_it():
    first = toolkit_from_document({name: value for name, value in DOCUMENT.items() if name not in LATER})
    lacking = replace(TOOLKIT, version_basis=None, programme_own=(), ratings=(), group_notes=())
    assert first == replace(lacking, readings=(), delay_causes=())


def test_a_document_that_has_been_through_json_still_gives_the_toolkit():
    restored = toolkit_from_document(json.loads(json.dumps(DOCUMENT)))
    assert restored == TOOLKIT
    assert restored.sections[0].go_live_minimum is Rating.AMBER
    assert restored.sections[1].exemptible_for == (Function.OPEN, Function.HIGH_SECURITY)


@pytest.mark.parametrize(
    ("section", "field"),
    [(section, field) for section in (STAFFED, EXEMPTIBLE) for field in Section.__dataclass_fields__],
)
def test_each_field_of_a_section_is_needed_to_read_it_back(section, field):
    document = toolkit_document(replace(TOOLKIT, sections=(section,)))
    del document["sections"][0][field]
    with pytest.raises(KeyError, match=field):
        toolkit_from_document(document)


@pytest.mark.parametrize(("field", "value"), [("go_live_minimum", "PURPLE"), ("exemptible_for", ["castle"])])
def test_a_document_with_an_unknown_word_is_refused(field, value):
    document = toolkit_document(TOOLKIT)
    document["sections"][0][field] = value
    with pytest.raises(ValueError, match="is not a valid"):
        toolkit_from_document(document)


def test_a_section_is_found_by_its_number():
    assert TOOLKIT.section(1) is STAFFED
    assert TOOLKIT.section(2) is EXEMPTIBLE


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_a_number_that_the_toolkit_lacks_is_a_lookup_error(number):
    with pytest.raises(LookupError):
        TOOLKIT.section(number)
