"""The limits of each shop, as they are stored. Never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from hub.errors import Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.queues.rules import Limits, limit_faults, limits_of
from hub.values import ShopId

_OPTION = "queues.limits"


class LimitService:
    """For one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._shops = AccessApi(uow, deps).shops

    async def all(self) -> dict[ShopId, Limits]:
        """Of every shop that has said something."""
        stored = await self._shops.option(_OPTION)
        known = stored if isinstance(stored, Mapping) else {}
        return {ShopId(str(shop)): limits_of(value) for shop, value in known.items()}

    async def save(self, shop_id: ShopId, limits: Limits) -> None:
        """Raises Invalid with the faults by field."""
        if faults := limit_faults(limits):
            raise Invalid("queues.limits", "Some fields need another look.", fields=faults)
        await self._uow.take_turn(f"option:{_OPTION}")
        known = {str(shop): asdict(one) for shop, one in (await self.all()).items()}
        await self._shops.set_option(_OPTION, {**known, str(shop_id): asdict(limits)})
