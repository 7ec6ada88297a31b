"""The statements of made-up prisons: raised, signed, issued, overtaken by relapses, live."""

# The random numbers here make examples and protect nothing.

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.demo.rows import BY, Life
from app.queries.attestation import canonical_payload
from app.queries.evidence import EvidenceView
from app.queries.sections import SECTION_NUMBERS, section_view
from app.queries.statements import state_of
from app.rules.assessment import Answers, Assessment
from app.rules.go_live import GoLive
from app.rules.moments import london_date
from app.rules.readiness import RuleBook, judge, readiness_view
from app.rules.statement import OPEN, Standing, StatementFacts, StatementStatus, event_kind, follow, serial_number
from app.rules.types import Rating

Due = list[tuple[datetime, str]]


class Statements:
    """Takes the steps of made-up statements."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book

    def go_live(self, life: Life) -> GoLive:
        ratings = [life.present[n].rating if n in life.present else Rating.RED for n in SECTION_NUMBERS]
        exempt = {n: one.exemption.rationale for n, one in life.present.items() if one.exemption}
        return judge(self.book, ratings, exempt).go_live

    def follow(self, life: Life, at: datetime, moved: bool) -> None:
        before = life.counting
        if before is None:
            return
        after = follow(before, self.go_live(life))
        if after != before:
            self._step(life, at, event_kind(before, after), before, after, moved, "the ratings changed")

    def plan(self, chance: random.Random, at: datetime) -> Due:
        """When a statement is raised, signed by the last, and go-live confirmed; some stop on the way."""
        raised = at + timedelta(days=chance.randrange(1, 20), seconds=chance.randrange(3600))
        issued = raised + timedelta(days=chance.randrange(3, 25))
        steps = [(raised, "raise"), (issued, "issue"), (issued + timedelta(days=chance.randrange(10, 80)), "go live")]
        return steps[: chance.choice((1, 2, 2, 3, 3, 3))]

    def take_due(self, chance: random.Random, life: Life, due: Due, until: datetime) -> Due:
        """Take the steps that fall due before a moment; those that the ratings have overtaken are dropped."""
        for at, what in [step for step in due if step[0] < until]:
            one = life.counting
            if what == "raise" and one is None and self.go_live(life).eligible:
                self._raise(chance, life, at)
            elif what == "issue" and one is not None and one.status is StatementStatus.RAISED:
                self._issue(life, at, one)
            elif what == "go live" and one is not None and one.standing is Standing.IN_FORCE:
                after = replace(one, live_on=london_date(at))
                row = {"live_on": after.live_on, "live_confirmed_at": at, "live_confirmed_by": BY["by_name"]}
                self._step(life, at, "live", one, after, True, None, row)
        return [step for step in due if step[0] >= until]

    def _raise(self, chance: random.Random, life: Life, at: datetime) -> None:
        identity = str(UUID(int=chance.getrandbits(128), version=4))
        go_live_date = london_date(at) + timedelta(days=chance.randrange(20, 100))
        payload, digest = self._payload(life, go_live_date, at)
        facts = StatementFacts(identity, None, StatementStatus.RAISED, None, digest, go_live_date, None, ())
        version = self.book.toolkit.version
        life.statements[identity] = {
            "id": identity,
            "prison_id": life.facts.id,
            "status": "raised",
            "toolkit_version": version,
            "go_live_date": go_live_date,
            "payload": payload,
            "digest": digest,
            "serial": None,
            "breached_sections": [],
            "raised_at": at,
            "raised_by": BY["by_name"],
            "issued_at": None,
            "ended_at": None,
            "ended_by": None,
            "end_reason": None,
            "superseded_by": None,
            "live_on": None,
            "live_confirmed_at": None,
            "live_confirmed_by": None,
            "credential": None,
            "version": 0,
        }
        for place, role in enumerate(self.book.toolkit.signatory_roles, start=1):
            life.signatories.append(
                {"statement_id": identity, "role": role.key, "position": place, "title": role.title}
                | {"name": f"{role.title} of {life.facts.name}", "email": None, "signed_at": None}
                | {"signed_as": None, "signed_by": None}
            )
        self._step(life, at, "raised", None, facts, True)

    def _issue(self, life: Life, at: datetime, one: StatementFacts) -> None:
        for row in life.signatories:
            if row["statement_id"] == one.id:
                row |= {"signed_at": at, "signed_as": row["name"], "signed_by": BY["by_id"]}
                self._step(life, at, "signed", one, one, False, f"{row['role']}: {row['name']}")
        year = london_date(at).year
        serials = [row["serial"] or "" for row in life.statements.values()]
        count = sum(serial.startswith(f"SOR-{life.facts.code}-{year}-") for serial in serials)
        serial = serial_number(life.facts.code, year, count + 1)
        after = replace(one, status=StatementStatus.ISSUED, standing=Standing.IN_FORCE, serial=serial)
        self._step(life, at, "issued", one, after, True, None, {"issued_at": at, "serial": serial})

    def _step(
        self,
        life: Life,
        at: datetime,
        kind: str,
        before: StatementFacts | None,
        after: StatementFacts,
        moved: bool,
        reason: str | None = None,
        columns: dict[str, Any] | None = None,
    ) -> None:
        row = life.statements[after.id]
        row |= {"status": after.status, "breached_sections": list(after.breached_sections)}
        row |= {"version": row["version"] + 1} | (columns or {})
        if after.status not in OPEN:
            row |= {"ended_at": at, "ended_by": BY["by_name"], "end_reason": reason}
        life.statement_events.append(
            {"statement_id": after.id, "prison_id": life.facts.id, "at": at, **BY, "kind": kind, "reason": reason}
            | {"state": state_of(after), "moves_verdict": moved}
        )
        life.counting = after if after.status in OPEN else None

    def _payload(self, life: Life, go_live_date: date, at: datetime) -> tuple[str, str]:
        answers = Answers(tuple(life.present.get(n) or Assessment(n) for n in SECTION_NUMBERS), life.stamps)
        kept = {
            row["id"]: EvidenceView(
                id=row["id"],
                kind=row["kind"],
                title=row["title"],
                reference=None,
                effective_on=None,
                received_at=row["received_at"],
                added_by=row["added_by"],
                stale=False,
                file_name=None,
                media_type=None,
                size=None,
                sha256=None,
                withdrawn=None,
            )
            for row in life.evidence
        }
        today, toolkit = london_date(at), self.book.toolkit
        sections = [
            section_view(life.facts, toolkit, one, life.stamps.get(one.number), kept, today)
            for one in answers.assessments
        ]
        view = readiness_view(self.book, life.facts, answers, (), today)
        return canonical_payload(view, sections, go_live_date, at)
