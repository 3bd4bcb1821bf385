"""The table of jobs, for the runner: synchronous Core statements inside one short transaction each.

A run is taken by compare-and-set on its fence, which grows with every taking; whoever holds an older
number can write nothing any more. Taking goes one process at a time, so that a job is never twice at
once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.clock import Clock
from hub.kernel.jobs.definition import CANCELLED, DONE, FAILED, OPEN, RUNNING, WAITING, Job, JobResult
from hub.kernel.jobs.tables import job_runs, job_schedules
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.stream.outbox import Ids, moment
from hub.values import ShopId

BY_CLOCK = "clock"
"""The key of runs that the clock asks for: one of them is open at a time."""
_KEPT = 20
_r = job_runs.c
_TURN = text("SELECT pg_advisory_xact_lock(7465002)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A run that is ours until its lease ends. `attempt` is 1 for the first try."""

    id: str
    job: Job
    fence: int
    attempt: int
    shop_id: ShopId
    actor: str | None
    payload: Mapping[str, Any]
    rev: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is."""

    done: int = 0
    total: int | None = None
    text: str = ""


class JobStore:
    """Statements over the jobs of this program, by their names."""

    def __init__(self, jobs: Iterable[Job], clock: Clock, zone: str) -> None:
        self.jobs = {job.name: job for job in jobs}
        self._clock = clock
        self._zone = zone
        self.ids = Ids(clock)

    def register(self, connection: Connection) -> None:
        """Enter the jobs by the clock; one whose schedule has changed begins anew."""
        if connection.dialect.name == "postgresql":
            connection.execute(_TURN)
        now = moment(connection, self._clock)
        known = {row.job: row.schedule for row in connection.execute(select(job_schedules))}
        for job in self.jobs.values():
            if job.schedule is None or known.get(job.name) == str(job.schedule):
                continue
            row = {"schedule": str(job.schedule), "next_at": job.schedule.after(now, self._zone)}
            if job.name in known:
                connection.execute(update(job_schedules).where(job_schedules.c.job == job.name).values(**row))
            else:
                connection.execute(job_schedules.insert().values(job=job.name, **row))

    def look(self, connection: Connection) -> float | None:
        """In how many seconds something is due (0 or less: now); None when nothing is in sight."""
        now, names = moment(connection, self._clock), list(self.jobs)
        scheduled = connection.scalar(
            select(func.min(job_schedules.c.next_at)).where(job_schedules.c.job.in_(names))
        )
        busy = _alive(connection, now)
        claimable = func.min(_later(connection, _r.due, _r.claimed_until))
        asked = connection.scalar(
            select(claimable).where(
                _r.state.in_(OPEN), _r.job.in_([name for name in names if not self._is_full(name, busy)])
            )
        )
        times = [time for time in (scheduled, asked) if time is not None]
        return min(times) - now if times else None

    def take(self, connection: Connection, free: int, lease: float, *, at_home: bool = False) -> list[Taken]:
        """Make the runs that the clock asks for; take up to so many that are due, the longest due first.
        `at_home`: none that reaches outside."""
        if connection.dialect.name == "postgresql":
            connection.execute(_TURN)
        now = moment(connection, self._clock)
        self._ring(connection, now)
        busy = _alive(connection, now)
        names = [name for name, job in self.jobs.items() if not (at_home and job.sends)]
        due = connection.execute(_DUE, {"now": now, "names": names}).all()
        taken: list[Taken] = []
        for row in due:
            job = self.jobs[row.job]
            if len(taken) == free or self._is_full(job.name, busy):
                continue
            if row.cancel_asked or (row.state == RUNNING and row.attempts > len(job.backoff)):
                self._bury(connection, row, now)
                continue
            took = connection.execute(
                update(job_runs)
                .where(*_as_seen(row))
                .values(
                    state=RUNNING, rev=_r.rev + 1, fence=_r.fence + 1, attempts=_r.attempts + 1,
                    claimed_until=now + lease, started_at=_at(now), finished_at=None,
                    done=0, total=None, progress="",
                )
            )  # fmt: skip
            if took.rowcount != 1:
                continue
            busy.append(job.name)
            taken.append(
                Taken(
                    id=row.id, job=job, fence=row.fence + 1, attempt=row.attempts + 1,
                    shop_id=ShopId(row.shop_id), actor=row.actor, payload=json.loads(row.payload),
                    rev=row.rev + 1,
                )
            )  # fmt: skip
        return taken

    def beat(self, connection: Connection, run: Taken, lease: float, progress: Progress) -> tuple[str, int]:
        """Prolong the lease and write how far it is: `ours`, `cancel` when a person asks for the end,
        `lost` when the run is not ours any more; and the rev."""
        until = moment(connection, self._clock) + lease
        held = connection.execute(
            update(job_runs)
            .where(*_ours(run))
            .values(
                claimed_until=until, rev=_r.rev + 1, done=progress.done, total=progress.total,
                progress=progress.text,
            )
        )  # fmt: skip
        if held.rowcount != 1:
            return "lost", 0
        asked, rev = connection.execute(select(_r.cancel_asked, _r.rev).where(_r.id == run.id)).one()
        return ("cancel" if asked else "ours"), rev

    def hold(self, connection: Connection, run: Taken) -> bool:
        """Whether the run is still ours; locks it until the end of the transaction."""
        held = update(job_runs).where(*_ours(run)).values(fence=run.fence)
        return connection.execute(held).rowcount == 1

    def finish(
        self, connection: Connection, run: Taken, state: str, progress: Progress, **values: Any
    ) -> int | None:
        """Write the end of a try: the rev, or None when the run is not ours any more."""
        now = moment(connection, self._clock)
        if "wait" in values:
            values["due"] = now + values.pop("wait")
        ended = connection.execute(
            update(job_runs)
            .where(*_ours(run))
            .values(
                state=state, rev=_r.rev + 1, claimed_until=0.0,
                finished_at=_at(now), done=progress.done, total=progress.total, progress=progress.text,
                **values,
            )
        )  # fmt: skip
        return connection.scalar(select(_r.rev).where(_r.id == run.id)) if ended.rowcount == 1 else None

    def succeed(
        self, connection: Connection, run: Taken, progress: Progress, result: JobResult
    ) -> int | None:
        """Done; the faults of earlier tries are forgotten."""
        return self.finish(
            connection, run, DONE, progress,
            result_text=result.text, result_link=result.link, error="", hint="",
        )  # fmt: skip

    def prune(self, connection: Connection, days: float) -> None:
        """Drop runs that ended so many days ago."""
        before = _at(moment(connection, self._clock) - days * 86400)
        connection.execute(delete(job_runs).where(_r.state.not_in(OPEN), _r.finished_at < before))

    def _is_full(self, name: str, busy: Collection[str]) -> bool:
        return self.jobs[name].alone and name in busy

    def _ring(self, connection: Connection, now: float) -> None:
        s = job_schedules.c
        due = select(s.job, s.next_at).where(s.next_at <= now, s.job.in_(list(self.jobs)))
        for name, _ in connection.execute(due).all():
            schedule = self.jobs[name].schedule
            if schedule is None:
                connection.execute(delete(job_schedules).where(s.job == name))
                continue
            connection.execute(
                update(job_schedules).where(s.job == name).values(next_at=schedule.after(now, self._zone))
            )
            add_run(connection, self.ids.next(), name, now, key=BY_CLOCK)
            connection.execute(_FORWARD, {"name": name, "clock": BY_CLOCK, "now": now})
            connection.execute(_THIN, {"name": name, "clock": BY_CLOCK})

    def _bury(self, connection: Connection, row: Any, now: float) -> None:
        """Its process died; nobody is to try again."""
        said = {"state": CANCELLED} if row.cancel_asked else {
            "state": FAILED,
            "error": "The program ended in the middle of it, each time.",
            "hint": "Run it again; if it ends the program again, send us the log.",
        }  # fmt: skip
        ended = update(job_runs).where(*_as_seen(row))
        connection.execute(ended.values(rev=_r.rev + 1, claimed_until=0.0, finished_at=_at(now), **said))


def add_run(
    connection: Connection,
    run_id: str,
    name: str,
    now: float,
    *,
    key: str | None = None,
    shop_id: ShopId = FIRST_SHOP,
    actor: str | None = None,
    payload: str = "{}",
    delay: float = 0.0,
) -> None:
    """A waiting run; nothing when one of this job and key is open."""
    insert: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        insert(job_runs)
        .values(
            id=run_id, job=name, key=key or run_id, shop_id=shop_id, actor=actor, payload=payload,
            state=WAITING, due=now + delay, cancel_asked=False, made_at=_at(now),
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


def _alive(connection: Connection, now: float) -> list[str]:
    return list(connection.scalars(select(_r.job).where(_r.state == RUNNING, _r.claimed_until > now)))


def _as_seen(row: Any) -> tuple[Any, ...]:
    return (_r.id == row.id, _r.state == row.state, _r.fence == row.fence)


def _ours(run: Taken) -> tuple[Any, ...]:
    return (_r.id == run.id, _r.state == RUNNING, _r.fence == run.fence)


def _later(connection: Connection, one: Any, other: Any) -> Any:
    """The later of two columns' times."""
    return (func.max if connection.dialect.name == "sqlite" else func.greatest)(one, other)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_DUE = (
    select(
        _r.id, _r.job, _r.state, _r.attempts, _r.fence, _r.rev, _r.shop_id, _r.actor, _r.payload,
        _r.cancel_asked,
    )
    .where(
        _r.state.in_(OPEN),
        _r.due <= bindparam("now"),
        _r.claimed_until <= bindparam("now"),
        _r.job.in_(bindparam("names", expanding=True)),
    )
    .order_by(_r.due, _r.id)
    .limit(100)
)  # fmt: skip
_FORWARD = (
    update(job_runs)
    .where(
        _r.job == bindparam("name"), _r.key == bindparam("clock"), _r.state == WAITING,
        _r.due > bindparam("now"),
    )
    .values(due=bindparam("now"))
)  # fmt: skip
_OLDEST_KEPT = (
    select(_r.id)
    .where(_r.job == bindparam("name"), _r.key == bindparam("clock"))
    .order_by(_r.id.desc())
    .offset(_KEPT)
    .limit(1)
    .scalar_subquery()
)
_THIN = delete(job_runs).where(
    _r.job == bindparam("name"), _r.key == bindparam("clock"), _r.state.not_in(OPEN), _r.id <= _OLDEST_KEPT
)
