"""The audit log in the API, with the filters of its page."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, Asked, ListQuery, Moment
from hub.kernel.web import ApiOperation, PageRequest, Viewer
from hub.modules.access.service_audit import AuditFilter, AuditService
from hub.modules.access.views import AuditView
from hub.values import ShopId


class AuditOut(BaseModel):
    """Who did what, when, from where, to which object; and what it changed."""

    id: str
    seq: int = Field(description="Its number in the chain")
    at: Moment
    shop_id: str
    actor: str | None = Field(description="`person:<id>`, `token:<id>`, null for the hub itself")
    action: str
    outcome: str = Field(description="done, refused, missing, failed")
    subject: str = Field(description="The object's id as the address named it, or the first row changed")
    address: str
    request_id: str
    details: dict[str, Any] = Field(description="`changes`: rows with their fields before and after")
    hash: str = Field(description="SHA-256 over the entry and the hash of the one before it")


class AuditPageOut(BaseModel):
    """A stretch of the log, newest first."""

    items: list[AuditOut]
    next: str | None = Field(description=NEXT)


class AuditQuery(ListQuery):
    """Which entries."""

    model_config = ConfigDict(populate_by_name=True)

    actor: str | None = Field(None, max_length=80, description="As in the entries; empty = the hub itself")
    action: str = Field("", max_length=80, description="A part of the action's name")
    object: str = Field("", max_length=100, description="A part of an id, or of what was changed")
    since: Asked | None = Field(None, alias="from", description="At or after")
    until: Asked | None = Field(None, alias="to", description="Before")
    shop_id: str | None = Field(None, max_length=32)
    denied: bool = Field(False, description="Only what was refused, missing or failed")


def readable_shops(viewer: Viewer, shop_id: str | None = None) -> frozenset[ShopId]:
    """The shops whose log somebody may read, or the one that is asked for if it is among them."""
    shops = viewer.shop_ids if viewer.rights.get("audit.view") == "all" else frozenset({viewer.shop_id})
    return shops if not shop_id else shops & {ShopId(shop_id)}


async def list_audit(request: PageRequest, query: AuditQuery) -> AuditPageOut:
    """Newest first."""
    where = AuditFilter(
        shops=readable_shops(request.viewer, query.shop_id), actor=query.actor, action=query.action,
        subject=query.object, since=query.since, until=query.until, only_refused=query.denied,
    )  # fmt: skip
    before = int(query.cursor) if query.cursor is not None else None
    service = AuditService(request.uow, request.deps)
    found = await service.page(where, before=before, limit=query.limit + 1)
    items = found[: query.limit]
    following = str(items[-1].seq) if len(found) > query.limit else None
    return AuditPageOut(items=[_out(one) for one in items], next=following)


def _out(one: AuditView) -> AuditOut:
    return AuditOut(
        id=one.id, seq=one.seq, at=one.at, shop_id=one.shop_id, actor=one.actor, action=one.action,
        outcome=one.outcome, subject=one.subject, address=one.address, request_id=one.request_id,
        details=one.details, hash=one.hash,
    )  # fmt: skip


operations = (
    ApiOperation(
        method="GET", path="/audit", handler=list_audit, right="audit.view", name="access.list_audit",
        is_heavy=True,
        summary="Read the audit log", query=AuditQuery, result=AuditPageOut, errors=(401, 403, 422, 429),
    ),
)  # fmt: skip
