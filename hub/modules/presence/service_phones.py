"""What the PBX tells of phones and queues, as it is stored. Never commits; harmless when it runs twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from hub.events.phones import MemberState, PhonesChanged, PhoneState
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.presence.models import Link, Member, Phone, Queue

TOPIC = "presence"


class PhoneService:
    """For one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._access = AccessApi(uow, deps)

    async def changed(self, event: PhonesChanged, at: datetime) -> None:
        """Take in what is otherwise; where all was asked for, drop what is not there any more."""
        await self._take_phones(event, at)
        await self._take_members(event, at)
        link = await self._link(event.pbx)
        if event.is_whole:
            await self._take_queues(event)
            link.known_at, link.unknown_since = at, None
        extensions = {one.extension for one in event.phones} | {one.extension for one in event.members}
        await self._tell(link, None if event.is_whole else extensions)

    async def link_lost(self, pbx: str, at: datetime) -> None:
        """From here on nobody knows."""
        link = await self._link(pbx)
        link.unknown_since = link.unknown_since or at
        await self._tell(link, None)

    async def _take_phones(self, event: PhonesChanged, at: datetime) -> None:
        known = {
            row.device: row
            for row in await self._session.scalars(select(Phone).where(Phone.pbx == event.pbx))
        }
        for phone in event.phones:
            row = known.pop(phone.device, None)
            if row is None:
                self._session.add(_phone(event.pbx, phone, at))
            elif row.condition != phone.condition:
                row.condition, row.since = phone.condition, at
        if event.is_whole:
            for gone in known.values():
                await self._session.delete(gone)

    async def _take_members(self, event: PhonesChanged, at: datetime) -> None:
        known = {
            (row.queue, row.interface): row
            for row in await self._session.scalars(select(Member).where(Member.pbx == event.pbx))
        }
        for member in event.members:
            row = known.pop((member.queue, member.interface), None)
            if member.is_gone:
                if row is not None:
                    await self._session.delete(row)
                continue
            if row is None:
                row = Member(pbx=event.pbx, queue=member.queue, interface=member.interface, condition="")
                self._session.add(row)
            _write(row, member, at)
        if event.is_whole:
            for gone in known.values():
                await self._session.delete(gone)

    async def _take_queues(self, event: PhonesChanged) -> None:
        await self._session.execute(delete(Queue).where(Queue.pbx == event.pbx))
        self._session.add_all([Queue(pbx=event.pbx, name=name) for name in sorted(set(event.queues))])

    async def _link(self, pbx: str) -> Link:
        await self._uow.take_turn(f"presence:{pbx}")
        row = await self._session.get(Link, pbx)
        if row is None:
            row = Link(pbx=pbx, rev=0, known_at=None, unknown_since=None)
            self._session.add(row)
        row.rev += 1
        return row

    async def _tell(self, link: Link, extensions: Collection[str] | None) -> None:
        """Whose phones they are is told where they work; what is everybody's is told in every shop."""
        await self._session.flush()
        if extensions is None:
            for shop in await self._access.list_shops():
                self._uow.hint(TOPIC, link.pbx, link.rev, shop_id=shop.id)
            return
        people = await self._access.people_by_extension()
        shops = {
            shop
            for extension in extensions
            if extension in people
            for shop in (people[extension].shop_id, *people[extension].shops)
        }
        for shop_id in sorted(shops or {self._uow.shop_id}):
            self._uow.hint(TOPIC, link.pbx, link.rev, shop_id=shop_id)


def _phone(pbx: str, phone: PhoneState, at: datetime) -> Phone:
    return Phone(
        pbx=pbx, device=phone.device, extension=phone.extension, condition=phone.condition, since=at
    )  # fmt: skip


def _write(row: Member, member: MemberState, at: datetime) -> None:
    if row.condition != member.condition:
        row.condition, row.since = member.condition, at
    was_paused = row.is_paused
    row.extension, row.name = member.extension, member.name
    row.is_paused, row.reason = member.is_paused, member.reason
    if not member.is_paused:
        row.paused_at = None
    else:
        row.paused_at = member.paused_at or (row.paused_at if was_paused else at)
