"""Runs the jobs: takes what is due, keeps its lease alive, writes down how it ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from hub.clock import Clock
from hub.errors import HubError, TooMany, Unavailable
from hub.kernel.backup.quarantine import Quarantine
from hub.kernel.context import Apis, Deps, UnitOfWork
from hub.kernel.jobs.definition import CANCELLED, FAILED, WAITING, JobResult
from hub.kernel.jobs.queue import TOPIC
from hub.kernel.jobs.store import JobStore, Progress, Taken
from hub.kernel.storage.database import Database
from hub.kernel.storage.faults import storage_fault
from hub.kernel.stream.waiting import describe
from hub.kernel.uow import SqlTransactions
from hub.log import bound, get_logger
from hub.ports.live import Hint, LiveSink
from hub.settings import JobsSettings
from hub.values import ShopId

PULSE = 0.5
"""Seconds between two looks at a run: progress is written, a cancel is seen."""
_RENEW = 2.0
_PATIENCE = 5.0
_HOUSEKEEPING = 3600.0
_STORAGE_WAIT = 5.0


class LostRun(Exception):
    """Another process has taken the run over: everything of ours must be undone."""


class RunContext:
    """Implements JobContext. `ending` says why the work was cancelled, if it was."""

    def __init__(self, taken: Taken, runner: JobRunner) -> None:
        self.taken = taken
        self._runner = runner
        self.ending = ""
        self.state = Progress()
        self.is_fresh = False
        self.look = asyncio.Event()
        self.log = get_logger("hub.jobs").bind(job=taken.job.name, run=taken.id)

    @property
    def run_id(self) -> str:
        return self.taken.id

    @property
    def payload(self) -> Mapping[str, Any]:
        return self.taken.payload

    @property
    def shop_id(self) -> ShopId:
        return self.taken.shop_id

    @property
    def actor(self) -> str | None:
        return self.taken.actor

    @property
    def attempt(self) -> int:
        return self.taken.attempt

    @property
    def fence(self) -> int:
        return self.taken.fence

    @property
    def deps(self) -> Deps:
        return self._runner.deps

    @property
    def clock(self) -> Clock:
        return self._runner.clock

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        """Committed on leaving, only while the run is ours."""
        transactions, store = self._runner.transactions, self._runner.store
        async with transactions.writing(actor=self.actor, shop_id=self.shop_id, cause_id=self.run_id) as uow:
            yield uow
            if not await uow.read(partial(store.hold, run=self.taken)):
                raise LostRun

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        """One moment, rolled back at the end."""
        async with self._runner.transactions.reading(actor=self.actor, shop_id=self.shop_id) as uow:
            yield uow

    def apis(self, uow: UnitOfWork) -> Apis:
        """The modules' apis in that unit of work."""
        return Apis(uow, self._runner.deps, self._runner.installed)

    def progress(self, done: int, total: int | None = None, text: str = "") -> None:
        """Noted; the pulse writes it."""
        self.state = Progress(done=done, total=total, text=text or self.state.text)
        self.is_fresh = True


class JobRunner:
    """One loop that takes, and a task for each run. `wake` makes it look at once."""

    def __init__(
        self,
        store: JobStore,
        database: Database,
        transactions: SqlTransactions,
        live: LiveSink,
        quarantine: Quarantine,
        *,
        deps: Deps,
        apis: frozenset[type[Any]],
        clock: Clock,
        settings: JobsSettings,
    ) -> None:
        self.store = store
        self.transactions = transactions
        self.deps = deps
        self.installed = apis
        self.clock = clock
        self._database = database
        self._live = live
        self._quarantine = quarantine
        self._settings = settings
        self._bell = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        self._running: dict[asyncio.Task[None], RunContext] = {}
        self._work: dict[str, asyncio.Task[JobResult | None]] = {}
        self._log = get_logger("hub.jobs")
        self._prune_at = time.monotonic() + 60
        self.runs = 0
        self.failures = 0

    def start(self) -> None:
        """Begin to take runs."""
        if self.store.jobs:
            self._loop_task = asyncio.create_task(self._loop(), name="jobs")

    async def stop(self, seconds: float = 1.5) -> None:
        """Take nothing new; what runs is broken off and given back, for whoever comes next."""
        if self._loop_task is not None:
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)
        for run in self._running.values():
            self._end(run, "stopping")
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()

    @property
    def running(self) -> int:
        """How many runs are under way in this process."""
        return len(self._running)

    def wake(self) -> None:
        """Something was asked for or cancelled: look now."""
        self._bell.set()
        for run in self._running.values():
            run.look.set()

    async def _loop(self) -> None:
        is_registered, trouble = False, ""
        while True:
            self._bell.clear()
            wait = self._settings.poll
            try:
                if not is_registered:
                    await self._database.write(self.store.register)
                    is_registered = True
                wait = await self._turn()
                trouble = ""
            except Unavailable as fault:
                if fault.code != trouble:
                    self._log.error("jobs wait for the database", code=fault.code, text=fault.text)
                trouble = fault.code
            except Exception:
                self._log.exception("the jobs stumbled; they try again")
            try:
                async with asyncio.timeout(wait):
                    await self._bell.wait()
            except TimeoutError:
                pass

    async def _turn(self) -> float:
        """Take what is due; how long to wait for the next look."""
        if time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + _HOUSEKEEPING
            await self._database.write(partial(self.store.prune, days=self._settings.keep_days))
        poll, free = self._settings.poll, self._settings.at_once - len(self._running)
        if free <= 0:
            return poll
        due_in = await self._database.read(self.store.look)
        if due_in is None or due_in > 0:
            return poll if due_in is None else min(poll, due_in + 0.001)
        at_home = await self._quarantine.state() is not None
        take = partial(self.store.take, free=free, lease=self._settings.lease, at_home=at_home)
        taken = await self._database.write(take)
        for one in taken:
            self._tell(one, one.rev)
            run = RunContext(one, self)
            task = asyncio.create_task(self._perform(run), name=f"job-{one.job.name}")
            self._running[task] = run
            task.add_done_callback(self._ended)
        return 0.001 if taken else poll

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._bell.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("a run could not be written down", exc_info=error)

    async def _perform(self, run: RunContext) -> None:
        job, began = run.taken.job, time.perf_counter()
        self.runs += 1
        with bound(run_id=run.run_id, shop_id=run.shop_id):
            work = asyncio.ensure_future(job.run(run))
            self._work[run.run_id] = work
            pulse = asyncio.create_task(self._pulse(run), name=f"pulse-{job.name}")
            try:
                await asyncio.wait({work}, timeout=job.longest)
                if not work.done():
                    self._end(run, "too_long")
                    await asyncio.wait({work}, timeout=_PATIENCE)
            finally:
                pulse.cancel()
                self._work.pop(run.run_id, None)
                work.cancel()
            await asyncio.gather(pulse, return_exceptions=True)
            await self._settle(run, work, round((time.perf_counter() - began) * 1000, 1))

    def _end(self, run: RunContext, why: str) -> None:
        work = self._work.get(run.run_id)
        if work is not None and not run.ending:
            run.ending = why
            work.cancel()

    async def _pulse(self, run: RunContext) -> None:
        """Write progress, prolong the lease, see a cancel."""
        lease = self._settings.lease
        renewed = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(min(PULSE, lease / 4)):
                    await run.look.wait()
            except TimeoutError:
                pass
            is_asked = run.look.is_set()
            run.look.clear()
            is_fresh, run.is_fresh = run.is_fresh, False
            if not (is_asked or is_fresh or time.monotonic() - renewed > min(lease / 3, _RENEW)):
                continue
            try:
                said, rev = await self._database.write(
                    partial(self.store.beat, run=run.taken, lease=lease, progress=run.state)
                )
            except Unavailable:
                continue
            renewed = time.monotonic()
            if is_fresh:
                self._tell(run.taken, rev)
            if said != "ours":
                self._end(run, said)

    async def _settle(self, run: RunContext, work: asyncio.Future[JobResult | None], ms: float) -> None:
        """Write down how a try ended."""
        error, name = _error_of(run, work), run.taken.job.name
        if isinstance(error, LostRun):
            self._log.warning("a run was taken over; undone", job=name, run=run.run_id)
            return
        if error is None:
            result = work.result() or JobResult()
            write = partial(self.store.succeed, run=run.taken, progress=run.state, result=result)
        else:
            verdict = self._verdict(run, error)
            write = partial(self.store.finish, run=run.taken, progress=run.state, **verdict)
        try:
            rev = await self._database.write(write)
        except Unavailable as fault:
            self._log.error("how a run ended waits for the database", text=fault.text, run=run.run_id)
            return  # the lease runs out, and the run is taken again
        if rev is not None:
            self._tell(run.taken, rev)
        if error is None:
            self._log.info("job done", job=name, run=run.run_id, ms=ms, attempt=run.attempt)

    def _verdict(self, run: RunContext, error: BaseException) -> dict[str, Any]:
        """What becomes of a run whose try failed: the columns to write."""
        job, attempt = run.taken.job, run.attempt
        if run.ending == "cancel":
            return {"state": CANCELLED, "error": "", "hint": ""}
        if run.ending == "stopping":
            return {"state": WAITING, "wait": 0.0, "attempts": attempt - 1}
        fault = storage_fault(error) if isinstance(error, Exception) else None
        if fault is not None and fault.code != "database.too_slow":
            said = {"error": fault.text, "hint": fault.hint}
            return {"state": WAITING, "wait": _STORAGE_WAIT, "attempts": attempt - 1, **said}
        self.failures += 1
        is_hopeless = isinstance(error, HubError) and not isinstance(error, Unavailable | TooMany)
        is_last = is_hopeless or attempt > len(job.backoff)
        log = self._log.error if is_last else self._log.warning
        log("job failed", job=job.name, run=run.run_id, attempt=attempt, is_last=is_last, exc_info=error)
        if isinstance(error, HubError):
            said = {"error": error.text, "hint": error.hint}
        else:
            said = {"error": describe(error) if isinstance(error, Exception) else repr(error), "hint": ""}
        if is_last:
            return {"state": FAILED, **said}
        wait = job.backoff[attempt - 1]
        return {"state": WAITING, "wait": max(wait, getattr(error, "retry_after", 0.0)), **said}

    def _tell(self, run: Taken, rev: int) -> None:
        self._live.publish(Hint(TOPIC, run.id, rev, run.shop_id))


def _error_of(run: RunContext, work: asyncio.Future[JobResult | None]) -> BaseException | None:
    """Why the try failed; None when it did not."""
    if run.ending == "lost":
        return LostRun()
    if run.ending == "too_long" and (not work.done() or work.cancelled()):
        return Unavailable("job.too_long", "It took longer than it may and was ended.", "Run it again.")
    if not work.done():
        return RuntimeError("it does not end although it was told to")
    if work.cancelled():
        return asyncio.CancelledError()
    return work.exception()
