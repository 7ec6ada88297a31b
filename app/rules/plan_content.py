"""A plan written whole, from outside: which rows are those that it had, and which are new."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.rules.dates_in_words import Period
from app.rules.plan_document import PlanDocument, PlanPart, Row, State, action_state, free_ref, period_of, plain_ref
from app.rules.types import Reason

# By what a row is known again, the surest first.
_SECTION_KEYS = (("number", "title"), ("number",), ("title",))
_KEYS = {
    PlanPart.SECTION: _SECTION_KEYS,
    PlanPart.OBJECTIVE: (("reference", "title"), ("reference",), ("title",)),
    PlanPart.ACTION: (("reference", "text"), ("reference",), ("text",)),
}


@dataclass(frozen=True, slots=True)
class Written:
    """What comes of it: the plan, where each row stands in the content, the updates that it tells of each row, and
    what is wrong with it."""

    plan: PlanDocument
    pointers: Mapping[int, str]
    updates: Sequence[tuple[int, State]]
    faults: Sequence[Reason]


def with_content(before: PlanDocument, sections: Sequence[State]) -> Written:
    """The plan with this content in place of what it has. A row that is known again keeps its number, its history and
    its reference, and where it came from unless something in it differs."""
    writing = _Writing(before, period_of(before.state), before.state["last_row"])
    old: dict[int, Any] = dict(before.outline)
    outline = []
    for number, section, at in writing.rows(PlanPart.SECTION, sections, list(old), ""):
        former = dict(old.get(number, ()))
        outline.append([number, writing.objectives(section["objectives"], former, at)])
    writing.name_rows(outline)
    plan = PlanDocument({**before.state, "outline": outline, "last_row": writing.last}, writing.made)
    return Written(plan, writing.pointers, writing.updates, writing.faults)


@dataclass(slots=True)
class _Writing:
    before: PlanDocument
    period: Period | None
    last: int
    made: dict[int, Row] = field(default_factory=dict)
    pointers: dict[int, str] = field(default_factory=dict)
    updates: list[tuple[int, State]] = field(default_factory=list)
    faults: list[Reason] = field(default_factory=list)

    def objectives(self, given: Sequence[State], former: Mapping[int, list[int]], at: str) -> list[Any]:
        self._refuse_twice(given, at)
        found = []
        for number, objective, place in self.rows(PlanPart.OBJECTIVE, given, list(former), at):
            actions = self.rows(PlanPart.ACTION, objective["actions"], former.get(number, []), place)
            found.append([number, [action for action, *_ in list(actions)]])
        return found

    def rows(
        self, kind: PlanPart, given: Sequence[State], former: Sequence[int], at: str
    ) -> Iterator[tuple[int, State, str]]:
        """Each row of the content with its number, those that are known again with the one that they had."""
        known = paired(given, {number: self.before.rows[number].state for number in former}, _KEYS[kind])
        for place, (one, number) in enumerate(zip(given, known, strict=True)):
            pointer = f"{at}/{kind.value}s/{place}"
            if number is None:
                self.last = number = self.last + 1
            self.pointers[number] = pointer
            self.updates += [(number, update) for update in one.get("updates", ())]
            self.made[number] = self._row(kind, number, one)
            yield number, one, pointer

    def _row(self, kind: PlanPart, number: int, given: State) -> Row:
        state = {name: value for name, value in given.items() if name not in ("objectives", "actions", "updates")}
        if kind is PlanPart.ACTION:
            state = {"review": None, **action_state(state, self.period)}
        old = self.before.rows.get(number)
        if old is None:
            return Row(kind, state if kind is PlanPart.SECTION else {"ref": "", **state})
        if kind is PlanPart.ACTION:
            # The review that an action came from stays with it: no paper tells of it.
            state["review"] = state.get("review") or old.state["review"]
        state = {**old.state, **state}
        return Row(kind, old.state if without_source(state) == without_source(old.state) else state, old.version)

    def name_rows(self, outline: Sequence[Any]) -> None:
        """Give new objectives and actions their references; those that stay keep theirs."""
        for kind in (PlanPart.OBJECTIVE, PlanPart.ACTION):
            taken = {row.state["ref"] for row in self.made.values() if row.kind is kind}
            for within, number in _with_what_they_lie_in(outline, kind):
                row = self.made[number]
                if not row.state["ref"]:
                    lies_in = self.made[within].state
                    named = lies_in.get("ref") or plain_ref(lies_in.get("number") or "")
                    ref = free_ref(row.state["reference"], named, number, taken)
                    taken.add(ref)
                    self.made[number] = Row(kind, {**row.state, "ref": ref}, row.version)

    def _refuse_twice(self, objectives: Sequence[State], at: str) -> None:
        seen: set[Hashable] = set()
        for place, one in enumerate(objectives):
            name = one["reference"] or one["title"]
            if name and name.casefold() in seen:
                detail = f"Objective {name} stands twice in this planning section: give each its own reference."
                self.faults.append(Reason("objective-twice", detail, f"{at}/objectives/{place}"))
            seen.add(name.casefold())


def without_source(state: State) -> dict[str, Any]:
    """All that a row says, apart from where it was read."""
    return {name: value for name, value in state.items() if name != "provenance"}


def paired(given: Sequence[State], old: Mapping[int, State], keys: Sequence[Sequence[str]]) -> list[int | None]:
    """For each of the rows that are given the old one that it is, by the surest key that finds it; None for a new
    one. Each old row is found once; one that has neither a reference nor a title is known by its place among such."""
    found: list[int | None] = [None] * len(given)
    free = dict(old)
    for names in keys:
        key_of = _key(names)
        by_key: dict[Any, list[int]] = {}
        for number, state in free.items():
            by_key.setdefault(key_of(state), []).append(number)
        for place, one in enumerate(given):
            key = key_of(one)
            if found[place] is None and (names is keys[0] or all(key)) and by_key.get(key):
                found[place] = number = by_key[key].pop(0)
                del free[number]
    return found


def _key(names: Sequence[str]) -> Callable[[State], tuple[Any, ...]]:
    return lambda state: tuple(state[name] for name in names)


def _with_what_they_lie_in(outline: Sequence[Any], kind: PlanPart) -> Iterator[tuple[int, int]]:
    for section, objectives in outline:
        for objective, actions in objectives:
            if kind is PlanPart.OBJECTIVE:
                yield section, objective
            else:
                yield from ((objective, action) for action in actions)
