"""Answers that are asked for far more often than they change, kept in memory under the mark of what they rest on."""

from collections import OrderedDict
from dataclasses import dataclass

# What a worker keeps at most: the sections of some thousand prisons.
MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer under its ETag. `mark` moves with everything that it rests on."""

    mark: tuple[object, ...]
    body: bytes
    etag: str


class KeptAnswers:
    """The latest answer about each subject. It is sent only where its mark is still that of the database."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._size = 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def find(self, subject: str, mark: tuple[object, ...]) -> Kept | None:
        known = self._kept.get(subject)
        if known is None or known.mark != mark:
            return None
        self._kept.move_to_end(subject)
        return known

    def keep(self, subject: str, answer: Kept) -> None:
        if (before := self._kept.pop(subject, None)) is not None:
            self._size -= len(before.body)
        self._kept[subject] = answer
        self._size += len(answer.body)
        while self._size > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest.body)
