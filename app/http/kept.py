"""Answers that still hold, kept in memory by what they rest on, and worked out once for all who ask at once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from contextvars import Context
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.http.answers import tagged
from app.http.parts import parts
from app.queries.etags import etag_of

# What a process keeps at most: some thousands of answers.
MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer under its ETag."""

    body: bytes
    etag: str


class KeptAnswers:
    """The latest answers of a process. A key has everything that the answer rests on, so none grows old."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._size = 0
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()
        self._waiting: dict[Hashable, asyncio.Task[Kept]] = {}
        self._turns: dict[Hashable, asyncio.Lock] = {}

    def find(self, key: Hashable) -> Kept | None:
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
            return known

    def keep(self, key: Hashable, body: bytes) -> Kept:
        found = Kept(body, etag_of(body))
        with self._lock:
            before = self._kept.pop(key, None)
            self._size += len(body) - (len(before.body) if before else 0)
            self._kept[key] = found
            while self._size > self._most:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest.body)
        return found

    async def together(self, question: Hashable, work: Callable[[], Kept]) -> Kept:
        """What `work` finds, in a thread; whoever asks the same meanwhile shares one answer.

        The answer is never from before the question: while one is being worked out, those who come wait for
        the next, since it may have begun before a change that they know of.
        """
        place = (asyncio.get_running_loop(), question)
        if (answer := self._waiting.get(place)) is None:
            # It is for all of them: nothing of the first one's request goes with it.
            answer = asyncio.create_task(self._in_turn(place, work), context=Context())
            answer.add_done_callback(_seen)
            self._waiting[place] = answer
        # One who goes away does not take the answer from the others.
        return await asyncio.shield(answer)

    async def _in_turn(self, place: Hashable, work: Callable[[], Kept]) -> Kept:
        me = asyncio.current_task()
        turn = self._turns.setdefault(place, asyncio.Lock())
        try:
            async with turn:
                del self._waiting[place]
                return await run_in_threadpool(work)
        finally:
            if self._waiting.get(place) is me:
                del self._waiting[place]
            if place not in self._waiting:
                self._turns.pop(place, None)


def _seen(answer: "asyncio.Task[Kept]") -> None:
    """A failure that nobody waits for any more is no news."""
    if not answer.cancelled():
        answer.exception()


# One statement of one row, and what it is filled in with.
Glance = tuple[Select[Any], Mapping[str, Any]]


async def kept_response(
    request: Request,
    question: tuple[Hashable, ...],
    make: Callable[[Session], bytes],
    mark: Callable[[Session], tuple[Hashable, ...]],
    glance: Glance | None = None,
) -> Response:
    """The answer worked out anew by `make`, unless nothing that it rests on has changed since it was last.

    `mark` says where that stands, in the snapshot of the answer. Where one statement can say the same on the event
    loop, like the verdict (ADR 1), it is the `glance`: what it finds is sent without a thread or a session.
    """
    database = parts(request).database
    kept = kept_answers(database.memory)
    if glance is not None:
        statement, given = glance
        row = await database.points.first(statement, **given)
        if row is not None and (known := kept.find((*question, *row))) is not None:
            return tagged(request, known.body, known.etag)

    def work() -> Kept:
        with database.reading() as session:
            key = (*question, *mark(session))
            return kept.find(key) or kept.keep(key, make(session))

    answer = await kept.together(question, work)
    return tagged(request, answer.body, answer.etag)


def kept_answers(memory: dict[Any, Any]) -> KeptAnswers:
    """Those of the process, made when first asked for."""
    found: KeptAnswers = memory.setdefault("kept answers", KeptAnswers())
    return found
