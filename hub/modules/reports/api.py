"""What other modules and pages may ask of reports."""

from __future__ import annotations

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.reports.rules import Sums, percent, summed
from hub.modules.reports.service import ReportService
from hub.modules.reports.views import CallReport, Hours, PersonRow, Question, Row, Speed, Step

__all__ = [
    "CallReport", "Hours", "PersonRow", "Question", "ReportsApi", "Row", "Speed", "Step", "Sums",
    "percent", "summed",
]  # fmt: skip


class ReportsApi:
    """Reports, for one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._service = ReportService(uow, deps)

    async def calls(self, asked: Question) -> CallReport:
        """The report on calls of a time."""
        return await self._service.calls(asked)

    async def lost(self, asked: Question) -> tuple[str, ...]:
        """The ids of the last call of everybody who was lost in this time and never reached, newest first."""
        return await self._service.lost(asked)
