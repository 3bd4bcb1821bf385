"""The relay: sees to it that every delivery is handled, in order per key, across failures and kills.

Two loops. The hot one runs batch handlers inside the writer's transaction (hotpath.py). The ordinary
one claims deliveries by compare-and-set with a lease and a token, runs each handler in a unit of work
of its own, and marks it done as the last statement of that same transaction, only where the token is
still ours: a handler that outlived its lease is rolled back, so its effect happens once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from hub.clock import Clock
from hub.errors import Unavailable
from hub.kernel.backup.quarantine import Quarantine
from hub.kernel.context import Apis, Delivered, Deps, HandlerContext
from hub.kernel.manifest import Subscription
from hub.kernel.storage.database import Database
from hub.kernel.storage.faults import storage_fault
from hub.kernel.stream.claims import Claim, Claims, LostClaim
from hub.kernel.stream.hotline import HotLine
from hub.kernel.stream.outbox import moment
from hub.kernel.stream.pruning import prune
from hub.kernel.stream.waiting import settle_failure
from hub.kernel.stream.wakeup import RelayCounters, Wakeup
from hub.kernel.uow import SqlTransactions
from hub.log import bound, get_logger
from hub.settings import RelaySettings

AT_ONCE = 8
"""Ordinary handlers that run side by side; SQLite lets one write at a time anyway."""
_HOUSEKEEPING = 3600.0
_LOOK_OVER = 24 * 3600.0


class Relay:
    """Runs until stopped; the bell is rung after every commit that made work."""

    def __init__(
        self,
        database: Database,
        transactions: SqlTransactions,
        hot: HotLine,
        claims: Claims,
        bell: Wakeup,
        counters: RelayCounters,
        quarantine: Quarantine,
        *,
        deps: Deps,
        apis: frozenset[type[Any]],
        clock: Clock,
        settings: RelaySettings,
    ) -> None:
        self._database = database
        self._transactions = transactions
        self._hot = hot
        self.claims = claims
        self._quarantine = quarantine
        self._deps = deps
        self._apis = apis
        self._clock = clock
        self._settings = settings
        self.keep_done_days = settings.keep_done_days
        self._bell = bell
        self._running: set[asyncio.Task[None]] = set()
        self._held: dict[int, Claim] = {}
        self._is_stopping = False
        self._loops: list[asyncio.Task[None]] = []
        self._log = get_logger("hub.relay")
        self.counters = counters
        self.trouble: Unavailable | None = None

    async def start(self) -> None:
        """Begin to work: with what waits already, before anything new is taken in."""
        self._is_stopping = False
        await self._run_hot()
        self.counters.last_run = time.monotonic()
        self._loops = [
            asyncio.create_task(self._loop(self._bell.hot, self._run_hot), name="relay-hot"),
            asyncio.create_task(self._loop(self._bell.ordinary, self._run_ordinary), name="relay"),
            asyncio.create_task(self._keep_house(), name="relay-housekeeping"),
        ]

    async def stop(self, seconds: float = 3.0) -> None:
        """Finish what runs, as far as the time allows; take nothing new, and leave no claim behind:
        another process would wait for its end."""
        self._is_stopping = True
        self._bell.ring_all()
        for tasks in (self._loops[:-1], self._running):
            if tasks:
                await asyncio.wait(tasks, timeout=seconds)
        late = [*self._loops, *self._running]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if self._held:
            held = list(self._held.values())
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._database.write(lambda connection: self.claims.release(connection, held))

    async def _loop(self, work: asyncio.Event, run: Callable[[], Awaitable[bool]]) -> None:
        """Run while there is work; then wait for a wake, at most one poll."""
        while not self._is_stopping:
            work.clear()
            try:
                again = await run()
                self.trouble = None
            except Unavailable as fault:
                again = False
                self._note(fault)
            except Exception:
                again = False
                self._log.exception("the relay stumbled; it tries again")
            self.counters.last_run = time.monotonic()
            if again:
                continue
            try:
                async with asyncio.timeout(self._settings.poll):
                    await work.wait()
            except TimeoutError:
                pass

    def _note(self, fault: Unavailable) -> None:
        if self.trouble is None or self.trouble.code != fault.code:
            self._log.error("the relay waits for the database", code=fault.code, text=fault.text)
        self.trouble = fault

    async def work_off(self) -> None:
        """Handle what waits for batch handlers now: for a command, in whose process nothing runs by
        itself."""
        while await self._run_hot():
            continue

    async def _run_hot(self) -> bool:
        return self._hot.committed(await self._database.write(self._hot.run))

    async def _run_ordinary(self) -> bool:
        free = AT_ONCE - len(self._running)
        if free <= 0 or not self.claims.handlers:
            return False
        take = partial(
            self.claims.take,
            free=free,
            lease=self._settings.lease,
            at_home=await self._quarantine.state() is not None,
        )
        claimed = await self._database.write(take)
        for claim in claimed:
            self._held[claim.id] = claim
            task = asyncio.create_task(self.deliver(claim), name=f"deliver-{claim.handler}")
            self._running.add(task)
            task.add_done_callback(self._delivered)
        return False

    def _delivered(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._bell.ordinary.set()

    async def deliver(self, claim: Claim) -> None:
        """One delivery, from its claim to its settlement."""
        await self._deliver(claim)
        self._held.pop(claim.id, None)

    async def _deliver(self, claim: Claim) -> None:
        if not isinstance(claim.delivered, Delivered):
            await self._settle(claim, claim.delivered, attempts=len(self._settings.backoff))
            return
        envelope = claim.delivered.envelope
        subscription = self.claims.handlers[claim.handler]
        began = time.perf_counter()
        with bound(event_id=envelope.id, shop_id=envelope.shop_id, **_call_of(envelope.key)):
            try:
                await self._handle(claim, claim.delivered, subscription)
            except LostClaim:
                self.counters.lost_claims += 1
                self._log.warning("a handler outlived its lease; undone", handler=claim.handler)
            except Exception as error:
                await self._settle(claim, error, attempts=claim.attempts)
            else:
                self.counters.handled += 1
                self._log.info(
                    "handled",
                    event_name=claim.delivered.event.name,
                    handler=claim.handler,
                    ms=round((time.perf_counter() - began) * 1000, 1),
                    attempt=claim.attempts + 1,
                    cause=envelope.cause_id,
                )

    async def _handle(self, claim: Claim, delivered: Delivered[Any], subscription: Subscription) -> None:
        if subscription.handle is None:
            raise TypeError(f"{subscription.name} takes batches only")
        envelope = delivered.envelope
        async with self._transactions.writing(
            actor=None, shop_id=envelope.shop_id, cause_id=envelope.id
        ) as uow:
            context = HandlerContext(
                uow=uow,
                apis=Apis(uow, self._deps, self._apis),
                deps=self._deps,
                envelope=envelope,
                clock=self._clock,
                log=self._log.bind(handler=claim.handler),
            )
            await subscription.handle(delivered.event, context)
            await uow.session.flush()
            await self.claims.finish(uow.session, claim)

    async def _settle(self, claim: Claim, error: Exception, *, attempts: int) -> None:
        """Write down a failure; a fault of the storage is nobody's attempt."""
        fault = storage_fault(error)
        if fault is not None and fault.code != "database.too_slow":
            self._note(fault)
            return  # the lease runs out, and the delivery is taken again

        def write(connection: Connection) -> float | None:
            if not self.claims.is_ours(connection, claim):
                return 0.0
            now = moment(connection, self._clock)
            return settle_failure(connection, claim.id, attempts, now, self._settings.backoff, error)

        try:
            wait = await self._database.write(write)
        except Unavailable as away:
            self._note(away)
            return
        self.counters.failure(claim.handler, error, attempts + 1, wait is None)
        if wait is not None:
            self._bell.ring_in(wait)

    async def _keep_house(self) -> None:
        """Drop what is done and old, and empty the log of the database in idle moments."""
        next_prune, next_look = time.monotonic() + 60, time.monotonic() + _LOOK_OVER
        while True:
            await asyncio.sleep(self._settings.poll)
            try:
                await self._database.tend()
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + _LOOK_OVER
                    await self._database.examine()
                if time.monotonic() >= next_prune:
                    before = self._clock.now() - timedelta(days=self.keep_done_days)
                    more = await self._database.write(partial(prune, before=before))
                    next_prune = time.monotonic() + (1.0 if more else _HOUSEKEEPING)
            except Unavailable as fault:
                self._note(fault)


def _call_of(key: str) -> dict[str, str]:
    kind, _, row_id = key.partition(":")
    return {"call_id": row_id} if kind == "call" else {}
