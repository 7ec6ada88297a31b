"""The Statement of Readiness on paper: a tagged PDF (PDF/UA-1), the same bytes for the same state."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from app.documents.statement.words import statement_words
from app.queries.statements import StatementView
from app.rules.statement import StatementStatus

if TYPE_CHECKING:
    from typst import Fonts

TEMPLATE = Path(__file__).with_name("statement.typ")


def render_statement(view: StatementView, payload: Mapping[str, Any], *, verify_url: str) -> bytes:
    """The statement as PDF: what was attested (`payload`), who signed it, and what became of it.

    An issued document shows what was signed. Whether the sections still meet their minima (the standing) is
    told at `verify_url` alone, so that its bytes change only with a step of the statement itself: a
    signature, issue, go-live, or an end. `verify_url` is in the QR code, which only an issued one has.
    """
    import typst  # heavy, and most processes never set a page

    # Words reach the template as data, which it sets as text: nothing in them is read as markup.
    words = statement_words(view, payload, verify_url)
    return typst.compile(
        str(TEMPLATE),
        sys_inputs={"statement": json.dumps(words, ensure_ascii=False)},
        font_paths=_fonts(),
        pdf_standards=["ua-1"],
        timestamp=int(_last_step(view).timestamp()),
    )


def verify_url(public_url: str, view: StatementView) -> str:
    """Where anybody can check the paper against what was issued."""
    asked = urlencode({"serial": view.serial or "", "digest": view.digest})
    return f"{public_url.rstrip('/')}/v1/statements/verify?{asked}"


def file_name(view: StatementView) -> str:
    """`SOR-LWI-2026-001.pdf`; before issue `statement-LWI-draft.pdf`, or with how it ended without issue."""
    state = "draft" if view.status is StatementStatus.RAISED else view.status
    return f"{view.serial or f'statement-{view.prison}-{state}'}.pdf"


@cache
def _fonts() -> "Fonts":
    """The typefaces that come with typst, so that every machine sets the same pages."""
    from typst import Fonts

    return Fonts(include_system_fonts=False)


def _last_step(view: StatementView) -> datetime:
    """When the statement last changed in a way that the document shows."""
    signed = [person.signed_at for person in view.signatories]
    moved = [move.at for move in view.date_moves]
    moments = [view.raised_at, view.issued_at, view.live_confirmed_at, view.ended_at, *signed, *moved]
    return max(moment for moment in moments if moment is not None)
