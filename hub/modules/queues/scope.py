"""The rights of the queue board, and how far a viewer's reach."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.values import ShopId

VIEW, SUPERVISE = "queues.view", "queues.supervise"
SETTINGS = "queues.settings"


def shops_of(request: PageRequest, right: str = VIEW) -> frozenset[ShopId] | None:
    """The shops whose callers and members the viewer may see; None = every shop."""
    viewer = request.viewer.reaching(right)
    return None if viewer.rights.get(right) == "all" else viewer.shop_ids
