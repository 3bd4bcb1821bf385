"""How far a viewer's right to calls reaches."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.calls.rules import line_number
from hub.values import ShopId


def shops_of(request: PageRequest, right: str = "calls.view") -> frozenset[ShopId] | None:
    """The shops whose calls the viewer may see; None = every shop."""
    viewer = request.viewer
    return None if viewer.rights.get(right) == "all" else viewer.shop_ids


async def extensions_of(request: PageRequest, person: str) -> tuple[str, ...]:
    """What a filter by person looks for: a person's id gives all their phones and the mobile, anything
    else is an extension or a mobile in any writing."""
    for one in await request.apis.of(AccessApi).list_people(shops_of(request)):
        if one.id == person:
            return (*one.extensions, *((one.mobile,) if one.mobile else ())) or (person,)
    country = request.deps.places.of(request.viewer.shop_id).country
    return tuple(dict.fromkeys((person.strip(), line_number(person, country))))
