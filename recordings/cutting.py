"""The job that cuts a part out of a recording."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from hub.errors import Conflict, HubError, NotFound, Unavailable
from hub.kernel.jobs.definition import BACKOFF, JobContext, JobResult
from hub.ports.storage import Storage
from recordings.api import RecordingsApi, RecordingView
from recordings.audio import clips, ffmpeg
from recordings.keeping import measured
from recordings.service_erasing import remove_soon
from recordings.store import store_of, trouble
from recordings.views_library import ClipView

JOB = "recordings.cut"


async def cut(ctx: JobContext) -> JobResult:
    """The part of the payload, once."""
    clip_id, store = str(ctx.payload["clip_id"]), store_of(ctx.deps)
    async with ctx.reading() as uow:
        api = ctx.apis(uow).of(RecordingsApi)
        clip = await api.clips.by_id(clip_id)
        recording = await api.one(clip.recording_id) if clip is not None else None
    if clip is None or recording is None or recording.playable is None:
        if clip is not None:
            await _give_up(ctx, clip)
        await _drop_others(ctx, store, clip_id, kept="")
        raise NotFound("recordings.clip_unknown", "There is no such part of this recording.")
    link = f"/recordings/{recording.id}#clips"
    if clip.is_ready:
        return JobResult("The part is cut.", link=link)
    key = _key(clip.id, ctx.fence)
    size, sha256 = await _made(ctx, store, recording, clip, key)
    async with ctx.writing() as uow:
        parts = ctx.apis(uow).of(RecordingsApi).clips
        await parts.cut(clip.id, key, size, sha256)
        now = await parts.by_id(clip.id)
    await _drop_others(ctx, store, clip.id, kept=now.key if now is not None else "")
    return JobResult("The part is cut.", link=link)


async def _made(
    ctx: JobContext, store: Storage, recording: RecordingView, clip: ClipView, key: str
) -> tuple[int, str]:
    """Its size and hash, in the store. Raises Conflict for what cannot be cut; a fault of the store that may
    pass is tried again."""
    try:
        return await _beside(store, recording, clip, key)
    except ffmpeg.ConversionFailed as error:
        await _give_up(ctx, clip)
        ctx.log.warning("a part cannot be cut", recording=recording.id, reason=str(error)[:200])
        raise Conflict(
            "recordings.not_cut", "This part could not be cut.",
            "Listen whether there is sound at that place, and try once more.",
        ) from error  # fmt: skip
    except HubError as error:
        if not isinstance(error, Unavailable) or ctx.attempt > len(BACKOFF):
            await _give_up(ctx, clip)
        raise
    except asyncio.CancelledError:
        await _give_up_if_called_off(ctx, clip)
        raise


async def _beside(store: Storage, recording: RecordingView, clip: ClipView, key: str) -> tuple[int, str]:
    """A thread cannot be ended: whoever comes last, it or who gave it up, takes the file away again."""
    is_over, is_given_up = threading.Event(), threading.Event()

    def run() -> tuple[int, str]:
        try:
            return _cut(store, recording, clip, key)
        finally:
            is_over.set()
            if is_given_up.is_set():
                _drop(store, [key])

    try:
        return await asyncio.to_thread(run)
    except asyncio.CancelledError:
        is_given_up.set()
        if is_over.is_set():
            remove_soon(store, [key])
        raise


async def _give_up(ctx: JobContext, clip: ClipView) -> None:
    """What cannot be cut is no part any more."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(RecordingsApi).clips.remove(clip)


async def _give_up_if_called_off(ctx: JobContext, clip: ClipView) -> None:
    """A run that only stops with its process, or takes too long, is tried again."""
    async with ctx.reading() as uow:
        run = await ctx.deps.jobs.find(uow, ctx.run_id)
    if run.is_cancelling:
        await _give_up(ctx, clip)


async def _drop_others(ctx: JobContext, store: Storage, clip_id: str, *, kept: str) -> None:
    """What earlier tries left, whose end nobody saw."""
    keys = {_key(clip_id, fence) for fence in range(1, ctx.fence + 1)} - {kept}
    await asyncio.to_thread(_drop, store, keys)


def _drop(store: Storage, keys: Collection[str]) -> None:
    for key in keys:
        with suppress(HubError):  # the nightly comparison takes it
            store.delete(key)


def _key(clip_id: str, fence: int) -> str:
    return f"clips/{clip_id}.{fence}{clips.SUFFIX}"


def _cut(store: Storage, recording: RecordingView, clip: ClipView, key: str) -> tuple[int, str]:
    assert recording.playable is not None
    source, aside = store.local(recording.playable.path), store.workroom() / Path(key).name
    if source is None:
        raise ffmpeg.ConversionFailed("the store is not on this machine")
    try:
        clips.cut(
            source, aside, clip.begin_seconds, clip.end_seconds, rate=recording.sample_rate,
            channels=recording.channels,
        )  # fmt: skip
        size, sha256 = measured(aside)
        store.put(key, aside)
    except OSError as error:
        raise trouble(error) from error
    finally:
        aside.unlink(missing_ok=True)
    return size, sha256
