"""Uploaded files: stored, mapped, taken in batch by batch, with what was wrong. Never commits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.imports.models import Chunk, Fault, ImportFile, Mapping
from hub.modules.imports.rules import checked, guess, is_enough, signature
from hub.modules.imports.views import ENCODINGS, FaultView, FileKind, FileView, Opened
from hub.values import ShopId

CHUNK = 512 * 1024
KEPT = timedelta(days=7)
_ID = re.compile(r"[0-9a-z]{26}")


class ImportService:
    """What can be done with an uploaded file."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._clock = deps.clock

    async def store(self, opened: Opened, kind: FileKind) -> FileView:
        """Keep a file; its columns mean what they meant the last time, else what their names say."""
        known = await self._uow.session.get(Mapping, signature(opened.head))
        width = max([len(opened.head), *(len(row) for row in opened.sample)])
        mapping = checked(known.mapping if known is not None else guess(opened.head), width)
        row = ImportFile(
            id=new_id(self._clock), rev=1, shop_id=self._uow.shop_id, kind=kind, format=opened.format,
            encoding=opened.encoding, name=opened.name[:200], size=opened.size, head=list(opened.head),
            sample=[list(cells) for cells in opened.sample], mapping=mapping, state="uploaded", is_dry=False,
            position=0, counts={}, run_id=None, actor=self._uow.actor, created_at=self._clock.now(),
        )  # fmt: skip
        self._uow.session.add(row)
        await self._uow.session.flush()
        for place, begin in enumerate(range(0, len(opened.packed), CHUNK)):
            part = opened.packed[begin : begin + CHUNK]
            self._uow.session.add(Chunk(file_id=row.id, place=place, data=part))
        await self._uow.session.flush()
        return await self.one(row.id)

    async def one(self, file_id: str, shops: frozenset[ShopId] | None = None) -> FileView:
        """Raises NotFound, also for a file of another shop."""
        return (await self._views([await self._row(file_id, shops)]))[0]

    async def recent(self, shops: frozenset[ShopId] | None, limit: int = 30) -> tuple[FileView, ...]:
        """Newest first."""
        query = select(ImportFile).order_by(ImportFile.id.desc()).limit(limit)
        if shops is not None:
            query = query.where(ImportFile.shop_id.in_(sorted(shops)))
        return await self._views((await self._uow.session.scalars(query)).all())

    async def begin(self, file_id: str, mapping: Sequence[str], encoding: str, *, is_dry: bool) -> None:
        """Say what the columns mean, and that it starts. Raises NotFound, Invalid, Conflict."""
        row = await self._row(file_id, None)
        if await self._is_at_work(row):
            raise Conflict(
                "imports.at_work", "This file is being taken in already.", "Wait until it is done."
            )
        if not await self._is_here(row.id):
            raise Conflict("imports.gone", "The file is not kept any more.", "Upload it again.")
        meaning = checked(mapping, len(row.mapping))
        if row.kind == "clients" and not is_enough(meaning):
            raise Invalid(
                "imports.mapping", "Say in which column the name or the phone stands.",
                fields={"column": "Choose at least a name or a phone."},
            )  # fmt: skip
        row.mapping, row.is_dry, row.state = meaning, is_dry, "working"
        row.encoding = encoding if encoding in ENCODINGS else row.encoding
        row.position, row.counts, row.rev = 0, {}, row.rev + 1
        await self._uow.session.execute(delete(Fault).where(Fault.file_id == row.id))
        head = signature(row.head)
        known = await self._uow.session.get(Mapping, head)
        if known is None:
            self._uow.session.add(Mapping(head=head, mapping=meaning, at=self._clock.now()))
        else:
            known.mapping, known.at = meaning, self._clock.now()
        await self._uow.session.flush()

    async def runs(self, file_id: str, run_id: str) -> None:
        """Which run of the job works on it."""
        row = await self._row(file_id, None)
        row.run_id = run_id
        await self._uow.session.flush()

    async def content(self, file_id: str) -> bytes:
        """The compressed file. Raises Conflict when it is not kept any more."""
        query = select(Chunk.data).where(Chunk.file_id == file_id).order_by(Chunk.place)
        parts = (await self._uow.session.scalars(query)).all()
        if not parts:
            raise Conflict("imports.gone", "The file is not kept any more.", "Upload it again.")
        return b"".join(parts)

    async def advance(
        self, file_id: str, begun_at: int, position: int, counts: dict[str, int],
        faults: Sequence[FaultView],
    ) -> None:  # fmt: skip
        """Rows up to `position` are done. Raises Conflict when somebody else did these rows."""
        taken = await self._uow.session.execute(
            update(ImportFile).where(ImportFile.id == file_id, ImportFile.position == begun_at)
            .values(position=position, counts=counts, rev=ImportFile.rev + 1)
            .returning(ImportFile.id)
        )  # fmt: skip
        if taken.first() is None:
            raise Conflict(
                "imports.at_work", "This file is being taken in already.", "Wait until it is done."
            )
        self._uow.session.add_all(
            Fault(id=new_id(self._clock), file_id=file_id, line=one.line, text=one.text, row=one.row)
            for one in faults
        )
        await self._uow.session.flush()

    async def end(self, file_id: str, *, is_good: bool) -> FileView:
        """It is over; what was taken in is kept no longer."""
        row = await self._row(file_id, None)
        row.state = ("checked" if row.is_dry else "done") if is_good else "failed"
        row.rev += 1
        if row.state == "done":
            await self._uow.session.execute(delete(Chunk).where(Chunk.file_id == file_id))
            row.sample = []
        await self._uow.session.flush()
        return await self.one(file_id)

    async def drop(self, file_id: str) -> None:
        """The file and what was said of it; what came of it stays."""
        row = await self._row(file_id, None)
        if await self._is_at_work(row):
            raise Conflict(
                "imports.at_work", "This file is being taken in already.", "Wait until it is done."
            )
        for table in (Chunk, Fault):
            await self._uow.session.execute(delete(table).where(table.file_id == row.id))
        await self._uow.session.delete(row)

    async def faults(self, file_id: str, limit: int) -> tuple[FaultView, ...]:
        """In the order of the file."""
        query = select(Fault).where(Fault.file_id == file_id).order_by(Fault.line, Fault.id).limit(limit)
        rows = (await self._uow.session.scalars(query)).all()
        return tuple(FaultView(line=row.line, text=row.text, row=row.row) for row in rows)

    async def forget_old(self) -> None:
        """Files that nobody took in within a week, and lines that were wrong in old ones."""
        before = self._clock.now() - KEPT
        old = select(ImportFile.id).where(ImportFile.created_at < before, ImportFile.state != "working")
        await self._uow.session.execute(delete(Chunk).where(Chunk.file_id.in_(old)))
        await self._uow.session.execute(delete(Fault).where(Fault.file_id.in_(old)))
        await self._uow.session.execute(
            update(ImportFile).where(ImportFile.id.in_(old)).values(sample=[], head=[]),
            execution_options={"synchronize_session": False},
        )

    async def _row(self, file_id: str, shops: frozenset[ShopId] | None) -> ImportFile:
        row = await self._uow.session.get(ImportFile, file_id) if _ID.fullmatch(file_id) else None
        if row is None or (shops is not None and row.shop_id not in shops):
            raise NotFound("imports.unknown", "There is no such file.")
        return row

    async def _is_at_work(self, row: ImportFile) -> bool:
        """A run that somebody has cancelled is over, and the file may be taken in anew."""
        if row.state != "working" or row.run_id is None:
            return row.state == "working"
        try:
            return (await self._deps.jobs.find(self._uow, row.run_id)).is_open
        except NotFound:
            return False

    async def _is_here(self, file_id: str) -> bool:
        query = select(func.count()).select_from(Chunk).where(Chunk.file_id == file_id)
        return bool(await self._uow.session.scalar(query))

    async def _views(self, rows: Sequence[ImportFile]) -> tuple[FileView, ...]:
        ids = [row.id for row in rows]
        query = select(Chunk.file_id).where(Chunk.file_id.in_(ids), Chunk.place == 0)
        here = set((await self._uow.session.scalars(query)).all()) if ids else set()
        over = {row.id for row in rows if row.state == "working" and not await self._is_at_work(row)}
        return tuple(
            FileView(
                id=row.id, rev=row.rev, kind=row.kind, format=row.format, encoding=row.encoding,
                name=row.name, size=row.size, head=tuple(row.head),
                sample=tuple(tuple(cells) for cells in row.sample), mapping=tuple(row.mapping),
                state="failed" if row.id in over else row.state, is_dry=row.is_dry,
                position=row.position, counts=dict(row.counts),
                run_id=row.run_id, created_at=row.created_at, is_here=row.id in here,
            )
            for row in rows
        )  # fmt: skip
