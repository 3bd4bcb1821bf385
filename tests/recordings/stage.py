"""A spool beside a hub, and the intake that looks through it when the test says so."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.context import WorkerContext
from hub.kernel.shops import FIRST_SHOP
from hub.log import get_logger
from recordings.api import RecordingFilter, RecordingsApi, RecordingView, SpoolFileView
from recordings.intake import Intake
from recordings.store import store_of
from tests.factories.tones import tone, wav

SOUND = wav(tone(440.0, 2.0))


@dataclass
class Spool:
    """The PBX's side of the folder, and ours."""

    hub: Hub
    root: Path
    ctx: WorkerContext
    intake: Intake

    @property
    def clock(self) -> FrozenClock:
        """The test's."""
        clock = self.hub.installation.clock
        assert isinstance(clock, FrozenClock)
        return clock

    def write(self, name: str, data: bytes = SOUND, *, at: datetime | None = None) -> Path:
        """A file as the PBX leaves it; `at`: when its last byte was written."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if at is not None:
            os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    async def look(self, times: int = 3) -> int:
        """Look through it; how many were taken in."""
        taken = 0
        for _ in range(times):
            taken += await self.intake.look_once()
            await asyncio.sleep(0.002)
        return taken

    async def recordings(self, **where: object) -> list[RecordingView]:
        """All that there are, newest first."""
        async with self.ctx.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            found = RecordingFilter(**where)
            return list((await RecordingsApi(uow, self.ctx.deps).page(found, limit=200)).items)

    async def troubled(self) -> list[SpoolFileView]:
        """What could not be taken."""
        async with self.ctx.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            return list(await RecordingsApi(uow, self.ctx.deps).spool.troubled())

    async def heard(self, recording: RecordingView) -> bytes:
        """What is played."""
        file = recording.playable
        assert file is not None
        store = store_of(self.ctx.deps)
        return b"".join([piece async for piece in store.read(file.path, 0, file.size)])

    def in_store(self) -> list[str]:
        """Every file of the store, unfinished ones too."""
        store = Path(self.ctx.deps.settings.recordings.store)
        return sorted(str(p.relative_to(store)) for p in store.rglob("*") if p.is_file())

    def in_spool(self) -> list[str]:
        """Every file of the spool."""
        return sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*") if not p.is_dir())


def open_spool(hub: Hub, root: Path, **settings: object) -> Spool:
    """Waits so short that nobody waits."""
    root.mkdir(parents=True, exist_ok=True)
    deps = hub.installation.deps
    own = replace(
        deps.settings.recordings,
        **{"spool": str(root), "rest_seconds": 0.0, "poll_seconds": 0.02, **settings},
    )
    deps = replace(deps, settings=replace(deps.settings, recordings=own))
    ctx = WorkerContext(
        transactions=hub.transactions, deps=deps, shop_id=FIRST_SHOP, work=asyncio.Event(),
        log=get_logger("recordings"),
    )  # fmt: skip
    return Spool(hub, root, ctx, Intake(ctx))
