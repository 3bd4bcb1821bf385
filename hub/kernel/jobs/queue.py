"""The table of jobs, for pages and modules: ask for a run, cancel it, see how it stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from hub.clock import Clock
from hub.errors import Conflict, NotFound
from hub.kernel.context import UnitOfWork
from hub.kernel.jobs.definition import (
    CANCELLED,
    OPEN,
    WAITING,
    Job,
    JobResult,
    JobRun,
    JobState,
    Run,
    name_of,
)
from hub.kernel.jobs.store import BY_CLOCK, JobStore, add_run
from hub.kernel.jobs.tables import job_runs, job_schedules
from hub.kernel.stream.outbox import moment
from hub.values import ShopId

TOPIC = "job"
"""Live hints about runs: the id of the run, its rev."""
_r = job_runs.c


class JobQueue:
    """Implements Jobs. `wake` is called after a commit that made or ended work; `allow` refuses, by its
    name, a job that is not in the package."""

    def __init__(
        self, store: JobStore, clock: Clock, wake: Callable[[], None], allow: Callable[[str], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._allow = allow

    def job(self, name: str) -> Job | None:
        """The job of this name."""
        return self._store.jobs.get(name)

    async def enqueue(
        self,
        uow: UnitOfWork,
        job: Run | str,
        payload: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        delay: float = 0.0,
    ) -> str:
        """A new run, or the open one with this key. Raises LookupError for an unknown job, NotAllowed
        (`plan.not_included`) for one that is not in the package."""
        name = name_of(job)
        if name not in self._store.jobs:
            raise LookupError(f"no manifest has the job {name!r}")
        self._allow(name)
        made, body = self._store.ids.next(), json.dumps(dict(payload or {}), ensure_ascii=False)

        def add(connection: Connection) -> str:
            now = moment(connection, self._clock)
            add_run(
                connection, made, name, now,
                key=key, shop_id=uow.shop_id, actor=uow.actor, payload=body, delay=delay,
            )  # fmt: skip
            open_one = select(_r.id).where(_r.job == name, _r.key == (key or made), _r.state.in_(OPEN))
            return connection.scalar(open_one) or made

        run_id = await uow.read(add)
        self._tell(uow, run_id, 1)
        return run_id

    async def run_now(self, uow: UnitOfWork, name: str) -> str:
        """A run by the clock, now. Raises NotFound."""
        if name not in self._store.jobs:
            raise NotFound("job.not_found", "There is no such job.")
        run_id = await self.enqueue(uow, name, key=BY_CLOCK)

        def forward(connection: Connection) -> None:
            now = moment(connection, self._clock)
            waits = (_r.id == run_id, _r.state == WAITING, _r.due > now)
            connection.execute(update(job_runs).where(*waits).values(due=now, rev=_r.rev + 1))

        await uow.read(forward)
        return run_id

    async def cancel(self, uow: UnitOfWork, run_id: str) -> JobRun:
        """End a run. Raises NotFound, Conflict."""
        run = await self.find(uow, run_id)
        if not run.is_open:
            raise Conflict("job.has_ended", "This work has ended already.", "Look at how it ended.")

        def end(connection: Connection) -> None:
            now = datetime.fromtimestamp(moment(connection, self._clock), UTC)
            mine = update(job_runs).where(_r.id == run_id, _r.state.in_(OPEN))
            connection.execute(mine.values(cancel_asked=True, rev=_r.rev + 1))
            waits = update(job_runs).where(_r.id == run_id, _r.state == WAITING)
            connection.execute(waits.values(state=CANCELLED, finished_at=now))

        await uow.read(end)
        self._tell(uow, run_id, run.rev + 1)
        return await self.find(uow, run_id)

    async def find(self, uow: UnitOfWork, run_id: str) -> JobRun:
        """One run of any shop; who may see it is the page's business. Raises NotFound."""
        found = await self._runs(uow, select(job_runs).where(_r.id == run_id))
        if not found:
            raise NotFound("job.not_found", "This work is not there any more.")
        return found[0]

    async def recent(self, uow: UnitOfWork, job: Run | str, limit: int = 20) -> list[JobRun]:
        """The last runs of a job in the unit's shop, newest first."""
        mine = select(job_runs).where(_r.job == name_of(job), _r.shop_id == uow.shop_id)
        return await self._runs(uow, mine.order_by(_r.id.desc()).limit(limit))

    async def overview(self, uow: UnitOfWork) -> list[JobState]:
        """Every job, in the order of the manifests."""
        return await uow.read(self._overview)

    def _overview(self, connection: Connection) -> list[JobState]:
        now = moment(connection, self._clock)
        times = {row.job: row.next_at for row in connection.execute(select(job_schedules))}
        of_job: dict[str, Row[Any]] = {}
        for row in connection.execute(select(job_runs).where(_r.state.in_(OPEN)).order_by(_r.id.desc())):
            of_job[row.job] = row
        found = []
        for job in self._store.jobs.values():
            ended = select(job_runs).where(_r.job == job.name, _r.state.not_in(OPEN))
            last = connection.execute(ended.order_by(_r.id.desc()).limit(1)).first()
            current = of_job.get(job.name)
            next_at = times.get(job.name) if job.schedule is not None else None
            found.append(
                JobState(
                    job=job,
                    next_at=None if next_at is None else datetime.fromtimestamp(next_at, UTC),
                    current=None if current is None else self._view(current, now),
                    last=None if last is None else self._view(last, now),
                )
            )
        return found

    async def _runs(self, uow: UnitOfWork, query: Select[Any]) -> list[JobRun]:
        def read(connection: Connection) -> list[JobRun]:
            now = moment(connection, self._clock)
            return [self._view(row, now) for row in connection.execute(query)]

        return await uow.read(read)

    def _view(self, row: Row[Any], now: float) -> JobRun:
        job = self._store.jobs.get(row.job)
        return JobRun(
            id=row.id, job=row.job, title=(job.title if job else "") or row.job, state=row.state,
            shop_id=ShopId(row.shop_id), actor=row.actor, payload=json.loads(row.payload),
            attempts=row.attempts, is_cancelling=row.cancel_asked, made_at=row.made_at,
            due_at=datetime.fromtimestamp(row.due, UTC), seen_at=datetime.fromtimestamp(now, UTC),
            started_at=row.started_at, finished_at=row.finished_at, done=row.done, total=row.total,
            progress=row.progress, result=JobResult(row.result_text, row.result_link), error=row.error,
            hint=row.hint, rev=row.rev,
        )  # fmt: skip

    def _tell(self, uow: UnitOfWork, run_id: str, rev: int) -> None:
        uow.hint(TOPIC, run_id, rev)
        uow.after_commit(self._wake)
