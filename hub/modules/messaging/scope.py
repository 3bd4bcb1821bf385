"""The rights of messaging, and how far a viewer's reach."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.modules.messaging.views import Shops

VIEW = "messaging.view"
SEND = "messaging.send"
SETTINGS = "messaging.settings"


def shops_of(request: PageRequest, right: str = VIEW) -> Shops:
    """The shops whose threads the viewer may see; None = every shop."""
    viewer = request.viewer.reaching(right)
    return None if viewer.rights.get(right) == "all" else viewer.shop_ids


def is_program(request: PageRequest) -> bool:
    """A token of the role `integration`."""
    return request.viewer.kind == "token" and request.viewer.role == "integration"


def author_of(request: PageRequest) -> str:
    """As colleagues know the viewer."""
    return request.viewer.name
