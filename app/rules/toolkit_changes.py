"""What one version of the toolkit changes in another, and what it makes of a prison's verdict."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.rules.assessment import differences
from app.rules.readiness import ReadinessView
from app.rules.toolkit import Toolkit, toolkit_document
from app.rules.types import Blocker

_BY_KEY = ("sections", "signatory_roles", "required_outcomes")


def toolkit_changes(old: Toolkit, new: Toolkit) -> dict[str, Any]:
    """All that differs from one version to another, as plain JSON values; sections that do not are left out.

    An outcome or a role is the same one as long as its key is; `from` or `to` is None where a version lacks it.
    """
    before, after = toolkit_document(old), toolkit_document(new)
    sections = [
        {"number": now["number"], "title": now["title"], "fields": fields, "outcomes": outcomes}
        for was, now in zip(before["sections"], after["sections"], strict=True)
        if [fields := _fields(was, now), outcomes := _outcomes(was, now)] != [[], []]
    ]
    return {
        "from": old.version,
        "to": new.version,
        "fields": _fields(before, after),
        "signatory_roles": _by_key(_roles(before), _roles(after)),
        "sections": sections,
    }


def _fields(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in differences(was, now) if one["field"] not in _BY_KEY]


def _outcomes(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _by_key(*({one["key"]: one["text"] for one in section["required_outcomes"]} for section in (was, now)))


def _roles(document: Mapping[str, Any]) -> dict[str, Any]:
    return {one["key"]: one for one in document["signatory_roles"]}


def _by_key(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What stands under each key before and after, where the two differ; what is gone comes last."""
    return [
        {"key": key, "from": was.get(key), "to": now.get(key)} for key in {**now, **was} if was.get(key) != now.get(key)
    ]


def verdict_changes(before: ReadinessView, after: ReadinessView) -> Iterator[str]:
    """What a change of toolkit makes of a verdict, in phrases; none where the verdict stays the same."""
    if before.stage is not after.stage:
        yield f"{_words(after.stage)}, was {_words(before.stage)}"
    was, now = _blockers(before), _blockers(after)
    for gate, name in (("commissioning", "commissioning"), ("go_live", "going live")):
        in_way, before_it = ({number for number, rule in found if rule == gate} for found in (now, was))
        if added := in_way - before_it:
            yield f"{_sections(added)} now in the way of {name}"
        if gone := before_it - in_way:
            yield f"{_sections(gone)} no longer in the way of {name}"
    if reworded := {number for number, rule in was.keys() & now.keys() if was[number, rule] != now[number, rule]}:
        yield f"other words for what is missing in {_sections(reworded)}"


def _blockers(view: ReadinessView) -> dict[tuple[int, str], Blocker]:
    return {(one.section, one.rule): one for one in (*view.commissioning.blockers, *view.go_live.blockers)}


def _words(stage: str) -> str:
    return stage.replace("_", " ")


def _sections(numbers: set[int]) -> str:
    return f"section{'s' if len(numbers) > 1 else ''} {', '.join(map(str, sorted(numbers)))}"
