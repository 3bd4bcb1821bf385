"""Takes providers' requests in: judged, stored with what came at the same moment (group commit), and
answered only then. What is not believed is kept apart; the provider is told the same for a repeat."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, LargeBinary, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock
from hub.errors import Unavailable
from hub.kernel.hooks.judging import judge
from hub.kernel.hooks.rows import row_of
from hub.kernel.hooks.tables import hook_refused, hook_requests
from hub.kernel.storage.database import Database
from hub.kernel.storage.prepared import Prepared
from hub.kernel.stream.outbox import Ids
from hub.log import get_logger
from hub.ports.hooks import Forged, Hook, HookAnswer, HookRequest
from hub.settings import HooksSettings

_AT_ONCE = 500
_MOST_WAITING, _MOST_BYTES = 10_000, 64 * 1024 * 1024
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0
_REFUSED_BURST, _REFUSED_RATE = 200.0, 20.0
_LARGEST_REFUSED = 64 * 1024
_FLOOD, _FLOOD_SECONDS = 50, 0.5


@dataclass(slots=True)
class _Offer:
    row: dict[str, Any]
    is_genuine: bool
    size: int
    stored: asyncio.Future[None]


@dataclass(slots=True)
class HookCounters:
    """What this process saw since it began."""

    genuine: int = 0
    repeats: int = 0
    refused: int = 0
    unkept: int = 0
    """Refused ones beyond what the quarantine takes in a second: counted only."""
    turned_away: int = 0
    """Told to come again (503): nothing could be stored in time."""


class HookInbox:
    """One for the whole hub. `stored` is called after each commit that brought something."""

    def __init__(
        self, database: Database, hooks: Sequence[Hook], clock: Clock, ids: Ids, owner: str,
        settings: HooksSettings, stored: Callable[[], None],
    ) -> None:  # fmt: skip
        self.hooks: Mapping[str, Hook] = {hook.path: hook for hook in hooks}
        self.owner = owner
        self.counters = HookCounters()
        self.trouble: Unavailable | None = None
        self._database = database
        self._clock = clock
        self._ids = ids
        self._patience = settings.patience
        self._stored = stored
        self._offers: deque[_Offer] = deque()
        self._bytes = 0
        self._flushing: asyncio.Task[None] | None = None
        self._allowance, self._allowed_at = _REFUSED_BURST, clock.monotonic()
        self._taken: deque[float] = deque(maxlen=_FLOOD)
        self._log = get_logger("hub.hooks")

    async def take(self, hook: Hook, request: HookRequest) -> HookAnswer | Forged:
        """Judge and store it; when this returns it is committed. Raises Unavailable when it could not be
        stored within the provider's patience: it is to be told to come again."""
        self._taken.append(self._clock.monotonic())
        judged = judge(hook, request)
        if isinstance(judged, Forged):
            await self._refuse(hook, request, judged)
            return judged
        row = row_of(hook, request, judged, self._ids.next(), self.owner)
        try:
            await self._keep(row, True, len(request.body))
        except Unavailable:
            self.counters.turned_away += 1
            raise
        if hook.kept is not None:
            hook.kept(request)
        return hook.answer

    async def keep(self, request: HookRequest) -> None:
        """As ports.hooks.HookStore."""
        judged = await self.take(self.hooks[request.path], request)
        if isinstance(judged, Forged):
            raise ValueError(judged.reason)

    async def _refuse(self, hook: Hook, request: HookRequest, judged: Forged) -> None:
        """Into the quarantine, as far as that takes it."""
        self.counters.refused += 1
        if self._may_keep(request):
            row = row_of(hook, request, judged, self._ids.next(), self.owner)
            with suppress(Unavailable):
                await self._keep(row, False, len(request.body))
                return
        self.counters.unkept += 1

    async def stop(self, seconds: float = 1.0) -> None:
        """Let what was taken be stored, as far as the time allows."""
        if self._flushing is not None:
            _, late = await asyncio.wait([self._flushing], timeout=seconds)
            for task in late:
                task.cancel()

    @property
    def is_flooded(self) -> bool:
        """Whether so many come just now that what is stored should wait: the sender's patience is short,
        and the work is not going to run away."""
        taken = self._taken
        return len(taken) == _FLOOD and self._clock.monotonic() - taken[0] < _FLOOD_SECONDS

    @property
    def waiting(self) -> int:
        """How many requests wait for their commit."""
        return len(self._offers)

    def _may_keep(self, request: HookRequest) -> bool:
        """Refused ones are kept at a pace: a flood of forged ones must cost us little."""
        now = self._clock.monotonic()
        gained = (now - self._allowed_at) * _REFUSED_RATE
        self._allowance, self._allowed_at = min(_REFUSED_BURST, self._allowance + gained), now
        if self._allowance < 1.0 or len(request.body) > _LARGEST_REFUSED:
            return False
        self._allowance -= 1.0
        return True

    async def _keep(self, row: dict[str, Any], is_genuine: bool, size: int) -> None:
        if len(self._offers) >= _MOST_WAITING or self._bytes + size > _MOST_BYTES:
            raise _too_many()
        offer = _Offer(row, is_genuine, size, asyncio.get_running_loop().create_future())
        self._offers.append(offer)
        self._bytes += size
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush(), name="hooks")
        try:
            async with asyncio.timeout(self._patience):
                await offer.stored
        except TimeoutError as error:
            raise self.trouble or _too_many() from error
        finally:
            self._bytes -= size

    async def _flush(self) -> None:
        batch: list[_Offer] = []
        try:
            while self._offers:
                batch = [self._offers.popleft() for _ in range(min(_AT_ONCE, len(self._offers)))]
                await self._store(batch)
        finally:
            self._flushing = None
            for offer in batch:
                offer.stored.cancel()  # no effect on those that are stored

    async def _store(self, batch: Sequence[_Offer]) -> None:
        """Write them, waiting for the database as long as somebody waits for us."""
        wait = _FIRST_WAIT
        while batch := [offer for offer in batch if not offer.stored.done()]:
            genuine = [offer.row for offer in batch if offer.is_genuine]
            refused = [offer.row for offer in batch if not offer.is_genuine]
            try:
                new = await self._database.write(partial(store, genuine=genuine, refused=refused))
            except Unavailable as fault:
                self._note(fault)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
            except (SQLAlchemyError, ValueError, TypeError) as error:
                await self._divide(batch, error)
                return
            else:
                self._settle(batch, len(genuine), new)
                return

    async def _divide(self, batch: Sequence[_Offer], error: Exception) -> None:
        """One that no database takes must not take the others with it."""
        if len(batch) > 1:
            for offer in batch:
                await self._store([offer])
            return
        self._log.error("a webhook could not be stored", error=str(error), path=batch[0].row["path"])
        batch[0].stored.set_exception(
            Unavailable("hooks.not_stored", "The request could not be stored.")
        )  # fmt: skip

    def _settle(self, batch: Sequence[_Offer], genuine: int, new: int) -> None:
        if self.trouble is not None:
            self._log.info("webhooks are stored again", after=self.trouble.code)
            self.trouble = None
        self.counters.genuine += new
        self.counters.repeats += genuine - new
        for offer in batch:
            if not offer.stored.done():
                offer.stored.set_result(None)
        if new:
            self._stored()

    def _note(self, fault: Unavailable) -> None:
        if self.trouble is None or self.trouble.code != fault.code:
            self._log.error("webhooks wait for the database", code=fault.code, text=fault.text)
        self.trouble = fault


def store(
    connection: Connection, genuine: Sequence[Mapping[str, Any]], refused: Sequence[Mapping[str, Any]]
) -> int:
    """Write them; one that was seen already, by its identity or its proof, is passed over. How many of the
    genuine ones were new."""
    is_sqlite = connection.dialect.name == "sqlite"
    if refused and is_sqlite:
        _REFUSE_SQLITE.run(connection, refused)
    elif refused:
        connection.execute(_REFUSE_POSTGRES, list(refused))
    if not genuine:
        return 0
    if is_sqlite:
        return _INSERT_SQLITE.run(connection, genuine)
    return len(connection.execute(_INSERT_POSTGRES, list(genuine)).all())


_OF_REQUEST = (
    "id", "path", "identity", "digest", "received_at", "owner", "sender", "method", "query", "headers",
)  # fmt: skip
_OF_REFUSED = (
    "id", "path", "digest", "received_at", "reason", "sender", "method", "query", "headers", "size",
)  # fmt: skip
_BODY = {"body": bindparam("body", type_=LargeBinary())}
_INSERT_SQLITE = Prepared(
    sqlite.insert(hook_requests)
    .values({name: bindparam(name) for name in _OF_REQUEST} | _BODY | {"state": "waiting"})
    .on_conflict_do_nothing()
)
_REFUSE_SQLITE = Prepared(
    sqlite.insert(hook_refused)
    .values({name: bindparam(name) for name in _OF_REFUSED} | _BODY)
    .on_conflict_do_nothing()
)
_INSERT_POSTGRES = postgresql.insert(hook_requests).on_conflict_do_nothing().returning(hook_requests.c.id)
_REFUSE_POSTGRES = postgresql.insert(hook_refused).on_conflict_do_nothing()


def _too_many() -> Unavailable:
    return Unavailable("hooks.busy", "Too many requests wait to be stored.", "Try again in a few seconds.")
