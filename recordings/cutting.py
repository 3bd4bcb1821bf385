"""The job that cuts a part out of a recording."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hub.errors import HubError, NotFound, Unavailable
from hub.kernel.jobs.definition import JobContext, JobResult
from hub.ports.storage import Storage
from recordings.api import RecordingsApi, RecordingView
from recordings.audio import clips, ffmpeg
from recordings.keeping import measured
from recordings.store import store_of, trouble
from recordings.views_library import ClipView

JOB = "recordings.cut"


async def cut(ctx: JobContext) -> JobResult:
    """The part of the payload, once. What cannot be cut is no part any more."""
    clip_id, store = str(ctx.payload["clip_id"]), store_of(ctx.deps)
    async with ctx.reading() as uow:
        api = ctx.apis(uow).of(RecordingsApi)
        clip = await api.clips.by_id(clip_id)
        recording = await api.one(clip.recording_id) if clip is not None else None
    if clip is None or recording is None or recording.playable is None:
        raise NotFound("recordings.clip_unknown", "There is no such part of this recording.")
    link = f"/recordings/{recording.id}#clips"
    if clip.is_ready:
        return JobResult("The part is cut.", link=link)
    key = f"clips/{clip.id}.{ctx.fence}{clips.SUFFIX}"
    try:
        size, sha256 = await asyncio.to_thread(_cut, store, recording, clip, key)
    except (ffmpeg.ConversionFailed, HubError) as error:
        async with ctx.writing() as uow:
            await ctx.apis(uow).of(RecordingsApi).clips.remove(clip)
        ctx.log.warning("a part cannot be cut", recording=recording.id, reason=str(error)[:200])
        raise Unavailable(
            "recordings.not_cut", "This part could not be cut.",
            "Listen whether there is sound at that place, and try once more.",
        ) from error  # fmt: skip
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(RecordingsApi).clips.cut(clip.id, key, size, sha256)
    return JobResult("The part is cut.", link=link)


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
