"""What a route is about, read for its caller: a route whose prison is out of the caller's scope is never reached."""

from typing import Annotated

from fastapi import Depends, Path
from starlette.requests import Request

from app.http.auth import Assessor, PrisonReader, WebhookKeeper, ask
from app.http.parameters import AsOf, PrisonCode
from app.http.parts import parts
from app.http.text import PlainNumber
from app.queries.plans import PlanHead, read_own_plan
from app.queries.prisons import PRISON_MARK, Mark, read_own_prison, refuse_out_of_scope, unknown_prison
from app.queries.statements import StatementView, read_own_statement
from app.queries.webhooks import WebhookView, read_webhook
from app.rules.access import Permission
from app.rules.prison import PrisonFacts
from app.storage.db import ReadSession

StatementId = Annotated[str, Path(max_length=36, description="A statement's id.")]
ReviewId = Annotated[str, Path(max_length=36, description="A review's id.")]
PlanId = Annotated[str, Path(max_length=36, description="A plan's id.")]
ActionRef = Annotated[str, Path(max_length=80, description="An action's `ref`, as the plan shows it.")]
PartnershipName = Annotated[str, Path(max_length=200, description="A partnership's id or its name.")]
WebhookId = Annotated[int, Path(ge=1, le=2**31 - 1), PlainNumber]


def _own_prison(code: PrisonCode, session: ReadSession, by: PrisonReader) -> PrisonFacts:
    return read_own_prison(session, code, by)


def _own_prison_then(code: PrisonCode, session: ReadSession, by: PrisonReader, as_of: AsOf) -> PrisonFacts:
    return read_own_prison(session, code, by, as_of)


def _own_prison_of_uploads(request: Request, code: PrisonCode, by: Assessor) -> PrisonFacts:
    with parts(request).database.reading() as session:
        return read_own_prison(session, code, by)


def _own_statement(statement_id: StatementId, session: ReadSession, by: PrisonReader) -> StatementView:
    return read_own_statement(session, statement_id, by)


def _own_plan(plan_id: PlanId, session: ReadSession, by: PrisonReader) -> PlanHead:
    return read_own_plan(session, plan_id, by)


def _own_webhook(webhook_id: WebhookId, session: ReadSession, by: WebhookKeeper) -> WebhookView:
    return read_webhook(session, webhook_id, by)


# The prison of the address, within the scope of a caller who may look closer; else 403.
OwnPrison = Annotated[PrisonFacts, Depends(_own_prison)]
# The same as it was at `as_of`; its scope is that of today.
OwnPrisonThen = Annotated[PrisonFacts, Depends(_own_prison_then)]
# The same in a session of its own, so that nothing is held open while the caller sends its file.
OwnPrisonOfUploads = Annotated[PrisonFacts, Depends(_own_prison_of_uploads)]
# A plan of such a prison, or of a partnership that has one; else 403.
OwnPlan = Annotated[PlanHead, Depends(_own_plan)]
# A statement of such a prison, or a webhook of the caller's own; else 404.
OwnStatement = Annotated[StatementView, Depends(_own_statement)]
OwnWebhook = Annotated[WebhookView, Depends(_own_webhook)]
# A prison that every caller may read of. Whatever is written to one is checked under its lock instead, since it may
# move to another region meanwhile: see `open_prison`.
AnyPrison = PrisonCode


async def own_prison_mark(request: Request, code: str) -> Mark:
    """The mark of such a prison, for a route that answers before the framework has read its parameters."""
    by, mark = await ask(request, Permission.READ_PRISON, PRISON_MARK, code=code)
    if mark[0] is None:
        raise unknown_prison(code)
    refuse_out_of_scope(by, code, mark[1])
    return mark
