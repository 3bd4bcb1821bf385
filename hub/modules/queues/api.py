"""What other modules and pages may ask of queues."""

from __future__ import annotations

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.queues.rules import Alarm, Limits
from hub.modules.queues.service import BoardService
from hub.modules.queues.service_limits import LimitService
from hub.modules.queues.service_screens import ScreenService
from hub.modules.queues.views import Board, QueueBoard, ScreenView, TodayView, WaitingView
from hub.values import ShopId

__all__ = [
    "Alarm", "Board", "Limits", "QueueBoard", "QueuesApi", "ScreenView", "TodayView", "WaitingView",
]  # fmt: skip


class QueuesApi:
    """The board of queues, for one unit of work; `limits` when it alarms, `screens` on the wall."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._service = BoardService(uow, deps)
        self.limits = LimitService(uow, deps)
        self.screens = ScreenService(uow, deps)

    async def board(self, shop_id: ShopId, shops: frozenset[ShopId] | None) -> Board:
        """As the people of this shop see it; callers, members and numbers of `shops` (None: of all)."""
        return await self._service.board(shop_id, shops)
