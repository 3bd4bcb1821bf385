"""The rights of automatic messages."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.values import ShopId

VIEW = "autotexts.view"
EDIT = "autotexts.edit"


def shops_of(request: PageRequest) -> frozenset[ShopId] | None:
    """The shops whose log the viewer may see; None = every shop."""
    viewer = request.viewer.reaching(VIEW)
    return None if viewer.rights.get(VIEW) == "all" else viewer.shop_ids
