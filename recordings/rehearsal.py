"""What the first sound of a day needs, asked for once in vain when the hub starts: statements that are
compiled at their first use would keep the first listener waiting."""

from __future__ import annotations

from contextlib import suppress

from hub.errors import NotFound
from hub.kernel.context import WorkerContext
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from recordings.models import Recording
from recordings.service import RecordingService
from recordings.service_listens import ListenService
from recordings.views import RecordingFilter, RecordingView

_NOBODY = "rehearsal"


async def rehearse(ctx: WorkerContext) -> None:
    """Looks for a recording that is not there, and notes that it was heard; nothing of it is kept."""
    async with ctx.transactions.reading(actor=None, shop_id=ctx.shop_id) as uow:
        access, recordings = AccessApi(uow, ctx.deps), RecordingService(uow, ctx.deps)
        await access.tokens.known(_NOBODY)
        await access.sessions.known(_NOBODY)
        with suppress(NotFound):
            await recordings.one(_NOBODY)
        with suppress(NotFound):
            await recordings.one(_NOBODY, RecordingFilter(shops=frozenset({ctx.shop_id})))
        await recordings.views([_made_up(ctx)])
    with suppress(_Enough):
        async with ctx.transactions.writing(actor=None, shop_id=ctx.shop_id) as uow:
            recording: RecordingView = (await RecordingService(uow, ctx.deps).views([_made_up(ctx)]))[0]
            for stretch in ((0.0, 1.0), (1.0, 2.0)):
                await ListenService(uow, ctx.deps).note(recording, stretch, actor=_NOBODY, name="")
            raise _Enough


def _made_up(ctx: WorkerContext) -> Recording:
    clock = ctx.deps.clock
    return Recording(
        id=new_id(clock), rev=1, shop_id=ctx.shop_id, call_id=None, state="ready", started_at=clock.now(),
        offset_seconds=None, duration_seconds=2.0, channels=1, channel_map=["mixed"], codec="pcm_s16le",
        sample_rate=8000, is_repaired=False, is_truncated=False, fault="", sha256="", size=1, loudness=None,
        source_name="", taken_at=clock.now(),
    )  # fmt: skip


class _Enough(Exception):
    """Undoes it."""
