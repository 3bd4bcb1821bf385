"""What other modules and pages may ask of calls. A call belongs to the shop of the line it came by."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select

from hub.kernel.parts import Composed, Part
from hub.modules.calls.periods import bounds as period_bounds
from hub.modules.calls.periods import own_days, within
from hub.modules.calls.rules_replay import Finding, Retelling
from hub.modules.calls.rules_statistics import (
    GROUPS,
    NONE,
    CallerKind,
    Outcome,
    OutcomeGroup,
    day_of,
    weekday_of,
)
from hub.modules.calls.service import CallService
from hub.modules.calls.service_capacity import CapacityService
from hub.modules.calls.service_clients import erased_calls
from hub.modules.calls.service_contacts import ContactService
from hub.modules.calls.service_days import DayService
from hub.modules.calls.service_history import MOST_COUNTED, HistoryService
from hub.modules.calls.service_import import HistoryImportService
from hub.modules.calls.service_lines import LineService, shop_of_line
from hub.modules.calls.service_memory import StoredCalls
from hub.modules.calls.service_months import MonthService
from hub.modules.calls.service_recordings import CallRecordingService
from hub.modules.calls.service_replay import ReplayReport, ReplayService
from hub.modules.calls.service_route import RouteService
from hub.modules.calls.service_statistics import StatisticsService
from hub.modules.calls.views import (
    CallCount,
    CallFilter,
    CallPage,
    CallTotals,
    CallView,
    Facet,
    FullView,
    GapView,
    LegView,
    LineEntry,
    LineView,
    LostCall,
    NoteView,
    PartyView,
    RouteView,
    Stretch,
    TransferView,
    TrunkView,
)  # fmt: skip
from hub.ports.telephony import LinkState
from hub.values import ShopId

__all__ = [
    "GROUPS", "MOST_COUNTED", "NONE", "CallCount", "CallFilter", "CallPage", "CallTotals", "CallView",
    "CallerKind", "CallsApi", "Facet", "Finding", "FullView", "GapView", "LegView", "LineEntry",
    "LineService", "LineView", "LostCall", "NoteView", "Outcome", "OutcomeGroup", "PartyView", "ReplayReport",
    "Retelling", "RouteView", "StoredCalls", "Stretch", "TransferView", "TrunkView", "day_of", "erased_calls",
    "own_days", "period_bounds", "shop_of_line", "weekday_of", "within",
]  # fmt: skip


class CallsApi(Composed):
    """Calls, their notes and lines, for one unit of work. `shops` None = every shop. `replay` compares
    the history with the journal, `statistics` counts calls, `days` adds up those of whole days, `recordings`
    finds calls for their sound, `contacts` when clients rang."""

    replay = Part(ReplayService)
    old = Part(HistoryImportService)
    recordings = Part(CallRecordingService)
    _calls = Part(CallService)
    _history = Part(HistoryService)
    numbers = Part(LineService)
    statistics = Part(StatisticsService)
    days = Part(DayService)
    capacity = Part(CapacityService)
    months = Part(MonthService)
    contacts = Part(ContactService)

    async def call(self, call_id: str, *, shops: frozenset[ShopId] | None = None) -> CallView:
        """The call; of one that became part of another, that other. Raises NotFound."""
        return await self._calls.one(call_id, shops)

    async def calls_by_ids(self, call_ids: Collection[str]) -> dict[str, CallView]:
        """The calls that are there under these very ids."""
        return await self._calls.by_ids(call_ids)

    async def live_calls(self, *, shops: frozenset[ShopId] | None = None) -> tuple[CallView, ...]:
        """Every call that goes on, the oldest first."""
        return await self._calls.live(shops)

    async def history(self, where: CallFilter, *, cursor: str | None = None, limit: int = 50) -> CallPage:
        """A stretch of the list, newest first. Raises Invalid for a cursor that is not ours."""
        return await self._history.page(where, cursor=cursor, limit=limit)

    async def ids(self, where: CallFilter) -> Select[str]:
        """The ids of every call that fits, as a query: to be asked inside of the caller's own statement."""
        return await self._history.ids(where)

    async def totals(self, where: CallFilter, *, most: int | None = MOST_COUNTED) -> CallTotals:
        """What `history` with the same filter adds up to; of the newest `most` calls (None: of all)."""
        return await self._history.totals(where, most=most)

    async def last_calls(
        self, *, client_id: str | None = None, number: str | None = None, limit: int = 5,
        shops: frozenset[ShopId] | None = None, skip: str | None = None,
    ) -> tuple[CallView, ...]:  # fmt: skip
        """The newest calls of a client (by any phone) or of a number, without the call `skip`."""
        return await self._history.last(client_id, number, limit, shops, skip)

    async def route(self, number: str | None, *, shops: frozenset[ShopId] | None = None) -> RouteView:
        """Who should get this caller."""
        return await RouteService(self._uow, self._deps).of(number, shops)

    async def set_client(
        self, call_id: str, client_id: str | None, *, vehicle_id: str | None = None,
        shops: frozenset[ShopId] | None = None, rev: int | None = None,
    ) -> CallView:  # fmt: skip
        """A person says who it was (or takes it back): kept against any later match. Raises NotFound,
        Conflict for a stale `rev`."""
        return await self._calls.set_client(call_id, client_id, vehicle_id, shops, rev)

    async def add_note(
        self, call_id: str, text: str, *, author_name: str, shops: frozenset[ShopId] | None = None
    ) -> NoteView:
        """Raises NotFound, Invalid (empty, too long)."""
        return await self._calls.add_note(call_id, text, author_name, shops)

    async def notes(self, call_ids: Collection[str]) -> dict[str, tuple[NoteView, ...]]:
        """The notes of each call, oldest first."""
        return await self._calls.notes(call_ids)

    def note_ids(self) -> Select[str]:
        """The ids of all notes that there are, as a query for the caller's own statement."""
        return self._calls.note_ids()

    async def lines(self) -> tuple[LineView, ...]:
        """Every line of ours that has a name."""
        return await self.numbers.all()

    async def lines_by_number(self, numbers: Collection[str | None]) -> dict[str, LineView]:
        """The lines among these numbers (`CallView.line`)."""
        return await self.numbers.by_number(numbers)

    async def save_line(
        self, number: str, name: str, source: str, shop_id: ShopId, *, rev: int | None = None
    ) -> LineView:
        """Name a line, new (rev None) or known. Raises Invalid, Conflict."""
        return await self.numbers.save(
            LineEntry(number=number, name=name, source=source, shop_id=shop_id), rev
        )

    async def queues(self) -> tuple[str, ...]:
        """The queues of the last calls, by name."""
        return await self._history.queues()

    async def dialled_lately(self) -> tuple[str, ...]:
        """The numbers of ours by which the last calls came, named or not."""
        return await self._history.dialled_lately()

    async def gaps(self, since: datetime | None, until: datetime | None) -> tuple[GapView, ...]:
        """Times in which calls may be missing that touch the period, newest first."""
        return await self._history.gaps(since, until)

    def link(self) -> LinkState | None:
        """How the line to the PBX is now; None when there is none."""
        return self._calls.link()
