"""Long work of recordings: ZIPs of many, and what is over is thrown away."""

from __future__ import annotations

import asyncio
import tempfile
import zipfile
from pathlib import Path

from hub.errors import NotFound
from hub.kernel.jobs.definition import JobContext, JobResult
from recordings.api import RecordingsApi
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
