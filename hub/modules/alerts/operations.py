"""Alerts in the API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, ListQuery, Moment
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.alerts.api import AlertsApi, PostPage
from hub.modules.alerts.scope import SETTINGS, shops_of


class Alert(BaseModel):
    """An alert as the staff's group reads it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    shop_id: str
    kind: str = Field(description="`missed`, `message`, `connector`, `low_score`, `forgotten`, `test`")
    state: str = Field(description="`open`, `taken` by somebody, `closed`")
    text: Words
    taken_by: str
    task_id: str | None
    client_id: str | None
    created_at: Moment
    changed_at: Moment
    is_told: bool = Field(description="The group has it as it is now")
    is_doubted: bool = Field(description="Whether it has arrived is not known; it is not told again")
    error: str


class AlertPage(BaseModel):
    """A stretch of the list, newest first."""

    model_config = ConfigDict(from_attributes=True)

    items: list[Alert]
    next: str | None = Field(description=NEXT)


async def list_alerts(request: PageRequest, query: ListQuery) -> PostPage:
    """Newest first."""
    posts = request.apis.of(AlertsApi).posts
    return await posts.page(shops_of(request), cursor=query.cursor, limit=query.limit)


operations = (
    ApiOperation(
        method="GET", path="/alerts", handler=list_alerts, right=SETTINGS, name="alerts.list_alerts",
        summary="What the staff’s group was told", query=ListQuery, result=AlertPage,
        errors=(401, 403, 422, 429),
    ),
)  # fmt: skip
