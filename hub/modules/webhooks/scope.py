"""How far a viewer's rights to webhooks and events reach, and what is asked before the unit of work."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.values import ShopId

MANAGE = "webhooks.manage"
EVENTS = "events.view"


def shops_of(request: PageRequest, right: str = MANAGE) -> frozenset[ShopId] | None:
    """The shops that the right reaches; None = every shop."""
    viewer = request.viewer
    return None if viewer.rights.get(right) == "all" else viewer.shop_ids


async def address_fault(request: PageRequest, url: str) -> str | None:
    """Why nothing may be sent to this address; an English source text."""
    url = url.strip()
    if not url:
        return "Enter the address."
    outbound = request.deps.outbound
    return await outbound.fault_of(url) if outbound is not None else None
