"""A section assessment as a value: merging, telling what changed, and the way into the history and back."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.rules.assessment import (
    PLAIN_FIELDS,
    Answers,
    Assessment,
    EvidenceRef,
    Exemption,
    Stamp,
    differences,
    from_state,
    merged,
    state_document,
    with_exemption,
)
from app.rules.types import OutcomeStatus, Rating, SectionFacts


def changes_between(before: Assessment, after: Assessment) -> list[dict[str, Any]]:
    """What the history tells of a change: the fields of the two states that differ."""
    return differences(state_document(before), state_document(after))


law = settings(deadline=None)
keys = st.sampled_from(["agreed", "in_place", "signed", "trained"])
refs = st.builds(EvidenceRef, st.uuids().map(str), st.dates(), st.booleans())
texts = st.none() | st.text(min_size=1, max_size=30)
figures = st.none() | st.decimals(0, 10_000, places=2)
exemptions = st.builds(Exemption, st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=10), st.text())
outcomes = st.dictionaries(keys, st.sampled_from(OutcomeStatus)).map(lambda found: dict(sorted(found.items())))
assessments = st.builds(
    Assessment,
    number=st.integers(1, 35),
    version=st.integers(0, 50),
    rating=st.sampled_from(Rating),
    comment=texts,
    lead=texts,
    target_date=st.none() | st.dates(),
    staff_in_post=figures,
    staff_required=figures,
    outcomes=outcomes,
    evidence=st.lists(refs, max_size=3, unique_by=lambda one: one.id).map(tuple),
    exemption=st.none() | exemptions,
)
plain_changes = st.fixed_dictionaries(
    {},
    optional={
        "rating": st.sampled_from(Rating),
        "comment": texts,
        "lead": texts,
        "target_date": st.none() | st.dates(),
        "staff_in_post": figures,
        "staff_required": figures,
    },
)
outcome_changes = st.none() | st.dictionaries(keys, st.none() | st.sampled_from(OutcomeStatus))
added_items = st.lists(refs, max_size=2).map(tuple)


def test_a_section_never_touched_is_red_at_version_nought():
    one = Assessment(7)
    assert (one.rating, one.version, one.evidence, one.exemption) == (Rating.RED, 0, (), None)
    assert one.facts().is_exempt is False


@law
@given(assessments)
def test_the_rules_of_a_section_see_what_was_answered(one):
    assert one.facts() == SectionFacts(
        number=one.number,
        rating=one.rating,
        staff_in_post=one.staff_in_post,
        staff_required=one.staff_required,
        outcomes=dict(one.outcomes),
        evidence_count=len([item for item in one.evidence if item.sound]),
        is_exempt=one.exemption is not None,
    )


@law
@given(assessments)
def test_a_merge_of_nothing_changes_nothing(before):
    assert merged(before, {}, {}, ()) == before


@law
@given(assessments)
def test_a_merge_of_what_is_there_already_changes_nothing(before):
    given = {name: getattr(before, name) for name in PLAIN_FIELDS}
    assert merged(before, given, before.outcomes, ()) == before


@law
@given(assessments, plain_changes, outcome_changes, added_items)
def test_a_merge_sets_what_it_names_and_leaves_the_rest(before, given, told, added):
    after = merged(before, given, told, added)
    told = dict.fromkeys(before.outcomes) if told is None else told
    for name in PLAIN_FIELDS:
        assert getattr(after, name) == given.get(name, getattr(before, name))
    event("an outcome is cleared" if any(told.get(key, 0) is None for key in before.outcomes) else "none is cleared")
    for key in {*before.outcomes, *told}:
        assert after.outcomes.get(key) == (told[key] if key in told else before.outcomes.get(key))
    assert after.evidence == before.evidence + added
    assert (after.number, after.exemption) == (before.number, before.exemption)


@law
@given(assessments, plain_changes, outcome_changes, added_items)
def test_the_version_grows_by_one_exactly_where_something_changed(before, given, told, added):
    after = merged(before, given, told, added)
    changed = bool(changes_between(before, after))
    event("changed" if changed else "unchanged")
    assert after.version == before.version + changed


@law
@given(assessments, plain_changes, outcome_changes)
def test_merging_the_same_again_changes_nothing(before, given, told):
    once = merged(before, given, told, ())
    event("unchanged" if once == before else "changed")
    assert merged(once, given, told, ()) == once


@law
@given(assessments)
def test_the_state_document_gives_the_assessment_back(one):
    assert from_state(one.number, state_document(one)) == one
    assert from_state(one.number, json.loads(json.dumps(state_document(one)))) == one


@law
@given(assessments, plain_changes, outcome_changes, added_items)
def test_the_changes_lead_from_the_state_before_to_the_state_after(before, given, told, added):
    after = merged(before, given, told, added)
    state = state_document(before)
    for change in changes_between(before, after):
        assert state[change["field"]] == change["from"]
        state[change["field"]] = change["to"]
    assert from_state(before.number, state | {"version": after.version}) == after


@law
@given(assessments, st.none() | exemptions)
def test_an_exemption_is_a_version_of_its_own_and_touches_nothing_else(before, exemption):
    after = with_exemption(before, exemption)
    event("recorded" if exemption else "ended" if before.exemption else "never exempt")
    assert after.version == before.version + 1
    assert after.facts().is_exempt is (exemption is not None)
    assert {change["field"] for change in changes_between(before, after)} <= {"exemption"}


def test_a_cleared_field_is_told_as_null_in_the_history():
    before = Assessment(5, version=3, lead="A. Lead", target_date=date(2026, 11, 30))
    after = merged(before, {"lead": None, "target_date": date(2026, 11, 30) + timedelta(days=1)}, {}, ())
    assert changes_between(before, after) == [
        {"field": "lead", "from": "A. Lead", "to": None},
        {"field": "target_date", "from": "2026-11-30", "to": "2026-12-01"},
    ]


LATER = datetime(2026, 3, 3, tzinfo=UTC)
EARLIER = datetime(2026, 3, 2, tzinfo=UTC)


def test_answers_are_found_by_their_number():
    untouched = Answers(tuple(Assessment(number) for number in range(1, 36)), {})
    assert [untouched.of(number).number for number in range(1, 36)] == list(range(1, 36))
    assert (untouched.version, untouched.worked_at) == (0, None)
    assert untouched.letters == "R" * 35


def test_answers_take_new_versions_with_the_stamp_of_the_change_and_keep_the_rest():
    untouched = Answers(tuple(Assessment(number) for number in range(1, 36)), {})
    first = {5: Assessment(5, 1, Rating.AMBER), 7: Assessment(7, 1, Rating.GREEN)}
    once = untouched.with_versions(first, Stamp(EARLIER, "Lead"), is_own_work=True)
    twice = once.with_versions({7: Assessment(7, 2, Rating.RED)}, Stamp(LATER, "Regional lead"), is_own_work=False)
    assert once.letters == "RRRRARG" + "R" * 28
    assert twice.letters == "RRRRARR" + "R" * 28
    assert (once.version, twice.version) == (2, 3)
    assert once.stamps == {5: Stamp(EARLIER, "Lead"), 7: Stamp(EARLIER, "Lead")}
    assert twice.stamps == {5: Stamp(EARLIER, "Lead"), 7: Stamp(LATER, "Regional lead")}
    # Rule 9: what the region did is not the prison's own work.
    assert (once.worked_at, twice.worked_at) == (EARLIER, EARLIER)
    assert untouched.with_versions(first, Stamp(LATER, "Regional lead"), is_own_work=False).worked_at is None
    assert untouched == Answers(tuple(Assessment(number) for number in range(1, 36)), {})


def test_two_states_differ_field_by_field_and_not_by_their_version():
    old = state_document(Assessment(5, 1, Rating.AMBER, lead="A. Lead"))
    new = state_document(Assessment(5, 2, Rating.GREEN, lead="A. Lead"))
    assert differences(old, new) == [{"field": "rating", "from": "AMBER", "to": "GREEN"}]
    assert differences(old, old | {"version": 9}) == []
