"""Takes a file in: batch by batch, each in one transaction with the place that it came to."""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from zoneinfo import ZoneInfo

from hub.errors import Invalid
from hub.kernel.jobs.definition import JobContext, JobResult
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import CrmApi, ImportOutcome
from hub.modules.imports.api import ImportsApi
from hub.modules.imports.reading import BIGGEST, Row, rows_of
from hub.modules.imports.rules import row_of
from hub.modules.imports.rules_calls import Leg, OldCall, call_of, grouped, leg_of
from hub.modules.imports.views import FaultView, FileView

BATCH = 200
MOST_FAULTS = 10_000
_LONGEST_ROW = 500


class _Undo(Exception):
    """A dry run leaves nothing behind."""


async def take_in(ctx: JobContext) -> JobResult:
    """The file of the payload. Goes on where a run before it stopped."""
    file_id = str(ctx.payload["file_id"])
    async with ctx.reading() as uow:
        imports = ctx.apis(uow).of(ImportsApi)
        file, packed = await imports.one(file_id), await imports.content(file_id)
    if file.state != "working":
        return JobResult(link=f"/imports/{file_id}")
    try:
        kind = _TakingCalls if file.kind == "calls" else _Taking
        await kind(ctx, file, await asyncio.to_thread(_unpacked, packed)).run()
    except Invalid:
        async with ctx.writing() as uow:
            await ctx.apis(uow).of(ImportsApi).end(file_id, is_good=False)
        raise
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(ImportsApi).end(file_id, is_good=True)
    return JobResult("The file was read to its end.", link=f"/imports/{file_id}")


async def forget_old(ctx: JobContext) -> None:
    """Files that lie about hold people's numbers."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(ImportsApi).forget_old()


class _Taking:
    """One run over one file."""

    def __init__(self, ctx: JobContext, file: FileView, data: bytes) -> None:
        self._ctx = ctx
        self._file = file
        self._data = data
        self._counts = Counter(file.counts)

    async def run(self) -> None:
        """Everything is read once before anything is written: a file that breaks off is refused whole."""
        total = await asyncio.to_thread(lambda: sum(1 for _ in self._rows()))
        rows, position = self._rows(), self._file.position
        await asyncio.to_thread(lambda: next(islice(rows, position, position), None))
        while batch := await asyncio.to_thread(lambda: list(islice(rows, BATCH))):
            await self._batch(batch, position)
            position += len(batch)
            self._ctx.progress(position, total, "Rows are taken in")

    def _rows(self) -> Iterator[Row]:
        return islice(rows_of(self._data, self._file.format, self._file.encoding), 1, None)

    async def _batch(self, batch: Sequence[Row], position: int) -> None:
        ready = await asyncio.to_thread(lambda: [row_of(cells, self._file.mapping) for _, cells in batch])
        outcomes: list[ImportOutcome] = []
        try:
            async with self._ctx.writing() as uow:
                outcomes = await self._ctx.apis(uow).of(CrmApi).bulk.take(ready)
                if self._file.is_dry:
                    raise _Undo
                await self._advance(self._ctx.apis(uow).of(ImportsApi), batch, outcomes, position)
        except _Undo:
            async with self._ctx.writing() as uow:
                await self._advance(self._ctx.apis(uow).of(ImportsApi), batch, outcomes, position)

    async def _advance(
        self, imports: ImportsApi, batch: Sequence[Row], outcomes: Sequence[ImportOutcome], position: int
    ) -> None:
        counts = self._counts + Counter(one.what for one in outcomes)
        faults = [
            FaultView(line=line, text=outcome.text, row=" | ".join(cells)[:_LONGEST_ROW])
            for (line, cells), outcome in zip(batch, outcomes, strict=True)
            if outcome.text
        ]
        room = MOST_FAULTS - counts["told"]
        counts["told"] += len(faults[:room])
        await imports.advance(self._file.id, position, position + len(batch), dict(counts), faults[:room])
        self._counts = counts


class _TakingCalls(_Taking):
    """The history of an older PBX: rows of one conversation belong together, so all are read first."""

    async def run(self) -> None:
        async with self._ctx.reading() as uow:
            place = self._ctx.deps.places.of(uow.shop_id)
        calls, faults = await asyncio.to_thread(self._read, place.zone, place.country)
        position = self._file.position
        if position == 0 and faults:
            async with self._ctx.writing() as uow:
                self._counts["failed"], self._counts["told"] = len(faults), len(faults[:MOST_FAULTS])
                imports = self._ctx.apis(uow).of(ImportsApi)
                await imports.advance(self._file.id, 0, 0, dict(self._counts), faults[:MOST_FAULTS])
        for begin in range(position, len(calls), BATCH):
            await self._put(calls[begin : begin + BATCH], begin)
            self._ctx.progress(min(begin + BATCH, len(calls)), len(calls), "Rows are taken in")

    def _read(self, zone: ZoneInfo, country: str) -> tuple[list[OldCall], list[FaultView]]:
        legs: list[Leg] = []
        faults: list[FaultView] = []
        for line, cells in self._rows():
            leg = leg_of(line, self._file.head, cells, zone)
            if leg is not None:
                legs.append(leg)
            else:
                row = " | ".join(cells)[:_LONGEST_ROW]
                faults.append(FaultView(line=line, text="This is not a call: no day or no id.", row=row))
        return [call_of(group, country) for group in grouped(legs)], faults

    async def _put(self, calls: Sequence[OldCall], position: int) -> None:
        counts = self._counts.copy()
        try:
            async with self._ctx.writing() as uow:
                names = {str(one.call.call_id): one.recordings for one in calls}
                new = await self._ctx.apis(uow).of(CallsApi).old.take([one.call for one in calls], names)
                counts += Counter(added=len(new), same=len(calls) - len(new))
                if self._file.is_dry:
                    raise _Undo
                imports = self._ctx.apis(uow).of(ImportsApi)
                await imports.advance(self._file.id, position, position + len(calls), dict(counts), ())
        except _Undo:
            async with self._ctx.writing() as uow:
                imports = self._ctx.apis(uow).of(ImportsApi)
                await imports.advance(self._file.id, position, position + len(calls), dict(counts), ())
        self._counts = counts


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, BIGGEST)
    except zlib.error as error:
        raise Invalid("imports.gone", "The file is not kept any more.", "Upload it again.") from error
