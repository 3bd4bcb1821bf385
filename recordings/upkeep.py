"""Work by the clock on what is kept: the lasting form, originals that are over, calls that came later than
their sound, and whether store and rows say the same."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Literal

from hub.errors import HubError
from hub.kernel.jobs.definition import Cron, Every, Job, JobContext
from hub.ports.storage import Storage
from recordings.api import RecordingsApi, RecordingView
from recordings.audio import ffmpeg
from recordings.keeping import measured
from recordings.service_taking import KeptFile
from recordings.store import store_of, trouble

LATELY = timedelta(days=14)
STILL_LOOKED_FOR = timedelta(days=3)
_YOUNG = 24 * 3600.0
_CUT_WITHIN = 3600.0
"""Seconds: no try to cut a part takes longer; its file has its row by then."""
Form = Literal["opus", "mp3"]
_OURS = re.compile(r"(?:\d{4}/\d\d/\d\d|bundles|clips)/([0-9A-Za-z]{26})(?:\.\d+)?\.[0-9a-z]+")
"""The id is a recording's, a part's or a ZIP's; the number that of the run which made the file: a run that
was broken off leaves one that nobody speaks of."""


async def convert(ctx: JobContext) -> None:
    """The lasting form of what was taken in lately."""
    done = 0
    while batch := await _unconverted(ctx):
        for one in batch:
            await _convert(ctx, one)
            done += 1
            ctx.progress(done, None, "Recordings are converted")


async def _unconverted(ctx: JobContext) -> Sequence[RecordingView]:
    form = ctx.deps.settings.recordings.kept_form
    async with ctx.reading() as uow:
        api = ctx.apis(uow).of(RecordingsApi)
        return await api.upkeep.without(form, since=ctx.clock.now() - LATELY)


async def _convert(ctx: JobContext, recording: RecordingView) -> bool:
    form = ctx.deps.settings.recordings.kept_form
    store, original = store_of(ctx.deps), recording.renditions["original"]
    try:
        kept = await asyncio.to_thread(converted, store, original.path, form, recording.channels)
    except (ffmpeg.ConversionFailed, HubError) as error:
        ctx.log.warning("a recording cannot be converted", recording=recording.id, reason=str(error)[:200])
        async with ctx.writing() as uow:
            await ctx.apis(uow).of(RecordingsApi).upkeep.give_up(recording.id, form)
        return False
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(RecordingsApi).upkeep.add(recording.id, kept)
    return True


def converted(store: Storage, key: str, form: Form, channels: int) -> KeptFile:
    """Another form of a file of the store, in the store. It blocks."""
    suffix, content_type, _ = ffmpeg.FORMS[form]
    source = store.local(key)
    target = key.rpartition(".")[0] + suffix
    aside = store.workroom() / Path(target).name
    if source is None:
        raise ffmpeg.ConversionFailed("the store is not on this machine")
    try:
        ffmpeg.convert(source, aside, form, channels)
        size, sha256 = measured(aside)
        store.put(target, aside)
    except OSError as error:
        raise trouble(error) from error
    finally:
        aside.unlink(missing_ok=True)
    return KeptFile(kind=form, key=target, content_type=content_type, size=size, sha256=sha256)


async def drop_originals(ctx: JobContext) -> None:
    """After so many days the lasting form is enough; what has none gets it first."""
    settings, store, done = ctx.deps.settings.recordings, store_of(ctx.deps), 0
    before = ctx.clock.now() - timedelta(days=settings.original_days)
    after = ""
    while True:
        async with ctx.reading() as uow:
            batch = await ctx.apis(uow).of(RecordingsApi).upkeep.old_originals(before, after)
        for one in batch:
            after = one.id
            if settings.kept_form not in one.renditions and not await _convert(ctx, one):
                continue
            async with ctx.writing() as uow:
                gone = await ctx.apis(uow).of(RecordingsApi).upkeep.drop(one.id, "original")
            if gone is not None:
                await asyncio.to_thread(store.delete, gone)
            done += 1
            ctx.progress(done, None, "Originals are dropped")
        if not batch:
            return


async def link_late(ctx: JobContext) -> None:
    """A call that is told of later than its sound, or an imported one."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(RecordingsApi).linking.link_late(ctx.clock.now() - STILL_LOOKED_FOR)


async def check_store(ctx: JobContext) -> None:
    """Files that no row speaks of go; rows whose file is gone say so."""
    store = store_of(ctx.deps)
    now = ctx.clock.now().timestamp()
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(RecordingsApi).clips.drop_uncut(ctx.clock.now() - timedelta(days=1))
    keys = await asyncio.to_thread(
        lambda: [key for key, made in store.entries() if now - made > _wait_for(key)]
    )
    remaining = iter(key for key in keys if _OURS.fullmatch(key))
    while batch := list(islice(remaining, 400)):
        async with ctx.reading() as uow:
            known = (
                await ctx.apis(uow)
                .of(RecordingsApi)
                .upkeep.known_paths({found[1] for key in batch if (found := _OURS.fullmatch(key))})
            )
        for orphan in set(batch) - known:
            await asyncio.to_thread(store.delete, orphan)
            ctx.log.warning("a file of no recording was removed", key=orphan)
    await _missing(ctx, store, set(keys))


def _wait_for(key: str) -> float:
    return _CUT_WITHIN if key.startswith("clips/") else _YOUNG


async def _missing(ctx: JobContext, store: Storage, present: set[str]) -> None:
    after = ""
    while True:
        async with ctx.reading() as uow:
            batch = await ctx.apis(uow).of(RecordingsApi).upkeep.after(after)
        if not batch:
            return
        after = batch[-1].id
        for one in batch:
            gone = [kind for kind, file in one.renditions.items() if file.path not in present]
            for kind in gone:
                if await asyncio.to_thread(_is_missing, store, one.renditions[kind].path):
                    async with ctx.writing() as uow:
                        await ctx.apis(uow).of(RecordingsApi).upkeep.lost(one.id, kind)


def _is_missing(store: Storage, key: str) -> bool:
    path = store.local(key)
    return path is not None and not path.exists()


_LONG = 6 * 3600.0
JOBS = (
    Job(
        name="recordings.convert", run=convert, schedule=Every(60.0), title="Convert recordings",
        longest=_LONG,
    ),
    Job(
        name="recordings.link_late", run=link_late, schedule=Every(60.0), title="Find the calls of recordings"
    ),
    Job(
        name="recordings.drop_originals", run=drop_originals, schedule=Cron("20 2 * * *"),
        title="Drop originals of recordings that are over", longest=_LONG,
    ),
    Job(
        name="recordings.check_store", run=check_store, schedule=Cron("50 2 * * *"),
        title="Compare the store of recordings with its rows", longest=_LONG,
    ),
)  # fmt: skip
