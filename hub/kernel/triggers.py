"""What automatic messages may be written for, as modules declare it. In the manifest, a line each:

    triggers=(Trigger(name="orders.ready", title="The car is ready", values=("order",), past=past.ready),)

and where it happens, in the same unit of work: `uow.publish(TriggerFired(trigger="orders.ready", …))`.
`past` tells of those of some days: for the dry run of a rule."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.kernel.context import Deps, UnitOfWork
from hub.values import ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time that it happened. `cause` is unique; the rest is what is known of it."""

    trigger: str
    cause: str
    at: datetime
    shop_id: ShopId
    client_id: str | None = None
    number: str | None = None
    call_id: str | None = None
    task_id: str | None = None
    conversation_id: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


Past = Callable[[UnitOfWork, Deps, ShopId, datetime, datetime], Awaitable[Sequence[Occurrence]]]
"""Those of a shop in this time, the oldest first; at most some hundreds."""


Holds = Callable[[UnitOfWork, Deps, Occurrence], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """`name` is permanent (`area.fact`); `title` an English source text; `values` the variables that it
    brings for texts, besides those that every text has. `holds` says, when a rule is about to write, whether
    it is still so (None: what has happened stays)."""

    name: str
    title: str
    values: tuple[str, ...] = ()
    past: Past | None = None
    holds: Holds | None = None
