"""Recordings of clients that are erased (hub.kernel.clients), and of what a restored backup brings back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from hub.kernel.backup.tombstones import Burial, Tombstones, lay
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.turns import take_turn
from hub.modules.calls.api import erased_calls
from recordings import erasing
from recordings.models import Recording
from recordings.models_privacy import ErasedRecording
from recordings.service_erasing import TURN

STONE = "recordings.recording"
SOUND_STONE = "recordings.sound"
"""By its hash: a restored database may know nothing of a recording whose file a kept spool still has."""
_WAITS = "waits"


async def _move(_uow: UnitOfWork, _deps: Deps, _what: Move) -> Moved:
    """Whose a recording is says its call."""
    return {}


async def _put_back(_uow: UnitOfWork, _deps: Deps, _what: Move, _moved: Moved) -> None:
    return None


def _erase(connection: Connection, who: Erasure) -> int:
    """The sound of their calls, with all that was made of it and written to it. What a legal hold keeps
    goes when that is lifted. Calls forget whose they were after this."""
    take_turn(connection, TURN)  # a hold that is laid at this moment is either seen here, or comes too late
    mine = (Recording.call_id.in_(erased_calls(who)), Recording.state != "erased")
    why = erasing.Why(rule="client", at=who.until)
    held = connection.execute(select(Recording.id).where(*mine, erasing.is_held())).scalars().all()
    erasing.wait(connection, held, why)
    free = connection.execute(select(Recording.id).where(*mine, ~erasing.is_held())).scalars().all()
    return len(erasing.erase(connection, free, why))


def _numbers(_connection: Connection, _among: Collection[str] | None) -> Collection[str]:
    return ()


def _collect(connection: Connection) -> Iterable[tuple[str, str]]:
    """What was asked for. What goes by age goes again by age."""
    query = select(ErasedRecording.recording_id, ErasedRecording.at, Recording.sha256).outerjoin(
        Recording, Recording.id == ErasedRecording.recording_id
    )
    for row in connection.execute(query.where(ErasedRecording.rule != "retention")):
        if row.at is not None and row.sha256:
            yield SOUND_STONE, row.sha256
        yield STONE, f"{row.recording_id}@{_WAITS if row.at is None else int(row.at.timestamp())}"


def _bury(connection: Connection, burial: Burial) -> None:
    for sha256 in burial.marks.get(SOUND_STONE, frozenset()):
        lay(connection, SOUND_STONE, sha256, burial.at)
    for ref in burial.marks.get(STONE, frozenset()):
        recording_id, _, at = ref.partition("@")
        if at == _WAITS:
            still = select(Recording.id).where(Recording.id == recording_id, Recording.state != "erased")
            found = connection.execute(still).scalars().all()
            erasing.wait(connection, found, erasing.Why(rule="client", at=burial.at))
        elif at.isdecimal():
            moment = datetime.fromtimestamp(int(at), UTC)
            erasing.erase(connection, [recording_id], erasing.Why(rule="restored", at=moment))


RECORDS = ClientRecords(move=_move, put_back=_put_back, erase=_erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury, collect=_collect)
