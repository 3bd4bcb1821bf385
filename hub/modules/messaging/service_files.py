"""The rows of files: uploaded, to be fetched, gone. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select

from hub.errors import NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.messaging.conditions import is_waiting_file
from hub.modules.messaging.models import Early, File, Message
from hub.modules.messaging.rules_files import LONGEST_NAME, clean_name
from hub.modules.messaging.service_book import ThreadBook
from hub.modules.messaging.service_reading import file_view
from hub.modules.messaging.store import Stored
from hub.modules.messaging.views import FileView, Shops

_BACKOFF = (10.0, 60.0, 300.0, 1800.0, 7200.0)
_CLAIM = timedelta(minutes=5)
_UNSENT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file that is to be fetched from a provider."""

    id: str
    channel: str
    ref: str


class FileService:
    """Files of messages."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._book = ThreadBook(uow, deps)

    async def add(self, stored: Stored, name: str) -> FileView:
        """One that was uploaded, to be sent with a message of whoever uploaded it."""
        now = self._clock.now()
        row = File(
            id=stored.id, message_id=None, position=0, channel="", ref="", name=clean_name(name),
            content_type=stored.content_type, size=stored.size, state="ready", path=stored.path, tries=0,
            not_before=now, actor=self._uow.actor, created_at=now,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return file_view(row)

    async def one(self, file_id: str, shops: Shops) -> tuple[FileView, str]:
        """A file and its path, of a message that one may read, or one's own upload. Raises NotFound."""
        is_id = len(file_id) <= 26 and "\x00" not in file_id
        row = await self._session.get(File, file_id) if is_id else None
        if row is None or row.state != "ready" or not await self._may(row, shops):
            raise NotFound("messaging.unknown_file", "There is no such file.")
        return file_view(row), row.path

    async def given(self, file_id: str) -> tuple[FileView, str]:
        """As `one`, for whoever has an address of it that is good. Raises NotFound."""
        row = await self._session.get(File, file_id)
        if row is None or row.state != "ready" or row.message_id is None:
            raise NotFound("messaging.unknown_file", "There is no such file.")
        return file_view(row), row.path

    async def of_message(self, message_id: str) -> tuple[FileView, ...]:
        """The files of a message that are there."""
        query = select(File).where(File.message_id == message_id, File.state == "ready")
        return tuple(map(file_view, (await self._session.scalars(query.order_by(File.position))).all()))

    async def _may(self, row: File, shops: Shops) -> bool:
        if row.message_id is None:
            return row.actor == self._uow.actor
        query = select(Message.shop_id).where(Message.id == row.message_id)
        shop_id = (await self._session.scalars(query)).first()
        return shop_id is not None and (shops is None or shop_id in shops)

    async def wanted(self, channels: Collection[str], limit: int) -> list[Wanted]:
        """Those to be fetched now; nobody else takes them meanwhile."""
        now = self._clock.now()
        query = select(File).where(
            is_waiting_file(), File.not_before <= now, File.channel.in_(sorted(channels))
        )
        query = query.order_by(File.not_before, File.id).limit(limit).with_for_update(skip_locked=True)
        rows: Sequence[File] = (await self._session.scalars(query)).all()
        for row in rows:
            row.not_before, row.tries = now + _CLAIM, row.tries + 1
        return [Wanted(id=row.id, channel=row.channel, ref=row.ref) for row in rows]

    async def is_wanted(self, channels: Collection[str]) -> bool:
        """Whether anything is to be fetched."""
        query = select(File.id).where(
            is_waiting_file(), File.not_before <= self._clock.now(), File.channel.in_(sorted(channels))
        )
        return (await self._session.scalars(query.limit(1))).first() is not None

    async def fetched(self, file_id: str, stored: Stored) -> bool:
        """It stands on the disk. False: nobody wants it any more (erased meanwhile)."""
        row = await self._session.get(File, file_id, with_for_update=True)
        if row is None or row.state != "waiting":
            return False
        row.state, row.path, row.size, row.ref = "ready", stored.path, stored.size, ""
        row.content_type = stored.content_type
        row.name = row.name and clean_name(row.name)[:LONGEST_NAME]
        await self._touch(row)
        return True

    async def not_yet(self, file_id: str, retry_after: float) -> None:
        """It is tried again later, at last given up."""
        row = await self._session.get(File, file_id, with_for_update=True)
        if row is None or row.state != "waiting":
            return
        if row.tries > len(_BACKOFF):
            await self.gone(file_id)
            return
        wait = max(retry_after, _BACKOFF[min(row.tries, len(_BACKOFF)) - 1])
        row.not_before = self._clock.now() + timedelta(seconds=wait)

    async def gone(self, file_id: str) -> None:
        """The provider has it no more, or it is too large."""
        row = await self._session.get(File, file_id, with_for_update=True)
        if row is not None and row.state == "waiting":
            row.state, row.ref = "gone", ""
            await self._touch(row)

    async def forget_unsent(self) -> None:
        """Uploads of yesterday that no message took along, and states of messages that were none of ours."""
        old = self._clock.now() - _UNSENT
        await self._session.execute(delete(File).where(File.message_id.is_(None), File.created_at < old))
        await self._session.execute(delete(Early).where(Early.at < old))

    async def known(self, paths: Collection[str]) -> frozenset[str]:
        """Those of these paths that a row speaks of."""
        query = select(File.path).where(File.path.in_(sorted(paths)), File.state == "ready")
        return frozenset((await self._session.scalars(query)).all())

    async def _touch(self, row: File) -> None:
        message = await self._book.message(row.message_id or "")
        if message is not None:
            message.rev += 1
            self._book.touch(await self._book.row(message.conversation_id))
