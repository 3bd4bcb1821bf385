"""The rights of presence, and how far a viewer's reach."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.values import ShopId

VIEW, CHOOSE = "presence.view", "presence.choose"


def shops_of(request: PageRequest, right: str = VIEW) -> frozenset[ShopId] | None:
    """The shops whose people the viewer may see (or speak for); None = every shop."""
    viewer = request.viewer.reaching(right)
    return None if viewer.rights.get(right) == "all" else viewer.shop_ids


def may_speak_for(request: PageRequest, person_id: str) -> bool:
    """Whether the viewer may say how this person is: everybody for themselves, some for their shop."""
    viewer = request.viewer
    is_self = viewer.kind == "person" and viewer.id == person_id
    return viewer.can(CHOOSE) and (is_self or viewer.rights.get(CHOOSE) in ("all", "shop"))
