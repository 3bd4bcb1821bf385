"""How far a viewer's right to tasks reaches, and as whom they take one in hand."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.modules.tasks.views import Holder
from hub.values import ShopId

VIEW, DO = "tasks.view", "tasks.do"


def shops_of(request: PageRequest, right: str = VIEW) -> frozenset[ShopId] | None:
    """The shops whose tasks the viewer may see or do; None = every shop."""
    viewer = request.viewer.reaching(right)
    return None if viewer.rights.get(right) == "all" else viewer.shop_ids


def holder_of(request: PageRequest) -> Holder:
    """The viewer, as colleagues know them: `101 Oksana`."""
    viewer = request.viewer
    return Holder(id=viewer.id, name=" ".join((*viewer.extensions[:1], viewer.name)))
