"""The toolkit of September 2006 as its file gives it, and every way in which a file is refused."""

import hashlib
import re
from pathlib import Path

import pytest

from app.documents.toolkit.file import Fault, ToolkitFileFault, read_toolkit
from app.rules.toolkit import toolkit_document, toolkit_from_document
from app.rules.types import Function, Rating

SHIPPED = Path(__file__).parents[3] / "seed" / "toolkit"
TEXT = (SHIPPED / "2006-09.2.yaml").read_text(encoding="utf-8")
SHINGLES = Path(__file__).with_name("toolkit_source_shingles.txt").read_text(encoding="ascii")

PLANNING = "Planning for delivery"
FACILITIES = "Facilities required"
COMMISSIONING = "Commissioning"
WORKFORCE = "Workforce"
CLINICAL = "IDTS delivery – clinical"
CARAT = "IDTS delivery – CARAT"
INTEGRATED = "IDTS integrated working"
CONTINUITY = "Continuity of care"

# Copied by hand from the toolkit: number, title, group, go-live minimum, needed for commissioning,
# and how many required outcomes its right-hand column comes to.
SECTIONS = [
    (1, "Local IDTS Management Team", PLANNING, "GREEN", True, 4),
    (2, "EDP (Establishment Delivery Plan)", PLANNING, "GREEN", True, 1),
    (3, "Establishment Drug Strategy", PLANNING, "GREEN", True, 1),
    (4, "Local Communications Plan", PLANNING, "GREEN", False, 3),
    (5, "Local Risk Register", PLANNING, "GREEN", True, 2),
    (6, "Needs Assessment identifying demand completed", PLANNING, "GREEN", True, 2),
    (7, "Residential stabilisation unit/wing (local prison)", FACILITIES, "AMBER", False, 2),
    (8, "Interim Second Stage Unit in Locals and Trainers", FACILITIES, "AMBER", False, 1),
    (9, "Groupwork/interview and 1 to 1 facilities", FACILITIES, "AMBER", False, 1),
    (10, "Commissioning Structure and performance management", COMMISSIONING, "GREEN", True, 3),
    (11, "Healthcare Expenditure Plan", COMMISSIONING, "GREEN", True, 2),
    (12, "CARAT SLA/Variation to Contract", COMMISSIONING, "GREEN", False, 1),
    (13, "SLA ROM/Area Manager", COMMISSIONING, "GREEN", False, 2),
    (14, "Recruitment of clinical staff", WORKFORCE, "AMBER", False, 1),
    (15, "Workforce: controlled drug administration", WORKFORCE, "GREEN", False, 1),
    (16, "Recruitment of CARAT staff", WORKFORCE, "AMBER", False, 1),
    (17, "Training (clinical staff)", WORKFORCE, "GREEN", False, 1),
    (18, "Training (CARATs)", WORKFORCE, "GREEN", False, 3),
    (19, "Training (prisoner contact staff)", WORKFORCE, "GREEN", False, 4),
    (20, "Succession planning", WORKFORCE, "GREEN", False, 1),
    (21, "Initiation of clinical treatment service for IDTS clients", CLINICAL, "GREEN", False, 1),
    (22, "Pharmacy arrangements", CLINICAL, "GREEN", False, 2),
    (23, "Clinical observation of stimulant users (Usually Local Prisons)", CLINICAL, "GREEN", False, 1),
    (24, "Overdose Policy, CPR & Defibrillator", CLINICAL, "GREEN", False, 3),
    (25, "In-cell TVs", CLINICAL, "AMBER", False, 4),
    (26, "Provision of hot drinks etc at night", CLINICAL, "AMBER", False, 1),
    (27, "IDTS Psychosocial Model", CARAT, "GREEN", False, 2),
    (28, "Standardised IDTS groupwork packages", CARAT, "GREEN", False, 2),
    (29, "Priority Prolific Offenders (PPOs)", CARAT, "GREEN", False, 2),
    (
        30,
        "Integrated working between CARATs, Healthcare and clinical substance misuse teams",
        INTEGRATED,
        "GREEN",
        False,
        4,
    ),
    (31, "OCA", CONTINUITY, "GREEN", False, 2),
    (32, "Sending Establishment", CONTINUITY, "GREEN", False, 6),
    (33, "Receiving Establishment", CONTINUITY, "GREEN", False, 3),
    (34, "Release", CONTINUITY, "GREEN", False, 2),
    (35, "Court movement/Release Planning", CONTINUITY, "GREEN", False, 2),
]


@pytest.fixture(scope="module")
def toolkit():
    return read_toolkit(TEXT, name="2006-09.2.yaml")


def test_the_first_toolkit_has_the_sections_of_september_2006(toolkit):
    assert [
        (
            section.number,
            section.title,
            section.group,
            section.go_live_minimum,
            section.commissioning_required,
            len(section.required_outcomes),
        )
        for section in toolkit.sections
    ] == SECTIONS


def test_the_groups_stand_in_the_toolkits_order(toolkit):
    assert toolkit.groups == (
        PLANNING,
        FACILITIES,
        COMMISSIONING,
        WORKFORCE,
        CLINICAL,
        CARAT,
        INTEGRATED,
        CONTINUITY,
    )


def test_only_the_two_recruitment_sections_have_a_staffing_threshold(toolkit):
    thresholds = {section.number: section.staffing_threshold_percent for section in toolkit.sections}
    assert {number: share for number, share in thresholds.items() if share is not None} == {14: 75, 16: 75}


def test_only_sections_7_and_23_can_be_exempted_and_never_at_a_local_prison(toolkit):
    elsewhere = (Function.TRAINER, Function.OPEN, Function.HIGH_SECURITY, Function.YOUNG_OFFENDER)
    exemptible = {s.number: s.exemptible_for for s in toolkit.sections if s.exemptible_for}
    assert exemptible == {7: elsewhere, 23: elsewhere}


def test_the_head_of_the_toolkit_gives_its_version_and_signatories(toolkit):
    assert (toolkit.version, toolkit.evidence_stale_after_months) == ("2006-09.2", 12)
    assert [(role.key, role.title, role.required) for role in toolkit.signatory_roles] == [
        ("governor", "Governor", True),
        ("idts_lead", "IDTS lead on the senior management team", True),
        ("head_of_healthcare", "Head of Healthcare", True),
        ("carat_manager", "CARAT manager", True),
        ("lead_pct_commissioner", "Lead PCT commissioner", True),
        ("dat_joint_commissioning_manager", "DAT joint commissioning manager", True),
        ("regional_idts_development_manager", "Regional IDTS development manager", True),
        ("ndpdu", "National Drug Programme Delivery Unit", False),
        ("area_drug_coordinator", "Area Drug Co-ordinator", False),
        ("regional_offender_manager", "Regional Offender Manager (ROM)", False),
    ]


def test_the_toolkit_says_what_is_inferred_what_is_read_into_it_and_what_is_not_its_own(toolkit):
    assert "inferred" in toolkit.version_basis
    assert {one.field for one in toolkit.programme_own} >= {"evidence_stale_after_months", "signatory_roles"}
    assert [one.rating for one in toolkit.ratings] == list(Rating)
    assert [one.group for one in toolkit.group_notes] == [WORKFORCE, CONTINUITY]
    [reading] = toolkit.readings
    assert (reading.section, "SoR / Action Plan" in reading.reading) == (5, True)
    causes = ["staffing", "facilities", "medicines", "training", "agreements", "other"]
    assert [cause.key for cause in toolkit.delay_causes] == causes


def test_an_outcome_claims_no_more_than_the_toolkit_asks_for(toolkit):
    texts = {(one.number, outcome.key): outcome.text for one in toolkit.sections for outcome in one.required_outcomes}
    assert texts[1, "terms_of_reference_consistent_for_newcomers"].endswith("new to the community Drug Partnerships.")
    assert all("in place" in texts[place] for place in ((27, "systems_in_place"), (29, "ppo_system_in_place")))
    assert "arrangement" in texts[32, "carat_files_transferred_in_time"]
    assert texts[35, "information_exchange_protocols_signed"].startswith("Protocols agreed and signed with identified")
    assert not any(word in text for text in texts.values() for word in (" working.", "in force"))


def test_the_first_version_is_still_read_and_lacks_what_came_later():
    first = read_toolkit((SHIPPED / "2006-09.yaml").read_text("utf-8"), name="2006-09.yaml")
    assert (first.version, len(first.sections), len(first.signatory_roles)) == ("2006-09", 35, 7)
    assert (first.version_basis, first.programme_own, first.ratings) == (None, (), ())
    assert (first.group_notes, first.readings, first.delay_causes) == ((), (), ())


@pytest.mark.parametrize(
    ("number", "fact"),
    [
        (6, "28-day psychosocial model"),
        (7, "at least 5-day stabilisation"),
        (9, "up to 12 clients"),
        (14, "at least 75% of required staff"),
        (15, "every day, weekends included, by 1 qualified nurse plus 1 competent other"),
        (16, "at least 75% of required staff"),
        (17, "RCGP certificate part II"),
        (19, "2 from CARATs and 1 clinical at the least, preferably 2"),
        (22, "2 staff with a radio"),
        (23, "first 72 hours in custody at least"),
        (26, "4 slices of bread and butter"),
        (33, "within 24 hours"),
    ],
)
def test_a_summary_carries_the_figures_of_its_section(toolkit, number, fact):
    assert fact in toolkit.section(number).summary


def test_each_required_outcome_has_a_snake_case_key_of_its_own(toolkit):
    for section in toolkit.sections:
        keys = [outcome.key for outcome in section.required_outcomes]
        assert len(set(keys)) == len(keys)
        assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", key) for key in keys)


def shingles(text):
    """The fingerprints of each run of 8 words, made as the head of the committed list says."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    runs = (" ".join(words[start : start + 8]) for start in range(len(words) - 7))
    return {hashlib.sha256(run.encode()).hexdigest()[:8] for run in runs}


def source_shingles():
    return {word for line in SHINGLES.splitlines() if not line.startswith("#") for word in line.split()}


def test_a_run_of_words_from_the_source_would_be_noticed():
    # Section 30's title is the source's own, and long enough to be caught if it were guidance.
    own_title = next(title for number, title, *_ in SECTIONS if number == 30)
    assert len(shingles(own_title)) == 3
    assert shingles(own_title) <= source_shingles()


def test_the_guidance_is_in_fresh_words(toolkit):
    guidance = [(section.number, section.summary) for section in toolkit.sections]
    guidance += [(s.number, outcome.text) for s in toolkit.sections for outcome in s.required_outcomes]
    beside = [*toolkit.ratings, *toolkit.group_notes, *toolkit.programme_own]
    guidance += [(0, one.text) for one in beside] + [(one.section, one.reading) for one in toolkit.readings]
    known = source_shingles()
    assert [(number, text) for number, text in guidance if shingles(text) & known] == []


def test_the_document_of_the_first_toolkit_gives_it_back(toolkit):
    assert toolkit_from_document(toolkit_document(toolkit)) == toolkit


def block(number):
    """The lines of one section in the file, with the line break that ends them."""
    start = TEXT.index(f"  - number: {number}\n")
    end = TEXT.find("\n  - number: ", start) + 1
    return TEXT[start : end or len(TEXT)]


def test_sections_may_stand_in_any_order_and_come_out_in_number_order(toolkit):
    moved = TEXT.replace(block(3), "") + "\n" + block(3)
    assert read_toolkit(moved, name="moved.yaml") == toolkit


def test_another_version_may_set_its_own_minima_thresholds_and_exemptions():
    own = (
        block(20)
        .replace("go_live_minimum: GREEN", "go_live_minimum: AMBER")
        .replace("commissioning_required: false", "commissioning_required: true")
        .replace("staffing_threshold_percent: null", "staffing_threshold_percent: 1")
        .replace("exemptible_for: []", "exemptible_for: [open]")
    )
    text = TEXT.replace(block(20), own).replace("version: 2006-09.2", "version: 2010-12-b2")
    toolkit = read_toolkit(text, name="2010-12-b2.yaml")
    section = toolkit.section(20)
    assert toolkit.version == "2010-12-b2"
    assert (section.go_live_minimum, section.commissioning_required) == (Rating.AMBER, True)
    assert (section.staffing_threshold_percent, section.exemptible_for) == (1, (Function.OPEN,))


def test_a_staffing_threshold_may_be_left_out(toolkit):
    text = TEXT.replace("    staffing_threshold_percent: null\n", "")
    assert text != TEXT
    assert read_toolkit(text, name="short.yaml") == toolkit


def test_words_that_yaml_would_take_for_something_else_stay_text():
    text = TEXT.replace("title: OCA", "title: No").replace("title: Release", "title: 2006-09-01")
    toolkit = read_toolkit(text, name="words.yaml")
    assert (toolkit.section(31).title, toolkit.section(34).title) == ("No", "2006-09-01")


def faults_of(text):
    with pytest.raises(ToolkitFileFault) as refusal:
        read_toolkit(text, name="2006-09.2.yaml")
    return refusal.value.faults


def spoilt(number, old, new):
    """The file with a change inside one section (0 is what comes before them), and the changed line."""
    part = block(number) if number else TEXT[: TEXT.index("\nsections:\n")]
    assert old in part, f"section {number} has no {old!r}"
    text = TEXT.replace(part, part.replace(old, new, 1))
    line = TEXT.count("\n", 0, TEXT.index(part) + part.index(old)) + 1
    return text, line


ONE_FAULT = [
    # In section, what it says, what it says instead, the fault named at the changed line.
    (
        0,
        "version: 2006-09.2",
        "version: 2006-13",
        "version must be a year and a month, such as 2006-09, and may add",
    ),
    (0, "version: 2006-09.2", "version: 2006-00", "version must be a year and a month"),
    (0, "version: 2006-09.2", "version: 2006-9", "version must be a year and a month"),
    (0, "version: 2006-09.2", "version: 2006-09-B", "version must be a year and a month"),
    (0, "version: 2006-09.2", f"version: 2006-09-{'b' * 40}", "version is longer than 32 characters"),
    (0, "version: 2006-09.2", "version: 200609", "version must be text, and not 200609"),
    (0, "title: IDTS imp", "colour: red\ntitle: IDTS imp", "colour is not a key that is known here"),
    (
        0,
        "title: IDTS implementation toolkit, about September 2006",
        "title:",
        "title must be text, and not nothing",
    ),
    (0, "months: 12", "months: 0", "evidence_stale_after_months must be 1 or more, and not 0"),
    (0, "months: 12", "months: 12.5", "evidence_stale_after_months must be a whole number, and not '12.5'"),
    (
        0,
        "required: true",
        "required: yes",
        "signatory_roles, entry 1, required must be true or false, and not 'yes'",
    ),
    (
        0,
        "required: true",
        "required: 1",
        "signatory_roles, entry 1, required must be true or false, and not 1",
    ),
    (0, "required: true", "required: 'true'", "signatory_roles, entry 1, required must be true or false"),
    (0, "key: idts_lead", "key: governor", "signatory_roles, entry 2, key is 'governor' a second time"),
    (0, "key: idts_lead", "key: IDTS lead", "signatory_roles, entry 2, key must be lower-case words"),
    (0, "field: delay_causes", "field: signatory_roles", "programme_own, entry 3, field is 'signatory_roles' a second"),
    (0, "field: delay_causes", "field: delay causes", "programme_own, entry 3, field must be lower-case words"),
    (0, "rating: AMBER", "rating: ORANGE", "ratings, entry 2, rating must be 'RED', 'AMBER' or 'GREEN', and not"),
    (0, "rating: AMBER", "rating: RED", "ratings, entry 2, rating is 'RED' a second time; keep one"),
    (0, "group: Workforce", "group: Staff", "group_notes, entry 1, group is 'Staff', which is not among the groups"),
    (0, "section: 5", "section: 36", "readings, entry 1, section must be 35 or less, and not 36"),
    (0, "key: training", "key: staffing", "delay_causes, entry 4, key is 'staffing' a second time; keep one"),
    (0, "title: Another cause", "title:", "delay_causes, entry 6, title must be text, and not nothing"),
    (2, "title: EDP (Establishment Delivery Plan)", 'title: ""', "section 2, title is empty"),
    (2, "title: EDP (Establishment Delivery Plan)", 'title: "  "', "section 2, title is empty"),
    (2, "title: EDP", f"title: {'E' * 201}", "section 2, title is longer than 200 characters"),
    (
        2,
        "summary: >-",
        f"summary: >-\n      {'s' * 1000}",
        "section 2, summary is longer than 1,000 characters",
    ),
    (
        2,
        "summary: >-",
        "summary: |-\n      Two\n",
        "section 2, summary has a line break or control character",
    ),
    (2, "text: The", f"text: {'t' * 500}", "required_outcomes, entry 1, text is longer than 500 characters"),
    (2, "go_live_minimum: GREEN", "go_live_minimum: RED", "section 2, go_live_minimum cannot be RED"),
    (2, "go_live_minimum: GREEN", "go_live_minimum: green", "must be 'AMBER' or 'GREEN', and not 'green'"),
    (2, "go_live_minimum: GREEN", "go_live_minimum: PURPLE", "must be 'AMBER' or 'GREEN', and not 'PURPLE'"),
    (
        2,
        "_required: true",
        "_required: on",
        "section 2, commissioning_required must be true or false, and not 'on'",
    ),
    (
        2,
        "exemptible_for: []",
        "exemptible_for: [castle]",
        "section 2, exemptible_for, entry 1 must be 'local', ",
    ),
    (
        2,
        "exemptible_for: []",
        "exemptible_for: open",
        "section 2, exemptible_for must be a list, and not 'open'",
    ),
    (
        2,
        "exemptible_for: []",
        "exemptible_for: [open, open]",
        "exemptible_for, entry 2 is 'open' a second time",
    ),
    (
        2,
        "group: Planning",
        "group: Plans",
        "section 2, group is 'Plans for delivery', which is not among the groups",
    ),
    (
        2,
        "group: Planning for delivery",
        "group: [Workforce]",
        "section 2, group must be text, and not a list",
    ),
    (
        2,
        "staffing_threshold_percent: null",
        "staffing_threshold_percent: 0",
        "percent must be 1 or more, and not 0",
    ),
    (
        14,
        "percent: 75",
        "percent: 101",
        "section 14, staffing_threshold_percent must be 100 or less, and not 101",
    ),
    (
        14,
        "percent: 75",
        "percent: 75%",
        "section 14, staffing_threshold_percent must be a whole number, and not '75%'",
    ),
    (14, "percent: 75", "percent: true", "staffing_threshold_percent must be a whole number, and not true"),
    (14, "percent: 75", "percent: '75'", "staffing_threshold_percent must be a whole number, and not '75'"),
    (
        1,
        "key: action_plan_produced",
        "key: local_team_established",
        "required_outcomes, entry 3, key is 'local_team",
    ),
    (
        1,
        "key: action_plan_produced",
        "key: Action-plan",
        "section 1, required_outcomes, entry 3, key must be lower",
    ),
]


@pytest.mark.parametrize(("number", "old", "new", "detail"), ONE_FAULT)
def test_a_fault_is_named_at_its_line_and_nothing_else_is(number, old, new, detail):
    text, line = spoilt(number, old, new)
    (fault,) = faults_of(text)
    assert fault.line == line
    assert detail in fault.detail


def test_a_missing_key_is_named_at_the_head_of_its_entry():
    text, _ = spoilt(2, "    exemptible_for: []\n", "")
    head = text[: text.index("  - number: 2\n")].count("\n") + 1
    assert faults_of(text) == (Fault(head, "section 2, exemptible_for is missing; add it"),)


def test_a_misspelt_key_is_both_unknown_and_missing():
    text, line = spoilt(2, "title: EDP", "titel: EDP")
    assert faults_of(text) == (
        Fault(line - 1, "section 2, title is missing; add it"),
        Fault(line, "section 2, titel is not a key that is known here; remove it"),
    )


def test_a_number_given_twice_is_named_at_the_second_and_the_lost_one_at_the_list():
    text, line = spoilt(8, "number: 8", "number: 7")
    sections = text[: text.index("\nsections:\n") + 1].count("\n") + 1
    assert faults_of(text) == (
        Fault(sections, "sections has no 8; give each of 1 to 35 once"),
        Fault(line, "section 7 appears twice; give each number once"),
    )


@pytest.mark.parametrize(("wrong", "limit"), [("0", "1 or more"), ("36", "35 or less"), ("-35", "1 or more")])
def test_a_number_out_of_range_is_named_and_leaves_its_section_missing(wrong, limit):
    text, line = spoilt(35, "number: 35", f"number: {wrong}")
    missing, out_of_range = faults_of(text)
    assert missing.detail == "sections has no 35; give each of 1 to 35 once"
    assert out_of_range == Fault(line, f"section {wrong} must be {limit}, and not {wrong}")


def test_every_missing_section_is_named():
    text = TEXT.replace(block(12), "").replace(block(30), "").replace("  - IDTS integrated working\n", "")
    (fault,) = faults_of(text)
    assert fault.detail == "sections has no 12, 30; give each of 1 to 35 once"


def test_a_key_given_twice_is_refused_at_the_second():
    text, line = spoilt(2, "    go_live_minimum: GREEN\n", "    title: EDP\n    go_live_minimum: GREEN\n")
    assert faults_of(text) == (Fault(line, "the key 'title' appears twice; keep one"),)


def test_a_group_without_a_section_is_refused():
    text, line = spoilt(0, "  - Workforce\n", "  - Workforce\n  - Catering\n")
    assert faults_of(text) == (
        Fault(line + 1, "groups, entry 5 is 'Catering', which has no section; remove it or put a section in it"),
    )


def test_a_group_given_twice_is_refused():
    text, line = spoilt(0, "  - Workforce\n", "  - Workforce\n  - Workforce\n")
    assert faults_of(text) == (Fault(line + 1, "groups, entry 5 is 'Workforce' a second time; keep one"),)


def test_a_group_has_one_note():
    text, line = spoilt(0, "group: Continuity of care", "group: Workforce")
    assert faults_of(text) == (Fault(line, "group_notes, entry 2, group is 'Workforce' a second time; keep one"),)


def test_the_meaning_of_a_rating_that_is_left_out_is_named():
    start, end = TEXT.index("  - rating: AMBER"), TEXT.index("  - rating: GREEN")
    line = TEXT.count("\n", 0, TEXT.index("\nratings:") + 1) + 1
    detail = "ratings does not say what AMBER means; give all three ratings or none"
    assert faults_of(TEXT[:start] + TEXT[end:]) == (Fault(line, detail),)


def test_a_section_without_required_outcomes_is_refused():
    start, end = block(2).index("    required_outcomes:"), block(2).index("    go_live_minimum")
    text, line = spoilt(2, block(2)[start:end], "    required_outcomes: []\n")
    assert faults_of(text) == (Fault(line, "section 2, required_outcomes is an empty list; give at least one entry"),)


def test_a_toolkit_that_no_signatory_must_sign_is_refused():
    text = TEXT.replace("required: true\n  - key", "required: false\n  - key")
    text = text.replace("required: true\n\nsections", "required: false\n\nsections")
    line = text[: text.index("signatory_roles:")].count("\n") + 1
    assert faults_of(text) == (
        Fault(line, "signatory_roles has no role that is required; a statement needs at least one"),
    )


def test_a_nul_character_is_refused_even_when_it_is_written_as_an_escape():
    text, line = spoilt(31, "title: OCA", 'title: "OCA\\0"')
    (fault,) = faults_of(text)
    assert (fault.line, fault.detail[:43]) == (line, "section 31, title has a line break or contr")


def test_anchors_aliases_and_tags_are_refused_each_at_its_line():
    text, first = spoilt(0, "title: Governor", "title: &who Governor")
    text = text.replace("title: CARAT manager", "title: *who").replace("title: OCA", "title: !!str OCA")
    found = {fault.detail: fault.line for fault in faults_of(text)}
    assert found == {
        "&who is an anchor; remove it": first,
        "*who is an alias; write its value out instead": text[: text.index("title: *who")].count("\n") + 1,
        "tag:yaml.org,2002:str is a tag; remove it": text[: text.index("title: !!str")].count("\n") + 1,
    }


@pytest.mark.parametrize(
    ("text", "line", "detail"),
    [
        ("", 1, "the file is empty"),
        ("# nothing but a comment\n", 1, "the file is empty"),
        ("just words\n", 1, "the file must be keys and values, and not 'just words'"),
        ("- a\n- list\n", 1, "the file must be keys and values, and not a list"),
        (
            "version: 2006-09.2\ngroups: [one\n",
            3,
            "this is not YAML: expected ',' or ']', but got '<stream end>'",
        ),
        (
            "version: 2006-09.2\n\ttitle: x\n",
            2,
            "this is not YAML: found character '\\t' that cannot start any token",
        ),
        ("version: 2006-09.2\ntitle: a\x07b\n", 2, "this is not YAML: character U+0007 is not allowed"),
        ("version: 2006-09.2\n---\ntitle: x\n", 2, "this is not YAML: but found another document"),
        (
            'title: "\\U00110000"\n',
            1,
            "this is not YAML: it holds an escape or a number that is out of range",
        ),
        ("title:\n  " + "[" * 5_000, 2, "nested more than 10 levels deep; flatten it"),
        ("#" * 200_001, 1, "longer than 200,000 characters; shorten the file"),
    ],
)
def test_what_cannot_be_read_as_one_plain_yaml_mapping_is_refused(text, line, detail):
    assert faults_of(text) == (Fault(line, detail),)


def test_a_key_that_is_not_text_is_refused():
    assert Fault(2, "a list or mapping is used as a key; use a text") in faults_of("version: 2006-09.2\n[a]: b\n")


def test_entries_of_the_wrong_kind_are_named_by_their_place():
    faults = faults_of("sections:\n  - 7\n  - number: true\nsignatory_roles: none\ngroups:\n  - 1\n")
    assert {
        Fault(2, "sections, entry 1 must be keys and values, and not 7"),
        Fault(3, "sections, entry 2, number must be a whole number, and not true"),
        Fault(4, "signatory_roles must be a list, and not 'none'"),
    } <= set(faults)
    assert [fault.line for fault in faults if fault.detail.startswith("groups, entry 1 must be text")] == [6]


def test_every_fault_of_a_file_is_named_in_line_order_one_a_line():
    text, first = spoilt(0, "months: 12", "months: 0")
    text = text.replace("title: OCA", "title: ''").replace("title: Release", "title: []")
    with pytest.raises(ToolkitFileFault) as refusal:
        read_toolkit(text, name="2006-09.2.yaml")
    oca = text[: text.index("title: ''")].count("\n") + 1
    release = text[: text.index("title: []")].count("\n") + 1
    assert str(refusal.value).splitlines() == [
        f"2006-09.2.yaml, line {first}: evidence_stale_after_months must be 1 or more, and not 0",
        f"2006-09.2.yaml, line {oca}: section 31, title is empty; write it or remove the entry",
        f"2006-09.2.yaml, line {release}: section 34, title must be text, and not a list; "
        "put quotes round a text that looks like something else",
    ]
