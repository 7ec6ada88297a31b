"""Walking the audit chains: the first entry of each that was altered, removed or moved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.rules.audit import GENESIS, entry_hash


@dataclass(frozen=True, slots=True)
class AuditFault:
    """The first thing in a chain that is not as it was written: where, and what is wrong with it."""

    chain: str
    seq: int
    detail: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a chain stood when a checkpoint was signed."""

    checkpoint: int
    seq: int
    hash: str


@dataclass(slots=True)
class AuditWalk:
    """Give it every entry in the order of chain and number, then `close` it.

    `heads` is where each chain is said to end, `marks` where signed checkpoints say that it stood.
    """

    heads: Mapping[str, tuple[int, str]]
    marks: Mapping[str, list[Mark]]
    entries: int = 0
    faults: dict[str, AuditFault] = field(default_factory=dict)
    _ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    _ids: dict[str, int] = field(default_factory=dict)

    def entry(self, fields: Mapping[str, Any]) -> None:
        """One entry with the fields that its hash covers, its `hash`, and the `id` by which lists order it."""
        self.entries += 1
        chain, seq = str(fields["chain"]), int(fields["seq"])
        if chain in self.faults:
            return
        last_seq, last_hash = self._ends.get(chain, (0, GENESIS))
        if seq == last_seq and seq > 0:
            self._fault(chain, seq, f"entry {seq} appears twice")
        elif seq != last_seq + 1:
            self._fault(chain, last_seq + 1, f"entry {last_seq + 1} is missing: {seq} follows {last_seq}")
        elif fields["previous_hash"] != last_hash:
            self._fault(chain, seq, f"entry {seq} does not follow entry {last_seq}: one of them was altered or moved")
        elif not _has_its_hash(fields):
            self._fault(chain, seq, f"entry {seq} was altered: its content does not match its hash")
        elif fields["id"] <= self._ids.get(chain, 0):
            self._fault(chain, seq, f"entry {seq} was moved: its id comes before that of entry {last_seq}")
        else:
            self._compare_marks(chain, seq, str(fields["hash"]))
            self._ends[chain], self._ids[chain] = (seq, str(fields["hash"])), fields["id"]

    def close(self) -> None:
        """Compare where the chains end with their heads and with the checkpoints."""
        for chain, (head_seq, head_hash) in self.heads.items():
            seq, last = self._ends.get(chain, (0, GENESIS))
            if seq < head_seq:
                self._fault(chain, seq + 1, f"entry {seq + 1} is missing: the chain ended at {head_seq}")
            elif (seq, last) != (head_seq, head_hash):
                self._fault(chain, seq, f"entry {seq} is not the one that the chain's head names")
        for chain in self._ends.keys() - self.heads.keys():
            self._fault(chain, 1, "the chain has entries but no head")
        for chain, marks in self.marks.items():
            seq, _ = self._ends.get(chain, (0, GENESIS))
            for mark in marks:
                if mark.seq > seq:
                    detail = f"entry {seq + 1} is missing: checkpoint {mark.checkpoint} saw {mark.seq} entries"
                    self._fault(chain, seq + 1, detail)

    def _compare_marks(self, chain: str, seq: int, found: str) -> None:
        for mark in self.marks.get(chain, ()):
            if mark.seq == seq and mark.hash != found:
                detail = f"entry {seq} is not the one that checkpoint {mark.checkpoint} saw: the chain was rewritten"
                self._fault(chain, seq, detail)

    def _fault(self, chain: str, seq: int, detail: str) -> None:
        self.faults.setdefault(chain, AuditFault(chain, seq, detail))


def _has_its_hash(fields: Mapping[str, Any]) -> bool:
    """What no text holds, such as bytes that are not UTF-8, has no hash at all."""
    try:
        return entry_hash(fields) == str(fields["hash"])
    except (TypeError, ValueError):
        return False
