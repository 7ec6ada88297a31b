"""What each kind of problem means, at the address that its `type` names."""

from html import escape
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from app.errors import NotFound
from app.http.problem_kinds import KINDS
from app.http.routing import PublicRoute
from app.http.schemas import ProblemKindDocument, ProblemKinds

router = APIRouter(prefix="/problems", tags=["Service"], route_class=PublicRoute)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>{title}</h1><p>{text}</p><p><code>{code}</code></p></main></body></html>
"""


@router.get("", summary="List problems", response_model=ProblemKinds)
async def list_problems() -> JSONResponse:
    """Every kind of problem that the service answers with."""
    return JSONResponse({"items": [_entry(code) for code in sorted(KINDS)]})


@router.get(
    "/{code}",
    summary="Explain a problem",
    response_model=ProblemKindDocument,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def explain_problem(
    request: Request, code: Annotated[str, Path(max_length=60, description="The code of a problem.")]
) -> Response:
    """What a problem means and what to do about it; as a page or, where asked for, as JSON."""
    if code not in KINDS:
        raise NotFound("not-found", "There is no such kind of problem. GET /problems lists them.")
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(_entry(code))
    kind = KINDS[code]
    return HTMLResponse(_PAGE.format(title=escape(kind.title), text=escape(kind.explanation), code=escape(code)))


def _entry(code: str) -> dict[str, str]:
    kind = KINDS[code]
    return {"code": code, "type": f"/problems/{code}", "title": kind.title, "explanation": kind.explanation}
