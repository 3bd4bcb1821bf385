"""A piece of sound becomes a recording with rows. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from hub.events.recordings import RecordingStored
from hub.kernel.backup.tables import backup_tombstones
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.calls.api import CallView
from hub.values import CallId, ShopId
from recordings import erasing
from recordings.audio.taking import Sound
from recordings.models import Recording, Rendition
from recordings.service_basis import BasisService, turn_of
from recordings.service_clients import SOUND_STONE
from recordings.service_erasing import ErasingService
from recordings.service_linking import CLOCKS_APART, LinkingService
from recordings.views import RenditionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file that is in the store already."""

    kind: RenditionKind
    key: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken: `name` below the spool, hash and size of the original, what it holds, when its last
    byte was written; `is_joined`: of two files."""

    recording_id: str
    name: str
    sha256: str
    size: int
    sound: Sound
    ended_at: datetime
    is_joined: bool = False


class TakingService:
    """Writes the rows of a recording that was taken in."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._linking = LinkingService(uow, deps)
        self._basis = BasisService(uow, deps)

    async def twin_of(self, taken: Taken) -> Recording | None:
        """The same sound of the same call that is there already."""
        await self._uow.take_turn(f"recordings.sha256:{taken.sha256}")
        call, _ = await self._linking.find(taken.name, taken.ended_at + CLOCKS_APART)
        query = select(Recording).where(Recording.sha256 == taken.sha256, Recording.size == taken.size)
        for row in (await self._session.scalars(query)).all():
            is_same_call = row.call_id == (call.id if call is not None else None)
            is_same = is_same_call or row.state == "erased"
            if row.source_name == taken.name or (is_same and taken.sound.state != "empty"):
                return row
        return None

    async def judge(self, taken: Taken) -> tuple[erasing.Why | None, bool]:
        """Why it must not be kept, if so; and whether that may change yet (see BasisService.judge)."""
        if taken.sound.state != "empty" and await self._was_erased(taken.sha256):
            return erasing.Why(rule="restored", at=self._deps.clock.now()), False
        call, _ = await self._linking.find(taken.name, taken.ended_at + CLOCKS_APART)
        if call is not None:
            await self._uow.take_turn(turn_of(call.id))
        return await self._basis.judge(call, taken.name)

    async def _was_erased(self, sha256: str) -> bool:
        """Before an older backup was put back, which may know nothing of it."""
        stones = backup_tombstones.c
        query = select(stones.ref).where(stones.kind == SOUND_STONE, stones.ref == sha256)
        return (await self._session.execute(query)).first() is not None

    async def store(self, taken: Taken, files: Sequence[KeptFile]) -> Recording:
        """The rows and the fact; what must not be kept is erased in the same breath."""
        why, _ = await self.judge(taken)
        row = await self._stored(taken, files)
        if why is not None:
            await ErasingService(self._uow, self._deps).drop([row.id], why)
        return row

    async def _stored(self, taken: Taken, files: Sequence[KeptFile]) -> Recording:
        sound, now = taken.sound, self._deps.clock.now()
        call, began_at = await self._linking.find(taken.name, taken.ended_at + CLOCKS_APART)
        started_at = began_at or taken.ended_at - timedelta(seconds=sound.seconds)
        if call is not None:
            started_at = max(started_at, call.started_at)
        row = Recording(
            id=taken.recording_id, rev=1, shop_id=call.shop_id if call is not None else self._uow.shop_id,
            call_id=call.id if call is not None else None, state=sound.state, started_at=started_at,
            offset_seconds=_offset(call, started_at), duration_seconds=sound.seconds, channels=sound.channels,
            channel_map=list(_channel_map(sound.channels, call)), codec=sound.codec,
            sample_rate=sound.rate, is_repaired=sound.is_repaired, is_truncated=sound.is_truncated,
            fault=sound.fault, sha256=taken.sha256, size=taken.size, loudness=sound.loudness,
            source_name=taken.name, taken_at=now,
        )  # fmt: skip
        self._session.add(row)
        for file in files:
            self._session.add(
                Rendition(
                    recording_id=row.id, kind=file.kind, path=file.key, content_type=file.content_type,
                    size=file.size, sha256=file.sha256, made_at=now,
                )
            )  # fmt: skip
        await self._session.flush()
        await self._linking.people(row.id, call)
        self._tell(row)
        return row

    def _tell(self, row: Recording) -> None:
        self._uow.publish(
            RecordingStored(
                recording_id=row.id, call_id=CallId(row.call_id) if row.call_id is not None else None,
                state=row.state, started_at=row.started_at, offset_seconds=row.offset_seconds,
                duration_seconds=row.duration_seconds, channels=row.channels,
            ),
            external_id=f"{row.id}:stored",
        )  # fmt: skip
        self._uow.hint("recording", row.id, row.rev, shop_id=ShopId(row.shop_id))


def _channel_map(channels: int, call: CallView | None) -> tuple[str, ...]:
    """Of two channels the first is what the PBX received from the channel that began the call: the outside
    party, or our own phone when that dialled."""
    if channels != 2:
        return ("mixed",) * channels
    return ("outside", "ours") if call is None or call.direction == "inbound" else ("ours", "outside")


def _offset(call: CallView | None, started_at: datetime) -> float | None:
    return None if call is None else round((started_at - call.started_at).total_seconds(), 1)
