"""A small module of our own for the kernel's tests: one ordinary and one batch handler, one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from hub.app import Hub
from hub.clock import Clock, SystemClock
from hub.events.base import Event
from hub.kernel.context import BatchContext, Delivered, HandlerContext
from hub.kernel.journal.files import FileJournal
from hub.kernel.manifest import Module, on, on_batch
from hub.ports.bus import Bus
from hub.ports.connector import Connector
from hub.ports.intake import Arrival
from hub.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(Event):
    """A bell rang."""

    name: ClassVar[str] = "test.rang"
    bell: str
    number: int

    @property
    def key(self) -> str:
        return f"bell:{self.bell}"


effects = Table(
    "test_effects",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("handler", String(20), nullable=False),
    Column("bell", String(20), nullable=False),
    Column("number", Integer, nullable=False),
)

Trouble = Callable[[str, Rang], None]


class Bells:
    """The module. `trouble` may raise for an event; `on_seen` runs inside ordinary handlers."""

    def __init__(self, trouble: Trouble | None = None) -> None:
        self.trouble: Trouble = trouble or (lambda handler, event: None)
        self.runs: list[tuple[str, str, int]] = []

    def module(self, *, ordinary: bool = True, batch: bool = True, **more: Any) -> Module:
        handlers = (on(Rang, self._ordinary()),) if ordinary else ()
        batches = (on_batch([Rang], self._batch()),) if batch else ()
        return Module(
            name="rig", title="Rig", folder=Path(__file__).parent, handlers=(*handlers, *batches), **more
        )

    def _ordinary(self) -> Any:
        async def on_rang(event: Rang, ctx: HandlerContext) -> None:
            self.runs.append(("ordinary", event.bell, event.number))
            await ctx.uow.session.execute(
                insert(effects).values(handler="ordinary", bell=event.bell, number=event.number)
            )
            self.trouble("ordinary", event)
            ctx.uow.hint("bell", event.bell, event.number)

        on_rang.__module__ = "tests.kernel.rig.handlers"
        return on_rang

    def _batch(self) -> Any:
        def on_bells(ctx: BatchContext, batch: Sequence[Delivered[Rang]]) -> None:
            ctx.connection.execute(
                insert(effects),
                [{"handler": "batch", "bell": d.event.bell, "number": d.event.number} for d in batch],
            )
            for delivered in batch:
                self.runs.append(("batch", delivered.event.bell, delivered.event.number))
                self.trouble("batch", delivered.event)
                ctx.hint("bell", delivered.event.bell, delivered.event.number)

        on_bells.__module__ = "tests.kernel.rig.handlers"
        return on_bells


def rang(bell: str, number: int, clock: Clock | None = None) -> Arrival:
    """A ring on its way in."""
    return Arrival(
        source="test",
        external_id=f"{bell}-{number}",
        occurred_at=(clock or SystemClock()).now(),
        event=Rang(bell=bell, number=number),
    )


def make_hub(
    settings: Settings,
    *modules: Module,
    connectors: Sequence[Connector] = (),
    clock: Clock | None = None,
    bus: Bus | None = None,
    events: Sequence[type[Event]] = (),
) -> Hub:
    """A hub of these modules only."""
    return Hub(
        settings,
        modules,
        clock=clock or SystemClock(),
        journal=FileJournal(Path(settings.journal.folder), 30),
        connectors=connectors,
        bus=bus,
        events=(Rang, *events),
    )


async def prepare(hub: Hub) -> None:
    """The rig's own table."""
    await hub.open()
    await hub.database.write(effects.create)


async def effects_of(hub: Hub, handler: str) -> dict[str, list[int]]:
    """What a handler has left, per bell, in the order it was written."""
    query = (
        select(effects.c.bell, effects.c.number).where(effects.c.handler == handler).order_by(effects.c.id)
    )
    rows = await hub.database.read(lambda connection: connection.execute(query).all())
    found: dict[str, list[int]] = {}
    for bell, number in rows:
        found.setdefault(bell, []).append(number)
    return found
