"""Answers that still hold, kept in memory by what they rest on."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

from app.rules.digests import etag_of

MOST = 256


class RecentAnswers:
    """The last few hundred answers of a process. A key has everything that the answer rests on."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[bytes, str]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> tuple[bytes, str]:
        """The answer and its ETag, made anew where it is not kept."""
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        body = make()
        found = body, etag_of(body)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return found


def recent_answers(memory: dict[Any, Any]) -> RecentAnswers:
    """Those of the process, made when first asked for."""
    found: RecentAnswers = memory.setdefault("recent answers", RecentAnswers())
    return found
