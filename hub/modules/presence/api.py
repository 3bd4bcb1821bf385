"""What other modules and pages may ask of presence."""

from __future__ import annotations

from collections.abc import Collection

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.presence.rules import REASONS, PresenceState
from hub.modules.presence.service import PresenceService, by_readiness
from hub.modules.presence.views import DeviceView, Knowledge, MemberView, PresenceView, QueueView
from hub.values import ShopId

__all__ = [
    "REASONS", "DeviceView", "Knowledge", "MemberView", "PresenceApi", "PresenceState", "PresenceView",
    "QueueView", "absent", "by_readiness",
]  # fmt: skip


async def absent(uow: UnitOfWork, deps: Deps) -> frozenset[str]:
    """Employees, by their ids, whom no caller is to be sent to now."""
    return frozenset(one.person_id for one in await PresenceApi(uow, deps).everybody() if one.is_absent)


class PresenceApi:
    """How colleagues are, for one unit of work. `people` is what they say of themselves."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self.people = PresenceService(uow, deps)

    async def knowledge(self) -> Knowledge:
        """Whether what the PBX tells of phones is known now."""
        return await self.people.knowledge()

    async def everybody(self, shops: Collection[ShopId] | None = None) -> tuple[PresenceView, ...]:
        """Every active colleague of these shops (None: of all), by name."""
        return await self.people.everybody(shops)

    async def one(self, person_id: str, shops: Collection[ShopId] | None = None) -> PresenceView:
        """Raises NotFound."""
        return await self.people.one(person_id, shops)

    async def queues(self) -> tuple[QueueView, ...]:
        """Every queue of the PBX with its members, by name."""
        return await self.people.queues()
