"""What other modules and /api/v1 may ask of the desk."""

from __future__ import annotations

from collections.abc import Collection

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.web import Viewer
from hub.modules.desk.rules import DeskState, Pop, PopState
from hub.modules.desk.service import DeskService

__all__ = ["DeskApi", "DeskState", "Pop", "PopState"]


class DeskApi:
    """The desk of a person, for one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._desk = DeskService(uow, deps)

    async def state(self, viewer: Viewer, kept: Collection[str] = ()) -> DeskState:
        """What pops up for the viewer now, most urgent first."""
        return await self._desk.state(viewer, kept)

    async def forget_dismissals(self) -> None:
        """Drop what was put away days ago."""
        await self._desk.forget_dismissals()
