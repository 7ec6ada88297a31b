"""What the Statement of Readiness says on paper, worded and in order, for its template to set."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

import segno

from app.documents.statement.glyphs import REPLACEMENT, showable
from app.queries.statements import SignatoryView, StatementView
from app.rules.moments import LONDON, day_in_words
from app.rules.statement import StatementStatus

PROGRAMME = "Integrated Drug Treatment System"

# Ink on paper has a contrast of 7 to 1 or more (WCAG AAA); in grey the words and shapes remain.
LOOKS = {
    "GREEN": {"word": "GREEN", "shape": "circle", "ink": "#00401f", "paper": "#bfe3cd"},
    "AMBER": {"word": "AMBER", "shape": "triangle", "ink": "#4f3000", "paper": "#ffdf9e"},
    "RED": {"word": "RED", "shape": "square", "ink": "#6b1206", "paper": "#f6cbc4"},
    "EXEMPT": {"word": "EXEMPT", "shape": "ring", "ink": "#0b2a4a", "paper": "#d3e2f0"},
}
KINDS = {"document": "Document", "link": "Link", "note": "Note"}


def statement_words(view: StatementView, payload: Mapping[str, Any], verify_url: str) -> dict[str, Any]:
    """All that the template sets. Every text of a caller goes through `_text`."""
    prison, sections = payload["prison"], payload["sections"]
    where = f"{_shortened(_text(prison['name']))} ({prison['code']})"
    serial = view.serial or "Not issued"
    banner = _banner(view)
    content = {
        "title": "Statement of Readiness",
        "author": f"{PROGRAMME} programme",
        "description": f"Statement of Readiness of {where}. Serial: {serial}. SHA-256: {view.digest}",
        "keywords": ["Statement of Readiness", prison["code"], serial],
        "programme": PROGRAMME,
        "running": [f"Statement of Readiness – {where}", banner["status"] if banner else serial],
        "footer": f"{where} – serial: {serial}",
        "serial": serial,
        "digest": view.digest,
        "looks": LOOKS,
        "banner": banner,
        "prison": _text(prison["name"]),
        "about": f"{prison['code']} – {prison['function']} prison – {_region(prison['region'])}",
        "facts": _facts(view, payload),
        "verdict": _verdict(payload),
        "signatures": [_signature(view, person) for person in view.signatories],
        "check": _check(view, verify_url),
        "groups": _groups(sections),
        "outstanding": _outstanding(payload),
        "meeting": _meeting(payload),
        "exemptions": [
            {"heading": f"Section {one['number']}, {_text(one['title'])}", "why": _lines(one["exemption"])}
            for one in sections
            if one["exemption"] is not None
        ],
        "warnings": [f"Section {one['section']}: {_text(one['detail'])}" for one in payload["verdict"]["warnings"]],
        "evidence": _evidence(sections),
    }
    return content | {"remarks": _remarks(content)}


def _region(named: str | Mapping[str, str]) -> str:
    """Statements raised before regions had a slug in answers have the name alone."""
    return named if isinstance(named, str) else named["name"]


def london_moment(at: datetime) -> str:
    """A moment by the clocks of London: 14 January 2025, 10:32."""
    there = at.astimezone(LONDON)
    return f"{day_in_words(there)}, {there:%H:%M}"


def _text(words: str) -> str:
    """A caller's words as far as they can be shown, and never wider than their cell."""
    return _breakable(showable(words.replace("\t", " ")))


def _breakable(text: str) -> str:
    """A long run without a space may be broken, so that it cannot leave its cell. Marks stay with their letter."""
    return re.sub("(\\S{24})(?=[^\\s\u0300-\u036f\u200b-\u200d\ufe00-\ufe0f])", "\\1\u200b", text)


def _shortened(name: str) -> str:
    """For the line at the head or the foot of a page."""
    return name if len(name) <= 48 else f"{name[:47]}…"


def _lines(text: str) -> list[str]:
    return [_text(line) for line in text.splitlines() if line.strip()]


def _and(items: Iterable[object]) -> str:
    *most, last = map(str, items)
    return f"{', '.join(most)} and {last}" if most else last


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _banner(view: StatementView) -> dict[str, Any] | None:
    """What stands across a statement that cannot be relied on; None for one that is issued."""
    if view.status is StatementStatus.ISSUED:
        return None
    if view.status is StatementStatus.RAISED:
        signed = sum(person.signed_at is not None for person in view.signatories)
        detail = f"{signed} of {_count(len(view.signatories), 'signature')} given; it has no effect until the last."
        return {"status": "RAISED – NOT YET ISSUED", "detail": [detail]}
    assert view.ended_at is not None
    reason, status = view.end_reason or "", view.status.upper()
    by = f" by {_text(view.ended_by)}" if view.status is StatementStatus.WITHDRAWN and view.ended_by else ""
    when = f"{london_moment(view.ended_at)}{by}. It is not in force."
    if view.status is StatementStatus.SUPERSEDED:
        return {"status": status + _text(reason.removeprefix("superseded")), "detail": [when]}
    return {"status": status, "detail": [when, *_lines(f"Reason: {reason}")]}


def _facts(view: StatementView, payload: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What is known at a glance: label, value, a note or an empty text."""
    confirmed = ""
    if view.live_confirmed_at is not None:
        confirmed = f"confirmed {london_moment(view.live_confirmed_at)} by {_text(view.live_confirmed_by or 'unknown')}"
    return [
        ("Planned go-live date", day_in_words(view.go_live_date), _moved(view)),
        (*_live(view), confirmed),
        ("Issued", london_moment(view.issued_at) if view.issued_at else "Not issued", ""),
        ("Ratings as they stood", london_moment(datetime.fromisoformat(payload["frozen_at"])), ""),
        ("Raised by", _text(view.raised_by), ""),
        ("Toolkit", _text(payload["toolkit_version"]), ""),
    ]


def _live(view: StatementView) -> tuple[str, str]:
    """Since when the service is live, or from when to when it was."""
    if view.live_on is None:
        return "Live since", "Not confirmed yet"
    if view.service_ended_on is None:
        return "Live since", day_in_words(view.live_on)
    return "Live from", f"{day_in_words(view.live_on)} to {day_in_words(view.service_ended_on)}"


def _moved(view: StatementView) -> str:
    """That the planned date is not the one that is attested, and since when."""
    if not view.date_moves:
        return ""
    times, last = len(view.date_moves), london_moment(view.date_moves[-1].at)
    often = "once" if times == 1 else f"{times} times"
    move = view.date_moves[-1]
    why = (f" ({_text(move.cause)})" if move.cause else "") + f": {_text(_shortened(move.reason))}"
    return f"attested: {day_in_words(view.attested_go_live_date)}; moved {often}, last on {last}{why}"


def _verdict(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict in sentences, and how many sections have each rating."""
    sections, verdict = payload["sections"], payload["verdict"]
    go_live, commissioning = verdict["go_live"], verdict["commissioning"]
    exempt = sum(one["exemption"] is not None for one in sections)
    on = day_in_words(datetime.fromisoformat(payload["frozen_at"]).astimezone(LONDON))
    if go_live["eligible"]:
        besides = f", {exempt} of them by exemption" if exempt else ""
        met = f"On {on} all {_count(len(sections), 'section')} met the toolkit’s minimum for going live{besides}."
    else:
        met = f"Below the minimum on {on}: sections {_and(one['section'] for one in go_live['blockers'])}."
    required = _and(commissioning["required_sections"])
    ready = "are all GREEN" if commissioning["ready"] else "are not all GREEN"
    counts = [(f"{verdict['counts'][key.lower()]} ", key) for key in ("GREEN", "AMBER", "RED")]
    return {
        "headline": f"{'Ready' if go_live['eligible'] else 'Not ready'} to go live",
        "sentences": [met, f"For commissioning, sections {required} {ready}.", *_confirmed(payload)],
        "counts": [*counts, *([(f"{exempt} ", "EXEMPT")] if exempt else [])],
    }


def _confirmed(payload: Mapping[str, Any]) -> list[str]:
    """How many ratings somebody beyond the prison has looked at and found right."""
    if "confirmed_by_region" not in payload:
        return []
    count, all_of_them = payload["confirmed_by_region"], len(payload["sections"])
    return [f"The region has confirmed {count or 'none'} of the {all_of_them} ratings."]


def _meeting(payload: Mapping[str, Any]) -> list[str]:
    """Whether a meeting was held on the prison's readiness, when and with whom."""
    meeting = payload.get("readiness_meeting")
    if meeting is None:
        return []
    if meeting["held_on"] is None:
        return ["No meeting was held on whether the prison is ready.", *_lines(f"Reason: {meeting['not_held_reason']}")]
    who = f"Those who took part: {_and(map(_text, meeting['who']))}." if meeting["who"] else ""
    held = (
        f"A meeting on whether the prison is ready was held on {day_in_words(date.fromisoformat(meeting['held_on']))}."
    )
    return [held, *([who] if who else [])]


def _outstanding(payload: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """What AMBER sections leave to do; None where the statement is from before this was asked for."""
    if "outstanding" not in payload:
        return None
    return [
        {
            "number": str(one["section"]),
            "title": _text(one["title"]),
            "what": _lines(one["what"]),
            "who": _text(one["who"]),
            "by_when": day_in_words(date.fromisoformat(one["by_when"])),
        }
        for one in payload["outstanding"]
    ]


def _signature(view: StatementView, person: SignatoryView) -> dict[str, Any]:
    differs = person.signed_as is not None and person.signed_as != person.name
    before = [f"in place of {_text(one.name)}: {_text(_shortened(one.reason))}" for one in person.replaced[-1:]]
    missing = "Awaiting signature" if view.status is StatementStatus.RAISED else "Not signed"
    return {
        "role": _text(person.title),
        "name": _text(person.name),
        "notes": [*([f"signed as {_text(person.signed_as or '')}"] if differs else []), *before],
        "is_signed": person.signed_at is not None,
        "at": london_moment(person.signed_at) if person.signed_at else missing,
    }


def _check(view: StatementView, verify_url: str) -> dict[str, Any]:
    """How a reader finds out whether the paper is genuine and the statement still holds."""
    if view.serial is None:
        again = "A statement gets its serial number and a QR code for checking it when its last signatory signs."
        return {"words": [again], "qr": None}
    image = BytesIO()
    segno.make(verify_url, error="m", micro=False).save(image, kind="svg", xmldecl=False, border=0)
    return {
        "words": [
            "Scan the code, or open the address: the answer says whether this statement was issued under this serial "
            "number and digest, and whether it is still in force, has been superseded or withdrawn, or is in breach.",
        ],
        "qr": image.getvalue().decode(),
        "alt": f"QR code that leads to the check of statement {view.serial}: {verify_url}",
        "address": verify_url,
        "shown": verify_url,
    }


def _groups(sections: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The sections under their groups, in the toolkit's order."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for one in sections:
        staffed = one["staff_required"] is not None
        row = {
            "number": str(one["number"]),
            "title": _text(one["title"]),
            "note": f"{one['staff_in_post']} of {one['staff_required']} staff in post" if staffed else "",
            "tags": [one["rating"], *(["EXEMPT"] if one["exemption"] is not None else [])],
            "version": str(one["version"]),
            "evidence": str(len(one["evidence"])),
        }
        rows.setdefault(one["group"], []).append(row)
    return [{"title": _text(title), "sections": found} for title, found in rows.items()]


def _evidence(sections: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every item once, by the first section that it supports, with all of them."""
    items: dict[str, Mapping[str, Any]] = {}
    supports: dict[str, list[int]] = {}
    for section in sections:
        for item in section["evidence"]:
            items.setdefault(item["id"], item)
            supports.setdefault(item["id"], []).append(section["number"])
    return [
        {
            "sections": ", ".join(map(str, supports[key])),
            "title": _text(item["title"]),
            "kind": KINDS.get(item["kind"], _text(item["kind"])),
            "date": day_in_words(date.fromisoformat(item["effective_on"])) if item["effective_on"] else "No date",
            "digest": [item["digest"][start : start + 32] for start in range(0, len(item["digest"]), 32)],
        }
        for key, item in items.items()
    ]


def _remarks(content: Mapping[str, Any]) -> list[str]:
    remarks = []
    if content["evidence"]:
        remarks.append("A document’s digest is that of its file; a link’s or a note’s is that of its recorded words.")
    if REPLACEMENT in str({**content, "check": None}):
        remarks.append(
            f"{REPLACEMENT} stands for a character that cannot be printed here; the digest covers the original."
        )
    return remarks
