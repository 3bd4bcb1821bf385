"""Long work of recordings: ZIPs of many, words of what was said; what is over is thrown away."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import zipfile
from pathlib import Path

from hub.errors import NotFound
from hub.kernel.jobs.definition import JobContext, JobResult
from recordings.api import RecordingsApi
from recordings.audio.speech import speech_of
from recordings.service_transcripts import packed
from recordings.store import store_of


async def pack(ctx: JobContext) -> JobResult:
    """The recordings of the payload's bundle in one ZIP, each under its day, its time and its id."""
    bundle_id = str(ctx.payload["bundle_id"])
    store = store_of(ctx.deps)
    async with ctx.reading() as uow:
        api = ctx.apis(uow).of(RecordingsApi)
        bundle = await api.sharing.bundle_of(bundle_id)
    if bundle.key:
        return JobResult("The ZIP is ready.", link=f"/recordings/bundles/{bundle_id}")
    zone = ctx.deps.places.of(ctx.shop_id).zone
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recordings.zip"
        packed = 0
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for number, recording_id in enumerate(bundle.recording_ids):
                ctx.progress(number, len(bundle.recording_ids), "Recordings are packed")
                async with ctx.reading() as uow:
                    recording = await ctx.apis(uow).of(RecordingsApi).one(recording_id)
                file = recording.playable
                if file is None:
                    continue
                at = recording.started_at.astimezone(zone)
                ending = file.path.rpartition(".")[2]
                name = f"{at:%Y-%m-%d}/{at:%H-%M-%S}-{recording.id}.{ending}"
                with archive.open(name, "w", force_zip64=True) as out:
                    async for piece in store.read(file.path, 0, file.size):
                        await asyncio.to_thread(out.write, piece)
                packed += 1
        if not packed:
            raise NotFound("recordings.nothing_packed", "None of these recordings can be heard any more.")
        key, size = f"bundles/{bundle_id}.{ctx.fence}.zip", path.stat().st_size
        await asyncio.to_thread(store.put, key, path)
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(RecordingsApi).sharing.bundled(bundle_id, key, size)
    return JobResult("The ZIP is ready.", link=f"/recordings/bundles/{bundle_id}")


async def transcribe(ctx: JobContext) -> None:
    """What is said in the payload's recording. A second run finds it done; one without sound has nothing."""
    speech, store = speech_of(ctx.deps), store_of(ctx.deps)
    async with ctx.reading() as uow:
        recording = await ctx.apis(uow).of(RecordingsApi).one(str(ctx.payload["recording_id"]))
    file = recording.playable
    if speech is None or file is None or "words" in recording.renditions:
        return
    with tempfile.TemporaryDirectory() as folder:
        sound, aside = Path(folder) / "sound", Path(folder) / "words"
        with sound.open("wb") as out:
            async for piece in store.read(file.path, 0, file.size):
                await asyncio.to_thread(out.write, piece)
        words = await asyncio.to_thread(speech.transcribe, sound)
        data = packed(words)
        aside.write_bytes(data)
        key = f"{file.path.partition('.')[0]}.{ctx.fence}.words"
        await asyncio.to_thread(store.put, key, aside)
    async with ctx.writing() as uow:
        api = ctx.apis(uow).of(RecordingsApi)
        still = await api.one(recording.id)
        if still.state == "ready":
            digest = hashlib.sha256(data).hexdigest()
            await api.transcripts.keep(still, words, key=key, size=len(data), sha256=digest)
        else:
            await api.erasing.leave(key)


async def erase_over(ctx: JobContext) -> None:
    """Recordings whose days are over go, but for what a legal hold keeps; then their files."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(RecordingsApi).holds.end_proposals()
    done = 0
    while True:
        async with ctx.writing() as uow:
            gone = await ctx.apis(uow).of(RecordingsApi).erasing.erase_over()
        if not gone:
            break
        done += gone
        ctx.progress(done, None, "Recordings are erased")
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(RecordingsApi).basis.drop_strays()
    await drop_leavings(ctx)


async def drop_leavings(ctx: JobContext) -> None:
    """Files of what is erased: no row speaks of them any more."""
    while True:
        async with ctx.reading() as uow:
            keys = await ctx.apis(uow).of(RecordingsApi).erasing.leavings()
        if not keys:
            return
        for key in keys:
            await asyncio.to_thread(store_of(ctx.deps).delete, key)
        async with ctx.writing() as uow:
            await ctx.apis(uow).of(RecordingsApi).erasing.left(keys)


async def drop_bundles(ctx: JobContext) -> None:
    """ZIPs whose time is over hold people's voices."""
    async with ctx.reading() as uow:
        over = await ctx.apis(uow).of(RecordingsApi).sharing.over()
    for bundle in over:
        if bundle.key:
            await asyncio.to_thread(store_of(ctx.deps).delete, bundle.key)
        async with ctx.writing() as uow:
            await ctx.apis(uow).of(RecordingsApi).sharing.drop_bundle(bundle.id)


async def drop_gone_notes(ctx: JobContext) -> None:
    """A restored backup may bring back what was erased; calls erase it again, and so does the library."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(RecordingsApi).shelf.drop_gone_notes()
