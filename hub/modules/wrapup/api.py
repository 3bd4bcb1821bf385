"""What other modules may ask of wrap-up."""

from __future__ import annotations

from collections.abc import Collection

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.wrapup.service import WrapUpService
from hub.modules.wrapup.views import ChoiceView, Kind, WrapUpView

__all__ = ["ChoiceView", "Kind", "WrapUpApi", "WrapUpView"]


class WrapUpApi:
    """Dispositions and tags, for one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self.service = WrapUpService(uow, deps)

    async def of(self, call_ids: Collection[str]) -> dict[str, WrapUpView]:
        """What was said of these calls."""
        return await self.service.of(call_ids)

    async def choices(self) -> dict[Kind, tuple[ChoiceView, ...]]:
        """The words to choose from."""
        return await self.service.choices()

    async def every_choice(self, kind: Kind) -> tuple[ChoiceView, ...]:
        """The words to choose from, and after them those that are gone and that calls still have."""
        return await self.service.every_choice(kind)
