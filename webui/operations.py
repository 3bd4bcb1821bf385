"""Operations of the API that belong to no module: who asks, and how the links to the outside are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, Field

from hub.kernel.list_filters import ListFilter, widened
from hub.kernel.listing import Moment
from hub.kernel.manifest import Module
from hub.kernel.web import SIGNED_IN, ApiOperation, PageRequest
from hub.ports.connector import ConnectorState
from webui import operations_dead_letters


class Me(BaseModel):
    """Whoever asks. `rights` maps a right to how far it reaches: `all`, `shop` or `own`."""

    kind: Literal["person", "token"]
    id: str
    name: str
    role: str
    rights: dict[str, str]
    shop_id: str
    shop_ids: list[str] = Field(description="Shops that it may see")
    language: str
    extensions: list[str]
    requests_per_minute: int | None = Field(description="A limit of its own; null: as the settings say")


class ConnectorOut(BaseModel):
    """A link to the outside. `text` is for a person."""

    id: str
    state: ConnectorState
    since: Moment
    text: str


class ConnectorPage(BaseModel):
    """All of them, those that are off included; they come whole."""

    items: list[ConnectorOut]
    next: None = None


async def me(request: PageRequest) -> Me:
    """Whose token (or session) this is, and what it may do."""
    viewer = request.viewer
    return Me(
        kind="token" if viewer.kind == "token" else "person", id=viewer.id, name=viewer.name,
        role=viewer.role, rights=dict(viewer.rights), shop_id=viewer.shop_id,
        shop_ids=sorted(viewer.shop_ids),
        language=viewer.language, extensions=list(viewer.extensions),
        requests_per_minute=viewer.per_minute,
    )  # fmt: skip


async def connectors(request: PageRequest) -> ConnectorPage:
    """How each is, and since when."""
    system = request.deps.system
    found = system.connectors() if system is not None else {}
    items = [
        ConnectorOut(id=name, state=health.state, since=health.since, text=request.t(health.text))
        for name, health in sorted(found.items())
    ]
    return ConnectorPage(items=items)


OWN_OPERATIONS: tuple[ApiOperation, ...] = (
    ApiOperation(
        method="GET", path="/me", handler=me, right=SIGNED_IN, name="web.me",
        summary="Who asks, and what it may do", result=Me, errors=(401,),
    ),
    ApiOperation(
        method="GET", path="/connectors", handler=connectors, right="system.view", name="web.connectors",
        summary="How the links to the outside are", result=ConnectorPage,
    ),
)  # fmt: skip


def every_operation(modules: Sequence[Module]) -> list[ApiOperation]:
    """What /api/v1 serves with these modules."""
    filters = [one for module in modules for one in module.filters]
    found = [
        replace(
            one, feature=one.feature or module.feature, query=widened(one.query, _added(one, filters))
        )
        for module in modules
        for one in module.operations
    ]  # fmt: skip
    return [*OWN_OPERATIONS, *operations_dead_letters.operations, *found]


def _added(operation: ApiOperation, filters: Sequence[ListFilter]) -> list[ListFilter]:
    return [one for one in filters if operation.narrows and one.of == operation.narrows]
