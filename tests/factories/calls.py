"""Calls for tests: snapshots, facts, and the hot handler run on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from hub.app import Hub
from hub.events.base import Envelope, Event
from hub.events.calls import CallChanged, CallFact, CallMerged, CallSnapshot, Leg, Party, PbxLinkRestored
from hub.kernel.context import Delivered, Deps
from hub.kernel.shops import FIRST_SHOP
from hub.modules.calls.api import CallFilter, CallPage, CallsApi, CallView
from hub.modules.calls.handlers import on_call_facts
from hub.ports.live import Hint
from hub.values import CallId, ShopId

MORNING = datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC)
"""Monday, 09:02:10 in Kyiv."""
LINE = "+380441234567"


def at(seconds: float) -> datetime:
    """So many seconds after the morning's first call."""
    return MORNING + timedelta(seconds=seconds)


def party(extension: str | None = "101", **values: object) -> Party:
    """A phone of ours that rings."""
    ringing = Party(
        extension=extension, number=None, via="phone", name=None, rang_at=at(1), answered_at=None,
        left_at=None, outcome=None,
    )  # fmt: skip
    return replace(ringing, **values)


def snapshot(call_id: str = "b1:1.1", **values: object) -> CallSnapshot:
    """An inbound call that rings at 101."""
    started_at = values.get("started_at", MORNING)
    ringing = CallSnapshot(
        call_id=CallId(call_id), direction="inbound", from_number="+380501234567", to_number=LINE,
        caller_name=None, dialled="0441234567", trunk="trunk1", queue=None, state="ringing", result=None,
        missed_reason=None, started_at=MORNING, queued_at=None, offered_at=at(1), answered_at=None,
        ended_at=None, wait_seconds=None, talk_seconds=0.0, hold_seconds=0.0, answered_by=None,
        last_extension=None, parties=(party(),), transfers=(),
        legs=(
            Leg(
                uniqueid="1.1", channel="PJSIP/trunk1-00000001", role="caller", label="trunk1",
                started_at=started_at, answered_at=None, ended_at=None,
            ),
        ),
        parked_at_space=None, is_complete=True,
    )  # fmt: skip
    return replace(ringing, **values)


def ended(call_id: str, seconds: float, result: str, **values: object) -> CallSnapshot:
    """A call that is over, begun so many seconds after the first one."""
    begun = at(seconds)
    if values.get("direction") == "outbound":
        values = {"legs": _dialled(begun), **values}
    talked = result == "answered"
    over = snapshot(
        call_id, started_at=begun, state="ended", result=result, ended_at=begun + timedelta(seconds=60),
        wait_seconds=7.0 if talked else 60.0, talk_seconds=53.0 if talked else 0.0,
        answered_at=begun + timedelta(seconds=7) if talked else None,
        answered_by="101" if talked else None, last_extension="101" if talked else None,
        missed_reason=None if talked else "rang_out",
        parties=(party(outcome="answered" if talked else "no_answer"),),
    )  # fmt: skip
    return replace(over, **values)


def _dialled(begun: datetime) -> tuple[Leg, ...]:
    """A phone of ours, and the outside line that was dialled for it."""
    own = Leg(
        uniqueid="1.1", channel="PJSIP/101-00000001", role="caller", label="101", started_at=begun,
        answered_at=None, ended_at=None,
    )  # fmt: skip
    return (own, replace(own, uniqueid="1.2", channel="PJSIP/trunk1-00000002", role="outside"))


def fact(step: int, call: CallSnapshot) -> CallFact:
    """A fact of that step."""
    return CallChanged(step=step, call=call)


def merged(step: int, call_id: str, into: str) -> CallMerged:
    """One call turns out to be a part of another."""
    return CallMerged(step=step, call_id=CallId(call_id), into_call_id=CallId(into))


def restored(living: tuple[CallId, ...] | None) -> PbxLinkRestored:
    """The line to the PBX is back; `living` None: it showed no snapshot."""
    return PbxLinkRestored(
        pbx="ami", boot="b1", session=1, lost_at=None, is_new_boot=False, closed_calls=0, adopted_calls=0,
        living=living,
    )  # fmt: skip


def delivered(event: Event, shop_id: ShopId = FIRST_SHOP) -> Delivered[Event]:
    """As the relay hands it out."""
    envelope = Envelope(
        id="e", occurred_at=MORNING, shop_id=shop_id, key=event.key, actor=None, cause_id=None, source="ami",
        external_id="x",
    )  # fmt: skip
    return Delivered(envelope, event)


@dataclass
class Batch:
    """A BatchContext that remembers what it was told."""

    connection: Connection
    deps: Deps
    hints: list[Hint] = field(default_factory=list)

    def publish(self, event: Event, *, cause: Envelope, external_id: str | None = None) -> None:
        raise AssertionError("the handler of calls publishes nothing")

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
        self.hints.append(Hint(topic, row_id, rev, shop_id, frozenset(phones), may_wait))


async def tell(hub: Hub, *events: Event, shop_id: ShopId = FIRST_SHOP) -> Sequence[Hint]:
    """Run the hot handler on one batch in one committed transaction; its hints."""

    def run(connection: Connection) -> Sequence[Hint]:
        batch = Batch(connection, hub.installation.deps)
        on_call_facts(batch, [delivered(event, shop_id) for event in events])
        return batch.hints

    return await hub.database.write(run)


async def tell_calls(hub: Hub, *calls: CallSnapshot) -> None:
    """Store calls, each by one fact."""
    await tell(hub, *(fact(1, call) for call in calls))


@asynccontextmanager
async def calls_of(hub: Hub) -> AsyncIterator[CallsApi]:
    """The api in a writing unit of work, committed at the end."""
    async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        yield CallsApi(uow, hub.installation.deps)


async def call_of(hub: Hub, call_id: str) -> CallView:
    """The call as others see it."""
    async with calls_of(hub) as calls:
        return await calls.call(call_id)


async def history(hub: Hub, where: CallFilter | None = None, **more: object) -> CallPage:
    """A page of the history."""
    async with calls_of(hub) as calls:
        return await calls.history(where or CallFilter(), **more)
