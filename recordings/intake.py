"""Takes files in from the spool as long as the hub runs: finished ones only, each whole or not at all.

Order of one file: claim (row), copy aside while hashing, look, mend, waveform, into the store (fsync,
rename), rows and fact in one transaction, then it goes from the spool. A kill anywhere leaves either the file
in the spool, or the recording, and what it leaves besides is swept at the next start."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

from hub.errors import HubError, Unavailable
from hub.kernel.context import UnitOfWork, WorkerContext
from hub.ports.storage import Storage
from recordings.audio.container import NotSound
from recordings.audio.taking import Sound, examined, joined
from recordings.keeping import keep, swept_workroom
from recordings.pairs import Piece, next_of, pieces
from recordings.readiness import Readiness
from recordings.service_spool import MOST_CRASHES, Claim, SpoolService
from recordings.service_taking import KeptFile, Taken, TakingService
from recordings.spool import Found, Spool, StillGrowing
from recordings.store import store_of, trouble

AT_ONCE = 2
_MOST, _NEWEST, _FEW = 500, 100, 50
"""Files that one look deals with, the newest of them in any case; for fewer than that nobody asks first."""
_AWAY_WAIT = 10.0


async def watch(ctx: WorkerContext) -> None:
    """Until it is cancelled; with no spool in the settings there is nothing to do."""
    settings = ctx.deps.settings.recordings
    if settings.spool:
        await Intake(ctx).run(settings.poll_seconds)


class Intake:
    """One process's view of the spool."""

    def __init__(self, ctx: WorkerContext) -> None:
        settings = ctx.deps.settings.recordings
        self._ctx = ctx
        self._spool = Spool(Path(settings.spool), settings.finished)
        self._store = store_of(ctx.deps)
        self._keeps_spool = settings.spool_after == "keep"
        self._ready = Readiness(ctx, settings.rest_seconds)
        self._dealt: dict[str, tuple[int, int]] = {}
        self._trouble = ""
        self._turn = 0

    async def run(self, poll: float) -> None:
        """What a former life of this process had begun is taken up, then look again and again."""
        if self._ctx.deps.settings.database.url.startswith("sqlite"):
            async with self._writing() as uow:
                await SpoolService(uow, self._ctx.deps).release_all()
            await self._swept()
        while True:
            began, wait = time.monotonic(), poll
            try:
                await self.look_once()
            except Unavailable as error:
                wait = self._note(error)
            took = time.monotonic() - began
            await asyncio.sleep(max(0.05, wait - took, min(took, _AWAY_WAIT)))

    async def _swept(self) -> None:
        try:
            await asyncio.to_thread(swept_workroom, self._store, 0.0)
        except Unavailable as error:
            self._note(error)

    def _note(self, error: Unavailable) -> float:
        if error.code != self._trouble:
            self._ctx.log.warning("recordings are not taken in", code=error.code, text=error.text)
        self._trouble = error.code
        return _AWAY_WAIT

    async def look_once(self) -> int:
        """Take in whatever is ready. How many files were taken. Raises Unavailable while spool, store or
        database cannot be used."""
        await asyncio.to_thread(swept_workroom, self._store)
        found = await asyncio.to_thread(self._spool.look)
        present = {one.path for one in found}
        self._dealt = {path: version for path, version in self._dealt.items() if path in present}
        fresh = await self._unknown([one for one in found if self._dealt.get(one.path) != one.version])
        fresh = next_of(fresh, _MOST, _NEWEST, self._turn)
        self._turn += 1
        await self._refuse([one for one in fresh if one.trouble])
        ready = await self._ready.of([one for one in fresh if not one.trouble])
        gate = asyncio.Semaphore(AT_ONCE)
        taken = await asyncio.gather(*(self._guarded(gate, one) for one in pieces(ready, found)))
        self._trouble = ""
        return sum(taken)

    async def _unknown(self, fresh: list[Found]) -> list[Found]:
        """Without what another life of this process has dealt with: a PBX may keep tens of thousands of files
        in its folder, and after a start none of them is known."""
        if len(fresh) <= _FEW or not (self._keeps_spool or self._turn == 0):
            return fresh
        async with self._ctx.transactions.reading(actor=None, shop_id=self._ctx.shop_id) as uow:
            settled = await SpoolService(uow, self._ctx.deps).settled([one.key for one in fresh])
        gone = ("taken", "duplicate") if not self._keeps_spool else ()
        for one in fresh:
            state, version = settled.get(one.key, ("", (-1, -1)))
            if version == one.version and state not in gone:
                self._dealt[one.path] = one.version
        return [one for one in fresh if self._dealt.get(one.path) != one.version]

    async def _refuse(self, found: Sequence[Found]) -> None:
        for one in found:
            async with self._writing() as uow:
                await SpoolService(uow, self._ctx.deps).refuse(one, one.trouble)
            self._dealt[one.path] = one.version

    async def _guarded(self, gate: asyncio.Semaphore, piece: Piece) -> bool:
        found = piece.file
        async with gate:
            async with self._writing() as uow:
                spool = SpoolService(uow, self._ctx.deps)
                claim = await spool.claim(found)
                known = await spool.known([found.key]) if claim is None else {}
            if claim is not None:
                return await self._tried(piece, claim)
            if found.key in known:
                await self._dealt_with(found, known[found.key].state)
            return False

    async def _dealt_with(self, found: Found, state: str) -> None:
        """A kill between the rows and the removal leaves a file that is taken already."""
        if state in ("taken", "duplicate") and not self._keeps_spool:
            await asyncio.to_thread(self._spool.remove, found)
        if state in ("taken", "duplicate", "refused"):
            self._dealt[found.path] = found.version

    async def _tried(self, piece: Piece, claim: Claim) -> bool:
        found = piece.file
        try:
            if claim.crashes > MOST_CRASHES:
                raise NotSound("hopeless")
            await self._take(piece, claim)
        except NotSound as error:
            async with self._writing() as uow:
                await SpoolService(uow, self._ctx.deps).refuse(found, error.code)
            self._dealt[found.path] = found.version
            return False
        except (StillGrowing, FileNotFoundError):
            async with self._writing() as uow:
                await SpoolService(uow, self._ctx.deps).let_go(found, claim)
            return False
        except HubError as error:
            await self._later(found, claim, error.code)
            return False
        except OSError as error:
            await self._later(found, claim, f"spool.{errno.errorcode.get(error.errno or 0, 'fault').lower()}")
            return False
        return True

    async def _later(self, found: Found, claim: Claim, code: str) -> None:
        self._ctx.log.warning("a recording waits", file=found.shown, code=code)
        async with self._writing() as uow:
            await SpoolService(uow, self._ctx.deps).later(found, claim, code)

    async def _take(self, piece: Piece, claim: Claim) -> None:
        found = piece.file
        aside = await asyncio.to_thread(_aside, self._store, claim.token)
        try:
            sha256, sound = await asyncio.to_thread(self._read, piece, aside)
            is_joined = piece.sent is not None and sound.channels == 2
            taken = Taken(
                recording_id=claim.recording_id, name=found.shown, sha256=sha256, size=found.size,
                sound=sound, is_joined=is_joined, ended_at=datetime.fromtimestamp(found.mtime_ns / 1e9, UTC),
            )  # fmt: skip
            is_erased = await self._keep(piece, claim, taken, aside)
        finally:
            await asyncio.to_thread(aside.unlink, missing_ok=True)
        for one in (found, piece.sent, piece.mixed) if is_joined else (found,):
            if one is None:
                continue
            stays = self._keeps_spool and not is_erased
            if stays or not await asyncio.to_thread(self._spool.remove, one):
                self._dealt[one.path] = one.version

    def _read(self, piece: Piece, aside: Path) -> tuple[str, Sound]:
        found = piece.file
        try:
            sha256 = self._spool.copy(found, aside)
            if piece.sent is not None:
                self._join(piece.sent, aside)
            return sha256, examined(aside, found.path)
        except (FileNotFoundError, PermissionError):
            raise
        except OSError as error:
            raise trouble(error) from error

    def _join(self, sent: Found, aside: Path) -> None:
        """What the PBX sent becomes the second channel, if both can be."""
        other, both = aside.with_suffix(".sent.wav"), aside.with_suffix(".both.wav")
        try:
            self._spool.copy(sent, other)
            if joined(aside, other, both):
                both.replace(aside)
        finally:
            other.unlink(missing_ok=True)
            both.unlink(missing_ok=True)

    async def _keep(self, piece: Piece, claim: Claim, taken: Taken, aside: Path) -> bool:
        """Whether nothing of it may stay, in the spool either."""
        found = piece.file
        async with self._writing() as uow:
            taking, spool = TakingService(uow, self._ctx.deps), SpoolService(uow, self._ctx.deps)
            twin = await taking.twin_of(taken)
            if twin is not None:
                await spool.settle(found, claim, "duplicate", twin)
                return twin.state == "erased"
            why, is_open = await taking.judge(taken)
            if why is not None and is_open:
                raise StillGrowing
            if why is not None:
                # Its sound never comes into the store.
                await self._written(uow, piece, claim, taken, [])
                return True
        files = await asyncio.to_thread(keep, self._store, taken, aside)
        async with self._writing() as uow:
            return await self._written(uow, piece, claim, taken, files)

    async def _written(
        self, uow: UnitOfWork, piece: Piece, claim: Claim, taken: Taken, files: Sequence[KeptFile]
    ) -> bool:
        row = await TakingService(uow, self._ctx.deps).store(taken, files)
        spool = SpoolService(uow, self._ctx.deps)
        if not await spool.settle(piece.file, claim, "taken", row):
            raise Unavailable("spool.taken_over", "Another process takes this file in.")
        for one in (piece.sent, piece.mixed) if taken.is_joined else ():
            if one is not None:
                await spool.belongs(one, row)
        return row.state == "erased"

    def _writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._ctx.transactions.writing(actor=None, shop_id=self._ctx.shop_id)


def _aside(store: Storage, token: str) -> Path:
    return store.workroom() / f"{token}.wav"
