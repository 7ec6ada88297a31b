"""Walking the audit chains: whatever is altered, removed or moved is named at its place."""

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.rules.audit import GENESIS, HASHED_FIELDS, entry_hash
from app.rules.audit_walk import AuditFault, AuditWalk, Mark

CHAINS = ("LWI", "MSI", "service")
LENGTH = 6
TEXT_FIELDS = [name for name in HASHED_FIELDS if name not in ("chain", "seq")]


@dataclass
class Trail:
    """Entries in the order in which they are stored, and where the chains are said to end."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    marks: dict[str, list[Mark]] = field(default_factory=dict)

    def append(self, chain: str, **more: Any) -> None:
        seq, previous = self.heads.get(chain, (0, GENESIS))
        entry: dict[str, Any] = {name: f"{name} {seq + 1}" for name in HASHED_FIELDS}
        entry |= {"chain": chain, "seq": seq + 1, "previous_hash": previous} | more
        entry |= {"hash": entry_hash(entry), "id": len(self.entries) + 1}
        self.entries.append(entry)
        self.heads[chain] = (seq + 1, entry["hash"])

    def mark(self, checkpoint: int = 1) -> None:
        """What a checkpoint over the heads as they are would say."""
        for chain, (seq, found) in self.heads.items():
            self.marks.setdefault(chain, []).append(Mark(checkpoint, seq, found))

    def of(self, chain: str) -> list[dict[str, Any]]:
        return sorted((one for one in self.entries if one["chain"] == chain), key=lambda one: one["seq"])

    def place(self, chain: str, seq: int) -> int:
        return self.entries.index(self.of(chain)[seq - 1])

    def rewrite(self, chain: str, seq: int, **changed: Any) -> None:
        """Alter an entry and mend every hash from it to the head, as somebody with the database could."""
        previous = self.of(chain)[seq - 1]["previous_hash"]
        self.of(chain)[seq - 1].update(changed)
        for entry in self.of(chain)[seq - 1 :]:
            entry["previous_hash"] = previous
            entry["hash"] = previous = entry_hash(entry)
        self.rewind(chain)

    def rewind(self, chain: str) -> None:
        """Let the head name the last entry that there is."""
        last = self.of(chain)[-1]
        self.heads[chain] = (last["seq"], last["hash"])

    def faults(self) -> list[AuditFault]:
        walk = AuditWalk(self.heads, self.marks)
        for entry in sorted(self.entries, key=lambda one: (one["chain"], one["seq"])):
            walk.entry(entry)
        walk.close()
        assert walk.entries == len(self.entries)
        return list(walk.faults.values())


def written() -> Trail:
    """A trail of three chains, written in turns."""
    trail = Trail()
    for _ in range(LENGTH):
        for chain in CHAINS:
            trail.append(chain)
    return trail


chains = st.sampled_from(CHAINS)
places = st.integers(1, LENGTH)
two_places = st.sampled_from(list(combinations(range(1, LENGTH + 1), 2)))


def only(trail: Trail) -> AuditFault:
    (fault,) = trail.faults()
    return fault


@given(st.lists(st.tuples(chains, st.booleans()), max_size=30))
def test_an_untouched_trail_is_intact_wherever_checkpoints_fall(steps):
    event(f"{len({chain for chain, _ in steps})} chains")
    event("with checkpoints" if any(is_marked for _, is_marked in steps) else "without checkpoints")
    trail = Trail()
    for number, (chain, is_marked) in enumerate(steps):
        trail.append(chain)
        if is_marked:
            trail.mark(number)
    assert trail.faults() == []


@given(chains, places, st.sampled_from([*TEXT_FIELDS, "hash"]), st.sampled_from(["", "x", None, b"x", "\udcff"]))
def test_an_altered_field_is_named_at_its_entry(chain, seq, name, value):
    trail = written()
    trail.of(chain)[seq - 1][name] = value
    fault = only(trail)
    assert (fault.chain, fault.seq) == (chain, seq)
    assert f"entry {seq}" in fault.detail


@given(chains, places, st.data())
def test_a_single_flipped_character_is_named_at_its_entry(chain, seq, data):
    trail = written()
    entry = trail.of(chain)[seq - 1]
    name = data.draw(st.sampled_from([*TEXT_FIELDS, "hash"]))
    place = data.draw(st.integers(0, len(entry[name]) - 1))
    entry[name] = entry[name][:place] + chr(ord(entry[name][place]) ^ 1) + entry[name][place + 1 :]
    assert (only(trail).chain, only(trail).seq) == (chain, seq)


@given(chains, places)
def test_a_removed_entry_is_named_where_it_is_missing(chain, seq):
    trail = written()
    del trail.entries[trail.place(chain, seq)]
    fault = only(trail)
    assert (fault.chain, fault.seq) == (chain, seq)
    assert f"entry {seq} is missing" in fault.detail


@given(chains, two_places)
def test_two_swapped_entries_are_named_at_the_first_of_them(chain, places):
    one, other = places
    trail = written()
    first, second = trail.of(chain)[one - 1], trail.of(chain)[other - 1]
    first["seq"], second["seq"] = second["seq"], first["seq"]
    assert (only(trail).chain, only(trail).seq) == (chain, one)


@given(chains, two_places)
def test_two_entries_that_a_list_would_show_in_each_others_place_are_named(chain, places):
    one, other = places
    trail = written()
    first, second = trail.of(chain)[one - 1], trail.of(chain)[other - 1]
    first["id"], second["id"] = second["id"], first["id"]
    assert (only(trail).chain, only(trail).seq) == (chain, one + 1)


@given(st.permutations(CHAINS), places)
def test_entries_swapped_between_chains_are_named_in_both(order, seq):
    one, other, _ = order
    trail = written()
    first, second = trail.of(one)[seq - 1], trail.of(other)[seq - 1]
    first["chain"], second["chain"] = other, one
    assert {(fault.chain, fault.seq) for fault in trail.faults()} == {(one, seq), (other, seq)}


@given(chains, places)
def test_an_entry_that_is_there_twice_is_named(chain, seq):
    trail = written()
    trail.entries.append(dict(trail.of(chain)[seq - 1]))
    fault = only(trail)
    assert (fault.chain, fault.seq) == (chain, seq)
    assert "twice" in fault.detail


@given(chains, places)
def test_an_entry_moved_to_another_chain_is_missing_from_its_own(chain, seq):
    trail = written()
    trail.of(chain)[seq - 1]["chain"] = "XXX"
    assert (chain, seq) in {(fault.chain, fault.seq) for fault in trail.faults()}
    assert "XXX" in {fault.chain for fault in trail.faults()}


@given(chains, st.integers(1, LENGTH - 1), st.booleans())
def test_a_dropped_tail_is_named_by_the_head(chain, kept, is_marked):
    trail = written()
    if is_marked:
        trail.mark()
    for entry in trail.of(chain)[kept:]:
        trail.entries.remove(entry)
    assert (only(trail).chain, only(trail).seq) == (chain, kept + 1)


@given(chains, st.integers(1, LENGTH - 1))
def test_a_dropped_tail_under_a_rewound_head_is_named_by_a_checkpoint(chain, kept):
    trail = written()
    trail.mark(checkpoint=9)
    for entry in trail.of(chain)[kept:]:
        trail.entries.remove(entry)
    trail.rewind(chain)
    fault = only(trail)
    assert (fault.chain, fault.seq) == (chain, kept + 1)
    assert "checkpoint 9" in fault.detail


def test_a_dropped_tail_under_a_rewound_head_is_not_seen_where_no_checkpoint_saw_it():
    """What checkpoints are for: until one is signed, whoever owns the database can drop the newest entries."""
    trail = written()
    trail.mark()
    trail.append("LWI")
    trail.entries.pop()
    trail.rewind("LWI")
    assert trail.faults() == []


@given(chains, places, st.sampled_from(["actor_name", "action", "after_digest"]))
def test_a_chain_rewritten_consistently_is_named_where_a_checkpoint_saw_it_otherwise(chain, seq, name):
    trail = written()
    trail.mark(checkpoint=3)
    trail.append(chain)
    trail.rewrite(chain, seq, **{name: "forged"})
    fault = only(trail)
    assert (fault.chain, fault.seq) == (chain, LENGTH)
    assert "checkpoint 3" in fault.detail


@given(chains, places)
def test_a_rewritten_chain_is_named_at_the_first_checkpoint_after_what_was_rewritten(chain, seq):
    trail = Trail()
    for number in range(1, LENGTH + 1):
        trail.append(chain)
        trail.mark(number)
    trail.rewrite(chain, seq, actor_name="forged")
    assert (only(trail).chain, only(trail).seq) == (chain, seq)


@given(chains)
def test_a_whole_chain_removed_with_its_head_is_named_by_a_checkpoint(chain):
    trail = written()
    trail.mark()
    trail.entries = [one for one in trail.entries if one["chain"] != chain]
    del trail.heads[chain]
    assert (only(trail).chain, only(trail).seq) == (chain, 1)


@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_without_a_head_is_named(chain):
    trail = written()
    del trail.heads[chain]
    assert only(trail) == AuditFault(chain, 1, "the chain has entries but no head")


@pytest.mark.parametrize(
    ("head", "seq"),
    [((LENGTH, "0" * 64), LENGTH), ((LENGTH - 1, None), LENGTH), ((LENGTH + 2, None), LENGTH + 1)],
)
def test_a_head_that_names_another_end_is_named(head, seq):
    trail = written()
    trail.heads["MSI"] = (head[0], head[1] or trail.heads["MSI"][1])
    assert (only(trail).chain, only(trail).seq) == ("MSI", seq)


def test_only_the_first_fault_of_a_chain_is_named_and_every_faulty_chain_is():
    trail = written()
    for chain, seq in (("LWI", 5), ("LWI", 2), ("service", 4)):
        trail.of(chain)[seq - 1]["subject"] = "forged"
    assert {(fault.chain, fault.seq) for fault in trail.faults()} == {("LWI", 2), ("service", 4)}
