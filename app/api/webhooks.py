"""Webhooks: addresses to which the service posts changes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.http.answers import Cursor, Limit, Page, decode_cursor, page_response, resource, written
from app.http.auth import WebhookKeeper
from app.http.idempotency import Idempotency
from app.http.parameters import CallerNow, IfMatch, Kind, Region, tags_in
from app.http.parts import parts
from app.http.resolve import OwnWebhook, WebhookId
from app.http.routing import KeyedRoute
from app.http.text import Line, PlainNumber, plain_text
from app.queries.etags import etag_of
from app.queries.webhooks import DeliveryStatus, DeliveryView, WebhookView, list_deliveries, list_webhooks
from app.services.webhooks import NewWebhook, WebhookPolicy, create_webhook, end_webhook, replay_delivery
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1/webhooks", tags=["Changes"], route_class=KeyedRoute)


def _web_address(text: str) -> str:
    """An http or https address as it will be called: a host, a possible port, no user, no fragment, plain ASCII."""
    wanted = "give an address such as https://example.org/hooks, without user, password or fragment"
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ValueError(wanted) from None
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(' \\"<>`{}|^')
    if not is_plain or parts.scheme not in ("http", "https") or not host or port == 0:
        raise ValueError(wanted)
    if "@" in parts.netloc or "#" in text:
        raise ValueError(wanted)
    return text


Address = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=10, max_length=2000),
    AfterValidator(_web_address),
]
Code = Annotated[
    str, StringConstraints(min_length=1, max_length=16), AfterValidator(plain_text), AfterValidator(str.upper)
]
DeliveryId = Annotated[int, Path(ge=1, le=2**63 - 1), PlainNumber]


class CreateWebhook(BaseModel):
    """A webhook to make. Leave `kinds` out for every kind of event, `region` and `prison` for all of your scope."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://example.org/idts", "description": "Regional dashboard"}]},
    )

    url: Address
    description: Line
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=40)] | None = None
    region: Region | None = None
    prison: Code | None = None


@dataclass(frozen=True, slots=True)
class NewWebhookView:
    """The webhook, and its secret, which is shown this once."""

    secret: str
    webhook: WebhookView


_NEW = TypeAdapter(NewWebhookView)
_VIEW = TypeAdapter(WebhookView)
_PAGE = TypeAdapter(Page[WebhookView])
_DELIVERY = TypeAdapter(DeliveryView)
_DELIVERIES = TypeAdapter(Page[DeliveryView])


@router.get("", summary="List webhooks", response_model=Page[WebhookView])
def list_own_webhooks(
    request: Request, session: ReadSession, by: WebhookKeeper, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Your key's webhooks, newest first, including ended ones. An administrator's key sees everybody's."""
    position = decode_cursor(request, cursor, {"before": int})
    rows = list_webhooks(session, by, before=position["before"] if position else None, limit=limit + 1)
    return page_response(request, _PAGE, rows, limit, lambda row: {"before": row.id})


@router.post("", summary="Make a webhook", response_model=NewWebhookView, status_code=201)
def create(
    request: Request,
    body: CreateWebhook,
    session: WriteSession,
    by: WebhookKeeper,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Have changes posted to an address, signed to the Standard Webhooks specification.

    Only this answer ever shows the secret. A prison's key hears of its own prison, a
    region's of its own region, national and administrators' keys of what they ask for.
    """
    settings = parts(request).settings
    policy = WebhookPolicy(settings.webhook_plain_http, settings.webhook_private_addresses)

    def answer() -> Response:
        wanted = NewWebhook(body.url, body.description, body.kinds, body.region, body.prison)
        view, secret = create_webhook(session, wanted, policy, parts(request).webhook_key, caller=caller)
        content = _NEW.dump_json(NewWebhookView(secret, view))
        return written(content, status=201, location=f"/v1/webhooks/{view.id}")

    return once(session, answer)


@router.get("/{webhook_id}", summary="Read a webhook", response_model=WebhookView)
def read(request: Request, webhook: OwnWebhook) -> Response:
    """One webhook, without its secret."""
    return resource(request, _VIEW.dump_json(webhook))


@router.delete("/{webhook_id}", summary="End a webhook", response_model=WebhookView)
def end(
    webhook_id: WebhookId, session: WriteSession, by: WebhookKeeper, caller: CallerNow, if_match: IfMatch = None
) -> Response:
    """End a webhook: nothing more is delivered to it. It can still be read; ending it again changes nothing."""
    content = _VIEW.dump_json(end_webhook(session, webhook_id, caller=caller, still_current=_copy(if_match)))
    return written(content, etag_of(content))


def _copy(if_match: str | None) -> Callable[[WebhookView], bool] | None:
    if if_match is None or if_match.strip() == "*":
        return None
    return lambda view: etag_of(_VIEW.dump_json(view)) in tags_in(if_match)


@router.get("/{webhook_id}/deliveries", summary="List a webhook's deliveries", response_model=Page[DeliveryView])
def list_its_deliveries(
    request: Request,
    webhook: OwnWebhook,
    session: ReadSession,
    status: Annotated[DeliveryStatus | None, Query(description="Only deliveries in this state.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What was sent to a webhook and what is still to come, newest first, with the last answer to each."""
    position = decode_cursor(request, cursor, {"before": int})
    before = position["before"] if position else None
    rows = list_deliveries(session, webhook.id, status=status, before=before, limit=limit + 1)
    return page_response(request, _DELIVERIES, rows, limit, lambda row: {"before": row.id})


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    summary="Replay a webhook's delivery",
    response_model=DeliveryView,
    status_code=202,
)
def replay(
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    session: WriteSession,
    by: WebhookKeeper,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Replay a webhook's delivery, with the same `webhook-id`, whether or not it arrived before."""

    def answer() -> Response:
        view = replay_delivery(session, webhook_id, delivery_id, caller=caller)
        return written(_DELIVERY.dump_json(view), status=202)

    return once(session, answer)
