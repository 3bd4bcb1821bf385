"""What a module says of itself: the only thing of a module that others load."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection

from hub.events.base import Event
from hub.kernel.backup.areas import FileArea
from hub.kernel.backup.tombstones import Tombstones
from hub.kernel.bot import BotMenu
from hub.kernel.client_links import ClientLink
from hub.kernel.clients import ClientRecords
from hub.kernel.context import BatchContext, Delivered, HandlerContext, Held, WorkerContext
from hub.kernel.exporting import Export
from hub.kernel.hosts import Absence, ClientHost
from hub.kernel.jobs.definition import Job
from hub.kernel.list_filters import ListFilter
from hub.kernel.sealing.upkeep import SealedColumn
from hub.kernel.triggers import Trigger
from hub.kernel.web import (
    ApiOperation,
    Badge,
    CardPart,
    DeskStrip,
    PageRequest,
    Route,
    SettingsItem,
    SystemPart,
)

Scope = Literal["all", "shop", "own"]
"""How far a right reaches: every shop, the person's own shops, own records only."""


ROLES: tuple[str, ...] = (
    "owner",
    "manager",
    "receptionist",
    "master",
    "mechanic",
    "storekeeper",
    "cashier",
    "accountant",
    "fleet_manager",
    "integration",
)
"""The roles that every installation has, highest first (product.md)."""


@dataclass(frozen=True, slots=True)
class Permission:
    """A right, in a person's words, and which role has it by default, how far."""

    name: str
    title: str
    grants: Mapping[str, Scope]


@dataclass(frozen=True, slots=True)
class LiveTopic:
    """A topic of /live, and the right that a watcher of it needs."""

    topic: str
    right: str


@dataclass(frozen=True, slots=True)
class MenuBadge:
    """The number at an entry of the menu. Every page asks for it once it is shown, and again at each hint
    of `topics`: `look` gets a reading unit of work and must be quick."""

    look: Callable[[PageRequest], Awaitable[Badge]]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of the side bar; `icon` is the name of a Tabler icon."""

    title: str
    path: str
    right: str
    icon: str
    order: int = 100
    badge: MenuBadge | None = None


@dataclass(frozen=True, slots=True)
class PageScript:
    """A script of the module's assets (`<module>/<file>`) that every page loads for those with the right."""

    asset: str
    right: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A handler of some events. `name` is recorded with each delivery and is permanent.
    Exactly one of `handle` (ordinary, async) and `handle_batch` (hot path, sync Core) is set.
    `sends`: it reaches outside, so in a quarantine its deliveries wait."""

    name: str
    events: tuple[type[Event], ...]
    handle: Callable[[Any, HandlerContext], Awaitable[None]] | None = None
    handle_batch: Callable[[BatchContext, Sequence[Delivered[Any]]], None] | None = None
    sends: bool = False


def on(
    event: type[Event], handler: Callable[[Any, HandlerContext], Awaitable[None]], *, sends: bool = False
) -> Subscription:
    """An ordinary handler, `async def on_<event>(event, ctx)`, in a unit of work of its own. `sends`:
    it reaches outside."""
    return Subscription(_name_of(handler), (event,), handle=handler, sends=sends)


def on_batch(
    events: Sequence[type[Event]], handler: Callable[[BatchContext, Sequence[Delivered[Any]]], None]
) -> Subscription:
    """A handler of the hot path, `def on_<facts>(ctx, batch)`: in order per key, many at a time."""
    return Subscription(_name_of(handler), tuple(events), handle_batch=handler)


def _name_of(handler: Callable[..., object]) -> str:
    module = handler.__module__.removesuffix(".handlers").rpartition(".")[2]
    return f"{module}.{handler.__name__}"


Observer = Callable[[Connection, Sequence[Mapping[str, Any]]], bool]
"""Sees the outbox rows of every new fact, in the transaction that stores them: synchronous Core
statements, and quick, since the hot path waits for it. True: it has made work, and the module's workers
are woken by the commit."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Work that goes on as long as the hub runs: `run(ctx)` until it is cancelled. One that fails is
    started again after a while."""

    name: str
    run: Callable[[WorkerContext], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module's manifest. `folder` holds its templates/ and locales/; tables start with `name_`.
    `files` are the folders that belong into a backup, `tombstones` what must stay so after a restore,
    `held` what a worker of its own must not send while a restored system is in quarantine, `sealed` its
    columns of secrets (hub.kernel.sealing)."""

    name: str
    title: str
    folder: Path
    feature: str = ""
    """The function of the price matrix (config/plans.toml) that all of it belongs to, or BASIS."""
    requires: tuple[str, ...] = ()
    handlers: tuple[Subscription, ...] = ()
    api: Callable[..., Any] | None = None
    routes: tuple[Route, ...] = ()
    operations: tuple[ApiOperation, ...] = ()
    menu: tuple[MenuItem, ...] = ()
    permissions: tuple[Permission, ...] = ()
    topics: tuple[LiveTopic, ...] = ()
    card: tuple[CardPart, ...] = ()
    board: tuple[CardPart, ...] = ()
    """What stands at each call of the live board."""
    strips: tuple[DeskStrip, ...] = ()
    hosts: tuple[ClientHost, ...] = ()
    absences: tuple[Absence, ...] = ()
    system: tuple[SystemPart, ...] = ()
    settings: tuple[SettingsItem, ...] = ()
    account: tuple[SettingsItem, ...] = ()
    """What a person sets up for themselves: linked on their own page, /account."""
    scripts: tuple[PageScript, ...] = ()
    jobs: tuple[Job, ...] = ()
    observer: Observer | None = None
    workers: tuple[Worker, ...] = ()
    files: tuple[FileArea, ...] = ()
    tombstones: Tombstones | None = None
    held: Held | None = None
    clients: ClientRecords | None = None
    """What it keeps of clients: so that merging and erasing reach it."""
    sealed: tuple[SealedColumn, ...] = ()
    filters: tuple[ListFilter, ...] = ()
    """What lists of modules that it requires may be filtered by besides."""
    exports: tuple[Export, ...] = ()
    links: tuple[ClientLink, ...] = ()
    """What clients open by a short link (hub.kernel.client_links)."""
    bot: tuple[BotMenu, ...] = ()
    """What it adds to the bot that clients talk to (hub.kernel.bot)."""
    triggers: tuple[Trigger, ...] = ()
    """What automatic messages may be written for (hub.kernel.triggers)."""
    metadata: Mapping[str, str] = field(default_factory=dict)


def grants_of(modules: Sequence[Module]) -> dict[str, dict[str, Scope]]:
    """Role -> right -> how far it reaches: the one table of rights, from every manifest's permissions."""
    table: dict[str, dict[str, Scope]] = {role: {} for role in ROLES}
    for module in modules:
        for permission in module.permissions:
            for role, scope in permission.grants.items():
                table.setdefault(role, {})[permission.name] = scope
    return table
