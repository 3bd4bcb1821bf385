"""The rights of mailings, and how far a viewer's reach."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.values import ShopId

VIEW = "mailings.view"
EDIT = "mailings.edit"
APPROVE = "mailings.approve"
EXPORT = "mailings.export"
TOPIC = "mailing"


def shops_of(request: PageRequest, right: str = VIEW) -> frozenset[ShopId] | None:
    """The shops whose mailings the viewer may see; None = every shop."""
    viewer = request.viewer.reaching(right)
    return None if viewer.rights.get(right) == "all" else viewer.shop_ids
