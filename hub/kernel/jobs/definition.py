"""Jobs, as modules write them: work by the clock, and long work that a page or a module asks for.

In the manifest, each job is one line (the function's name is the job's name, for good):

    jobs=(
        every(minutes=10, run=jobs.close_stale, title="Close stale orders"),
        cron("15 3 * * *", run=jobs.make_report, title="Nightly report"),   # in the shop's zone
        on_demand(run=jobs.export_clients, title="Export of clients"),      # only when asked for
    )

The function gets a JobContext. It opens short units of work, says how far it is, and may return a
JobResult; each may run twice (its process may die), so the second run must be harmless:

    async def export_clients(ctx: JobContext) -> JobResult:
        for number, page in enumerate(pages):
            async with ctx.reading() as uow:
                rows = await ctx.apis(uow).of(CrmApi).clients_page(page)
            ...                                       # network and files between units of work
            ctx.progress(number, len(pages), "Clients are written")
        return JobResult("The file is ready", link=f"/exports/{ctx.run_id}")

A page asks for it in its own unit of work, and sends the person to the page that shows it live:

    run_id = await request.deps.jobs.enqueue(request.uow, jobs.export_clients, {"from": "2026-01-01"})
    return request.redirect(f"/jobs/{run_id}")

One process at a time has a run: it holds a lease on the database's clock and a fence number that grows
with each taking. `ctx.writing()` commits only while both are still ours. An error is tried again after
the job's waits; a HubError that waiting cannot mend (Invalid, NotFound, ...) ends the run at once, its
text and hint are shown to the person. A cancelled run gets asyncio's CancelledError at its next await.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from hub.clock import Clock
from hub.kernel.context import Apis, Deps, UnitOfWork
from hub.values import ShopId

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
OPEN = (WAITING, RUNNING)
BACKOFF = (10.0, 60.0, 300.0)
"""Seconds before a failed run is tried again, one for each further try."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a run leaves for the person who asked: a sentence, and a path of ours to go on with."""

    text: str = ""
    link: str = ""


class JobContext(Protocol):
    """What a run works with. It holds no transaction: open short ones, none across network or files."""

    @property
    def run_id(self) -> str: ...

    @property
    def payload(self) -> Mapping[str, Any]:
        """What was handed to `enqueue`; empty for work by the clock."""
        ...

    @property
    def shop_id(self) -> ShopId: ...

    @property
    def actor(self) -> str | None:
        """Who asked for it; None for work by the clock."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first try."""
        ...

    @property
    def fence(self) -> int:
        """Grows whenever a process takes this run: for what lies outside the database (a file's name)."""
        ...

    @property
    def deps(self) -> Deps: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def log(self) -> FilteringBoundLogger: ...

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A writing unit of work, committed on leaving, unless another process has taken the run over."""
        ...

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]: ...

    def apis(self, uow: UnitOfWork) -> Apis:
        """The modules' apis in that unit of work."""
        ...

    def progress(self, done: int, total: int | None = None, text: str = "") -> None:
        """How far it is, shown live. Never waits; it is written within half a second. `text` is an English
        source text (translated where it is shown); "" keeps the last one."""
        ...


Run = Callable[[JobContext], Awaitable[JobResult | None]]


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again, so many seconds after the last time."""

    seconds: float

    def after(self, moment: float, _zone: str) -> float:
        """The next time, in seconds of the epoch."""
        return moment + self.seconds

    def __str__(self) -> str:
        return f"every {self.seconds:g}"


@dataclass(frozen=True, slots=True)
class Cron:
    """By a cron expression in the shop's zone. An hour that the clocks jump over is made up for right
    after the jump, one that comes twice is used once, as Debian's cron does it."""

    expression: str

    def after(self, moment: float, zone: str) -> float:
        """The next time, in seconds of the epoch. Raises ValueError when there is none."""
        start = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone))
        try:
            return next(CronSim(self.expression, start)).timestamp()
        except (CronSimError, StopIteration) as error:
            raise ValueError(f"{self.expression!r} is no cron expression that ever comes") from error

    def __str__(self) -> str:
        return f"cron {self.expression}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A kind of work. `name` is recorded and permanent; `right` is needed to run it now and to cancel
    it; `longest` seconds end a run that hangs; `alone`: never two runs of it at once; `sends`: it reaches
    outside, so in a quarantine it waits."""

    name: str
    run: Run
    schedule: Every | Cron | None = None
    title: str = ""
    right: str = "system.manage"
    backoff: tuple[float, ...] = BACKOFF
    longest: float = 3600.0
    alone: bool = True
    sends: bool = False


def every(
    *, run: Run, seconds: float = 0, minutes: float = 0, hours: float = 0, title: str = "", **more: Any
) -> Job:
    """A job again and again; the first time after the first wait. `more`: fields of Job."""
    pause = seconds + minutes * 60 + hours * 3600
    return Job(name=name_of(run), run=run, schedule=Every(pause), title=title, **more)


def cron(expression: str, *, run: Run, title: str = "", **more: Any) -> Job:
    """A job by the clock of the shop; a time that was slept through is made up for once."""
    return Job(name=name_of(run), run=run, schedule=Cron(expression), title=title, **more)


def on_demand(*, run: Run, title: str = "", **more: Any) -> Job:
    """A job that runs only when it is enqueued."""
    return Job(name=name_of(run), run=run, title=title, **more)


def name_of(run: Run | str) -> str:
    """`<module>.<function>`: the recorded name of a job's function."""
    if isinstance(run, str):
        return run
    module = run.__module__.removesuffix(".jobs").rpartition(".")[2]
    return f"{module}.{getattr(run, '__name__', '')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """A run as it stands now. `due_at` is when it may (again) be taken; `seconds` how long the last try
    took or has taken until `seen_at`; `percent` is None where the total is not known."""

    id: str
    job: str
    title: str
    state: str
    shop_id: ShopId
    actor: str | None
    payload: Mapping[str, Any] = field(default_factory=dict)
    attempts: int
    is_cancelling: bool
    made_at: datetime
    due_at: datetime
    seen_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    done: int
    total: int | None
    progress: str
    result: JobResult
    error: str
    hint: str
    rev: int

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def seconds(self) -> float | None:
        if self.started_at is None:
            return None
        return max(0.0, ((self.finished_at or self.seen_at) - self.started_at).total_seconds())

    @property
    def percent(self) -> int | None:
        return max(0, min(100, self.done * 100 // self.total)) if self.total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """A job with its open run, its last finished one and its next time by the clock."""

    job: Job
    next_at: datetime | None
    current: JobRun | None
    last: JobRun | None


class Jobs(Protocol):
    """The table of jobs, as `deps.jobs`: everything in the caller's unit of work."""

    async def enqueue(
        self,
        uow: UnitOfWork,
        job: Run | str,
        payload: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        delay: float = 0.0,
    ) -> str:
        """Ask for a run; it starts after the commit. Returns its id. While a run of this job with the
        same `key` is open, its id is returned and nothing is added. `payload` goes through JSON.
        Raises LookupError for a job that no manifest has."""
        ...

    async def run_now(self, uow: UnitOfWork, name: str) -> str:
        """A run of a job by the clock, now; one that waits is brought forward. Raises NotFound."""
        ...

    async def cancel(self, uow: UnitOfWork, run_id: str) -> JobRun:
        """End a run, now if it waits, at its next await if it runs. Raises NotFound, Conflict when it
        has ended."""
        ...

    async def find(self, uow: UnitOfWork, run_id: str) -> JobRun:
        """One run. Raises NotFound."""
        ...

    async def recent(self, uow: UnitOfWork, job: Run | str, limit: int = 20) -> list[JobRun]:
        """The last runs of a job in the unit's shop, newest first: for a module's own page."""
        ...

    async def overview(self, uow: UnitOfWork) -> list[JobState]:
        """Every job of every module, in the order of the manifests."""
        ...

    def job(self, name: str) -> Job | None:
        """The job of this name."""
        ...
