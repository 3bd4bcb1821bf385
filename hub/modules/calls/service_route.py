"""Who should get a caller: for the PBX, which asks before it rings anybody. Never commits."""

from __future__ import annotations

from datetime import timedelta

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.calls.service_history import HistoryService
from hub.modules.calls.views import CallView, RouteView
from hub.modules.crm.api import CrmApi
from hub.values import ShopId

_REMEMBERED = timedelta(days=60)
_LOOKED_AT = 20


class RouteService:
    """Names an extension, or nobody: then the queue has the call, as it would without us."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._clock = deps.clock
        self._access = AccessApi(uow, deps)
        self._history = HistoryService(uow, deps)
        self._crm = CrmApi(uow, deps)

    async def of(self, number: str | None, shops: frozenset[ShopId] | None) -> RouteView:
        """Whoever is at work for this client, as modules know; else who talked with them (while nobody is
        known: with this number) last. Only people who are still with us, have a phone of the PBX, and are not
        absent: away, not to be disturbed, pausing."""
        match = await self._crm.caller(number)
        if number is None or match.relation not in (None, "client"):
            return RouteView(extension=None, person="", reason="queue", call_id=None, client_id=None)
        if match.client_id is not None and (host := await self._host(match.client_id, shops)):
            return host
        lately = await self._history.last(match.client_id, number, _LOOKED_AT, shops, None)
        people = await self._access.people_by_extension()
        absent = await self._absent()
        since = self._clock.now() - _REMEMBERED
        for call in lately:
            extension = _talked(call)
            person = people.get(extension or "")
            if call.started_at >= since and person is not None and person.id not in absent:
                return RouteView(
                    extension=extension, person=person.name, reason="talked_last", call_id=call.id,
                    client_id=match.client_id,
                )  # fmt: skip
        return RouteView(extension=None, person="", reason="queue", call_id=None, client_id=match.client_id)

    async def _host(self, client_id: str, shops: frozenset[ShopId] | None) -> RouteView | None:
        for host in self._deps.hosts:
            ids = await host.find(self._uow, self._deps, client_id, shops)
            people = {one.id: one for one in await self._access.list_people(only_active=True)} if ids else {}
            absent = await self._absent() if people else frozenset()
            for person in (people[one] for one in ids if one in people):
                if person.extensions and person.id not in absent:
                    return RouteView(
                        extension=person.extensions[0], person=person.name, reason=host.reason, call_id=None,
                        client_id=client_id,
                    )  # fmt: skip
        return None

    async def _absent(self) -> frozenset[str]:
        found = [await one.find(self._uow, self._deps) for one in self._deps.absences]
        return frozenset(one for ids in found for one in ids)


def _talked(call: CallView) -> str | None:
    """Our side's phone in a call that was answered. A mobile is rung by the PBX's own rules only."""
    if call.answered_at is None or call.state != "ended" or call.direction == "internal":
        return None
    last = call.last_extension or call.answered_by
    return None if last is None or last.startswith("+") else last
