"""The rights of automatic messages."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.values import ShopId

VIEW = "autotexts.view"
EDIT = "autotexts.edit"


def shops_of(request: PageRequest, right: str = VIEW) -> frozenset[ShopId] | None:
    """The shops whose rules and log the viewer may see (or change, with EDIT); None = every shop."""
    viewer = request.viewer.reaching(right)
    return None if viewer.rights.get(right) == "all" else viewer.shop_ids
