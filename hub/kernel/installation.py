"""What the composition root hands to the web admin: the hub, as far as pages may see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from hub.clock import Clock
from hub.kernel.context import Deps, SystemView, UnitOfWork
from hub.kernel.hooks.inbox import HookInbox
from hub.kernel.hooks.refused import Refused
from hub.kernel.manifest import Module
from hub.kernel.sealing.upkeep import Sealing
from hub.kernel.storage.pressure import Pressure
from hub.kernel.support import Support
from hub.ports.limits import RateLimiter
from hub.ports.live import Hint
from hub.settings import Settings
from hub.values import ShopId


class Transactions(Protocol):
    """Opens units of work. Leaving `writing` without an exception commits; `reading` never does and
    never waits for a writer."""

    def writing(
        self, *, actor: str | None, shop_id: ShopId, cause_id: str | None = None
    ) -> AbstractAsyncContextManager[UnitOfWork]: ...

    def reading(self, *, actor: str | None, shop_id: ShopId) -> AbstractAsyncContextManager[UnitOfWork]: ...


class LiveSubscription(Protocol):
    """One watcher's bounded queue."""

    async def next(self) -> Hint | None:
        """The next hint; None = hints were dropped, ask for everything anew."""
        ...

    async def take(self) -> Sequence[Hint] | None:
        """All that wait, at least one, in their order; None as for `next`."""
        ...

    def close(self) -> None: ...


class LiveWatch(Protocol):
    """Where the web admin subscribes its browsers."""

    def subscribe(
        self, limit: int = 256, *, shops: Collection[ShopId] | None = None, phones: Collection[str] = ()
    ) -> LiveSubscription: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A hub that runs, for the web admin. `default_shop` is the first shop."""

    settings: Settings
    clock: Clock
    modules: tuple[Module, ...]
    apis: frozenset[type[Any]]
    transactions: Transactions
    live: LiveWatch
    deps: Deps
    system: SystemView
    default_shop: ShopId
    support: Support
    sealing: Sealing
    pressure: Pressure
    limiter: RateLimiter
    hooks: HookInbox
    refused_hooks: Refused
