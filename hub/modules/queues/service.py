"""The board: who waits, who is there, how today goes. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi, PersonView, shop_is_open
from hub.modules.calls.api import CallFilter, CallsApi, CallView, period_bounds
from hub.modules.crm.api import CrmApi
from hub.modules.presence.api import Knowledge, MemberView, PresenceApi, QueueView
from hub.modules.queues.rules import Figures, Limits, alarms
from hub.modules.queues.service_limits import LimitService
from hub.modules.queues.views import Board, QueueBoard, TodayView, WaitingView
from hub.modules.reports.api import Sums, percent, summed
from hub.values import ShopId

Shops = frozenset[ShopId] | None


class BoardService:
    """For one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._access = AccessApi(uow, deps)
        self._calls = CallsApi(uow, deps)
        self._crm = CrmApi(uow, deps)
        self._presence = PresenceApi(uow, deps)
        self._limits = LimitService(uow, deps)

    async def board(self, shop_id: ShopId, shops: Shops) -> Board:
        """As the people of this shop see it: its clock and its limits; callers, members and numbers of
        `shops` (None: of all)."""
        now = self._deps.clock.now()
        since, _ = period_bounds("today", None, None, now, self._deps.places.of(shop_id).zone)
        knowledge = await self._presence.knowledge()
        limits = (await self._limits.all()).get(shop_id, Limits())
        waiting = [one for one in await self._calls.live_calls(shops=shops) if one.state == "queued"]
        shown = await self._shown(waiting)
        sums = await self._today(shop_id, shops, now)
        people = {one.id: one for one in await self._access.list_people(only_active=True)}
        is_open = await self._uow.read(lambda connection: shop_is_open(connection, shop_id, now))
        queues = []
        for queue in _with_those_of(await self._presence.queues(), waiting):
            members = _visible(queue.members, people, shops)
            mine = [shown[one.id] for one in waiting if (one.queue or "") == queue.name]
            if members or mine or not queue.members:
                queues.append(
                    _board_of(
                        queue.name,
                        mine,
                        members,
                        sums.get(queue.name, Sums()),
                        limits,
                        knowledge,
                        now,
                        is_open=is_open,
                    )
                )
        return Board(
            queues=tuple(queues), today=_today(sums[_ALL]), limits=limits, is_known=knowledge.is_known,
            unknown_since=None if knowledge.is_known else knowledge.since,
            answer_within=self._deps.settings.reports.answer_within, now=now,
            lines=await self._calls.capacity.now(shops),
            full_today=await self._calls.capacity.between(since, None, shops),
        )  # fmt: skip

    async def _today(self, shop_id: ShopId, shops: Shops, now: datetime) -> dict[str, Sums]:
        """The numbers that the report on calls shows of today, in hours: by queue, and (`_ALL`) together."""
        since, until = period_bounds("today", None, None, now, self._deps.places.of(shop_id).zone)
        where = CallFilter(shops=shops, since=since, until=until, direction="inbound")
        counts = await self._calls.statistics.count(where, ["all", "queue"])
        mine = [one for one in counts if one.in_hours and one.direction == "inbound"]
        names = {one.value for one in mine if one.facet == "queue"}
        by_queue = {
            name: summed(one for one in mine if one.facet == "queue" and one.value == name) for name in names
        }
        return {**by_queue, _ALL: summed(one for one in mine if one.facet == "all")}

    async def _shown(self, waiting: Sequence[CallView]) -> dict[str, WaitingView]:
        clients = await self._crm.clients_by_ids({one.client_id for one in waiting if one.client_id})
        lines = await self._calls.lines_by_number({one.line for one in waiting})
        return {
            one.id: WaitingView(
                call_id=one.id, since=one.queued_at or one.started_at,
                name=clients[one.client_id].title if one.client_id in clients else None,
                number=one.other_number,
                line=lines[one.line].name if one.line in lines else one.line or "",
            )
            for one in sorted(waiting, key=lambda one: one.queued_at or one.started_at)
        }  # fmt: skip


_ALL = "\0all"
"""No queue has this name."""


def _with_those_of(queues: Sequence[QueueView], waiting: Sequence[CallView]) -> list[QueueView]:
    """Every queue that the PBX has, and those that callers are in although it did not tell of them."""
    known = {one.name for one in queues}
    unknown = sorted({one.queue or "" for one in waiting} - known)
    return [*queues, *(QueueView(name=name, members=()) for name in unknown)]


def _visible(
    members: Sequence[MemberView], people: dict[str, PersonView], shops: Shops
) -> tuple[MemberView, ...]:
    """Of a shop's own; a phone that is nobody's is everybody's."""

    def is_ours(one: MemberView) -> bool:
        whose = people.get(one.person_id or "")
        return whose is None or shops is None or bool({whose.shop_id, *whose.shops} & shops)

    return tuple(one for one in members if is_ours(one))


def _board_of(
    name: str, waiting: Sequence[WaitingView], members: tuple[MemberView, ...], sums: Sums, limits: Limits,
    knowledge: Knowledge, now: datetime, *, is_open: bool,
) -> QueueBoard:  # fmt: skip
    there = [one for one in members if one.is_there]
    free = [one for one in there if one.condition == "free" and not one.is_paused]
    longest = min((one.since for one in waiting), default=now)
    today = _today(sums)
    figures = Figures(
        waiting=len(waiting), longest_wait=(now - longest).total_seconds(), service_level=today.service_level,
        calls=today.calls, members_free=len(free) if knowledge.is_known and members else None,
        is_open=is_open,
    )  # fmt: skip
    return QueueBoard(
        name=name, waiting=tuple(waiting), members=members, there=len(there),
        paused=sum(one.is_paused for one in there), free=len(free), today=today,
        alarms=alarms(figures, limits),
    )  # fmt: skip


def _today(sums: Sums) -> TodayView:
    return TodayView(
        answered=sums.of("answered"), lost=sums.of("lost"), service_level=percent(sums.service_level),
        calls=sums.calls,
    )  # fmt: skip
