"""Calls of an older PBX enter the history: by the rules of the hot path, without a fact, so that no task is
made of them, no hint and no webhook. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, select

from hub.events.base import Envelope, Event
from hub.events.calls import CallChanged, CallMerged, CallSnapshot
from hub.kernel.context import Delivered, Deps, UnitOfWork
from hub.modules.calls.erased import of_erased
from hub.modules.calls.handlers import on_call_facts
from hub.modules.calls.models import Call, ImportedCall
from hub.modules.calls.rules import read_legs
from hub.values import ShopId

_NEAR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A BatchContext that tells nobody."""

    connection: Connection
    deps: Deps

    def publish(self, event: Event, *, cause: Envelope, external_id: str | None = None) -> None:
        return None

    def hint(
        self,
        topic: str,
        row_id: str,
        rev: int,
        shop_id: ShopId | None = None,
        phones: Collection[str] = (),
        *,
        may_wait: bool = False,
    ) -> None:
        return None


class HistoryImportService:
    """Takes calls in, many at a time; those that are there stay as they are."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    async def take(self, calls: Sequence[CallSnapshot], recordings: Mapping[str, Sequence[str]]) -> set[str]:
        """The ids of those that were new. Calls that the hub has followed itself are not taken twice."""
        new = await self._uow.read(partial(self._put, calls))
        self._uow.session.add_all(
            ImportedCall(call_id=one, recordings=list(recordings.get(one, ()))) for one in sorted(new)
        )
        await self._uow.session.flush()
        return new

    async def recordings(self, call_id: str) -> tuple[str, ...]:
        """The names of the files that the older PBX had recorded it in."""
        row = await self._uow.session.get(ImportedCall, call_id)
        return tuple(row.recordings) if row is not None else ()

    def _put(self, calls: Sequence[CallSnapshot], connection: Connection) -> set[str]:
        begun = [call.started_at for call in calls]
        near = Call.started_at.between(min(begun) - _NEAR, max(begun) + _NEAR)
        known, followed = set[str](), set[str]()
        for row in connection.execute(select(Call.id, Call.legs).where(near)):
            known.add(row.id)
            followed |= {leg.uniqueid for leg in read_legs(row.legs)}
        known |= of_erased(calls, self._deps.places.of(self._uow.shop_id).country, connection)
        new = [c for c in calls if c.call_id not in known and c.call_id.partition(":")[2] not in followed]
        batch: list[Delivered[CallChanged | CallMerged]] = [
            Delivered(self._envelope(call), CallChanged(step=1, call=call)) for call in new
        ]
        if batch:
            on_call_facts(_Quiet(connection, self._deps), batch)
        return {str(call.call_id) for call in new}

    def _envelope(self, call: CallSnapshot) -> Envelope:
        return Envelope(
            id=call.call_id, occurred_at=call.started_at, shop_id=self._uow.shop_id,
            key=f"call:{call.call_id}", actor=self._uow.actor, cause_id=None, source="import",
            external_id=call.call_id,
        )  # fmt: skip
