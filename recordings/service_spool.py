"""What became of each file of the spool: claimed, taken, refused, tried again. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update

from hub.events.recordings import RecordingRefused
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from recordings.models import Recording, SpoolFile
from recordings.spool import Found
from recordings.views import SpoolFileView

LEASE = timedelta(minutes=3)
SLOW = timedelta(seconds=60)
"""A file that is worked on for longer waits for a disk."""
MOST_CRASHES = 5
"""So often may a file bring the intake down before it is left alone."""
_LONGEST_WAIT = 300.0
_DEALT_WITH = ("taken", "duplicate", "refused")


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that this process works on. The id is the same at every try, so that what a broken one left in
    the store is written over by the next."""

    token: str
    recording_id: str
    attempts: int
    crashes: int


class SpoolService:
    """The spool's files as rows."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock

    async def known(self, keys: Collection[str]) -> dict[str, SpoolFileView]:
        """The rows of these files, by their key."""
        found: dict[str, SpoolFileView] = {}
        ordered = sorted(keys)
        for start in range(0, len(ordered), 500):
            query = select(SpoolFile).where(SpoolFile.key.in_(ordered[start : start + 500]))
            found |= {row.key: _view(row) for row in (await self._session.scalars(query)).all()}
        return found

    async def settled(self, keys: Collection[str]) -> dict[str, tuple[str, tuple[int, int]]]:
        """Those of these files that were dealt with: how, and in which version (size, time)."""
        columns = select(SpoolFile.key, SpoolFile.state, SpoolFile.size, SpoolFile.mtime_ns)
        found: dict[str, tuple[str, tuple[int, int]]] = {}
        ordered = sorted(keys)
        for start in range(0, len(ordered), 500):
            mine = SpoolFile.key.in_(ordered[start : start + 500])
            query = columns.where(mine, SpoolFile.state.in_(_DEALT_WITH))
            for key, state, size, mtime_ns in await self._session.execute(query):
                found[key] = (state, (size, mtime_ns))
        return found

    async def claim(self, found: Found) -> Claim | None:
        """From here on it is ours, until the lease ends. None: somebody else works on it, or it is dealt
        with, or its time has not come."""
        now, token = self._clock.now(), new_id(self._clock)
        await self._uow.take_turn(f"spool:{found.key}")
        row = await self._session.get(SpoolFile, found.key, populate_existing=True)
        if row is None:
            row = SpoolFile(
                key=found.key, path=found.shown, size=0, mtime_ns=0, state="", code="", attempts=0, token=""
            )
            self._session.add(row)
        is_same = (row.size, row.mtime_ns) == found.version
        if is_same and row.state in _DEALT_WITH:
            return None
        if row.claimed_until is not None and row.claimed_until > now:
            return None
        if is_same and row.not_before is not None and row.not_before > now:
            return None
        crashes = int(row.code or 0) + 1 if is_same and row.state == "working" else 0
        row.size, row.mtime_ns = found.version
        row.attempts = row.attempts + 1 if is_same else 1
        row.state, row.code, row.seen_at = "working", str(crashes), now
        row.claimed_until, row.token = now + LEASE, token
        if row.recording_id is None or not is_same:
            row.recording_id = new_id(self._clock)
        await self._session.flush()
        return Claim(token, row.recording_id, row.attempts, crashes)

    async def release_all(self) -> None:
        """Nobody else can be at work: what was claimed is free."""
        query = update(SpoolFile).where(SpoolFile.claimed_until.is_not(None)).values(claimed_until=None)
        await self._session.execute(query, execution_options={"synchronize_session": False})

    async def settle(self, found: Found, claim: Claim, state: str, recording: Recording) -> bool:
        """It is `taken` or a `duplicate`. False: another process has it, and all of this must be undone."""
        path = _remembered(found, recording)
        return await self._end(
            found, claim, state=state, path=path, recording_id=recording.id, code="", not_before=None
        )

    async def belongs(self, found: Found, recording: Recording) -> None:
        """It went into this recording with another one."""
        row = await self._session.get(SpoolFile, found.key)
        if row is None:
            row = SpoolFile(key=found.key, attempts=0, token="")
            self._session.add(row)
        row.size, row.mtime_ns = found.version
        row.path = _remembered(found, recording)
        row.state, row.code, row.recording_id = "taken", "", recording.id
        row.claimed_until, row.not_before, row.seen_at = None, None, self._clock.now()
        await self._session.flush()

    async def later(self, found: Found, claim: Claim, code: str) -> None:
        """It could not be taken now; the waits grow. Its troubles do not count as its own fault."""
        wait = timedelta(seconds=min(_LONGEST_WAIT, 2.0 ** min(claim.attempts, 10)))
        await self._end(found, claim, state="failed", code=code, not_before=self._clock.now() + wait)

    async def let_go(self, found: Found, claim: Claim) -> None:
        """It was not finished after all, or it has gone."""
        await self._end(found, claim, state="", code="", not_before=None, attempts=0)

    async def refuse(self, found: Found, code: str) -> None:
        """None that we take. Once for a file as it is."""
        await self._uow.take_turn(f"spool:{found.key}")
        row = await self._session.get(SpoolFile, found.key, populate_existing=True)
        if row is not None and row.state == "refused" and (row.size, row.mtime_ns) == found.version:
            return
        if row is None:
            row = SpoolFile(key=found.key, path=found.shown, attempts=0, token="")
            self._session.add(row)
        row.size, row.mtime_ns = found.version
        row.state, row.code, row.seen_at = "refused", code, self._clock.now()
        row.claimed_until, row.token, row.not_before = None, "", None
        await self._session.flush()
        self._uow.publish(RecordingRefused(path=found.shown, code=code))

    async def troubled(self, limit: int = 50) -> Sequence[SpoolFileView]:
        """Files that were refused or wait for another try, the last first."""
        query = select(SpoolFile).where(SpoolFile.state.in_(("refused", "failed")))
        rows = (await self._session.scalars(query.order_by(SpoolFile.seen_at.desc()).limit(limit))).all()
        return [_view(row) for row in rows]

    async def counts(self) -> dict[str, int]:
        """How many files by what became of them."""
        query = select(SpoolFile.state, func.count().label("count")).group_by(SpoolFile.state)
        return {state: int(many) for state, many in await self._session.execute(query)}

    async def stuck_since(self) -> datetime | None:
        """Since when a file is being taken in that should long be: its disk is slow, or hangs."""
        oldest = select(func.min(SpoolFile.claimed_until)).where(SpoolFile.state == "working")
        until = (await self._session.scalars(oldest)).first()
        began = until - LEASE if until is not None else None
        return began if began is not None and began < self._clock.now() - SLOW else None

    async def last_taken(self) -> datetime | None:
        """When a recording was taken in last."""
        return (await self._session.scalars(select(func.max(Recording.taken_at)))).first()

    async def forget(self, before: datetime, present: Collection[str]) -> int:
        """Rows of files that have long gone from the spool."""
        query = select(SpoolFile.key).where(
            SpoolFile.seen_at < before,
            or_(SpoolFile.claimed_until.is_(None), SpoolFile.claimed_until < self._clock.now()),
        )
        gone = [key for key in (await self._session.scalars(query.limit(5000))).all() if key not in present]
        for key in gone:
            row = await self._session.get(SpoolFile, key)
            if row is not None:
                await self._session.delete(row)
        await self._session.flush()
        return len(gone)

    async def _end(self, found: Found, claim: Claim, **values: object) -> bool:
        query = update(SpoolFile).where(SpoolFile.key == found.key, SpoolFile.token == claim.token)
        query = query.values(claimed_until=None, token="", seen_at=self._clock.now(), **values)
        result = await self._session.execute(
            query.returning(SpoolFile.key), execution_options={"synchronize_session": False}
        )
        return result.first() is not None


def _remembered(found: Found, recording: Recording) -> str:
    """Names of files hold numbers: of what is erased none stays."""
    return "" if recording.state == "erased" else found.shown


def _view(row: SpoolFile) -> SpoolFileView:
    return SpoolFileView(
        key=row.key, path=row.path, size=row.size, mtime_ns=row.mtime_ns, state=row.state, code=row.code,
        attempts=row.attempts, not_before=row.not_before, seen_at=row.seen_at,
    )  # fmt: skip
