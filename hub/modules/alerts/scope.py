"""The right of alerts, and which shop's group is meant."""

from __future__ import annotations

from hub.errors import NotFound
from hub.kernel.web import PageRequest
from hub.modules.access.api import AccessApi, ShopView
from hub.values import ShopId

SETTINGS = "alerts.settings"


def shops_of(request: PageRequest) -> frozenset[ShopId] | None:
    """The shops whose alerts the viewer may see; None = every shop."""
    viewer = request.viewer
    return None if viewer.rights.get(SETTINGS) == "all" else viewer.shop_ids


async def shops_in_reach(request: PageRequest) -> list[ShopView]:
    """Those, the viewer's own first."""
    reach = shops_of(request)
    shops = await request.apis.of(AccessApi).list_shops()
    found = [shop for shop in shops if reach is None or shop.id in reach]
    return sorted(found, key=lambda shop: shop.id != request.viewer.shop_id)


async def chosen(request: PageRequest, wanted: str) -> ShopView:
    """The named shop, else the viewer's own. Raises NotFound for one that is out of reach."""
    shops = await shops_in_reach(request)
    found = next((shop for shop in shops if shop.id == wanted), None) if wanted else next(iter(shops), None)
    if found is None:
        raise NotFound("alerts.unknown_shop", "There is no such shop.")
    return found
