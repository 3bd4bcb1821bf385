"""The rights of dialling, and how far a viewer's reach."""

from __future__ import annotations

import hashlib
import secrets

from hub.kernel.web import PageRequest
from hub.modules.dialling.views import Asker
from hub.values import ShopId

CALL, SETTINGS = "dialling.call", "dialling.settings"
KEY = "Idempotency-Key"
STEER, LISTEN = "dialling.steer", "dialling.listen"


def shops_of(request: PageRequest, right: str = CALL) -> frozenset[ShopId] | None:
    """The shops whose orders the viewer may see; None = every shop."""
    viewer = request.viewer.reaching(right)
    return None if viewer.rights.get(right) == "all" else viewer.shop_ids


def calls_of(request: PageRequest, right: str) -> frozenset[ShopId] | None:
    """The shops whose calls the viewer may steer or hear; None = every shop."""
    return shops_of(request, right)


def hears_only(request: PageRequest) -> str | None:
    """Who listens in is known to those who may do it; others see their own orders. None = all are seen."""
    return None if request.viewer.can(LISTEN) else request.viewer.actor or "nobody"


def click_of(request: PageRequest) -> str:
    """A program's click by its Idempotency-Key, however short or long that is, so that the same request is
    one call; else by chance."""
    said = request.http.headers.get(KEY, "").strip().strip('"')
    name = hashlib.sha256(said.encode()).hexdigest() if said else secrets.token_hex(16)
    return f"api:{name}"


def asker_of(request: PageRequest) -> Asker:
    """Who gives an order now."""
    viewer = request.viewer
    return Asker(
        actor=viewer.actor or "nobody", role=viewer.role, shop_id=viewer.shop_id,
        extensions=viewer.extensions, is_person=viewer.kind == "person", shops=shops_of(request),
    )  # fmt: skip
