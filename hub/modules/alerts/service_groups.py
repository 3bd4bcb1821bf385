"""Which group a shop's people are told in, and of what. Never commits."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from hub.errors import Conflict
from hub.events.groups import GroupChanged, GroupSaid
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.alerts.models import Group
from hub.modules.alerts.rules import CODE_LIVES, KINDS, code_in, hash_of_code, new_code
from hub.modules.alerts.service_posts import PostService
from hub.modules.alerts.views import GroupView


class GroupService:
    """Settings, codes, binding."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock

    async def read(self, shop_id: str) -> GroupView:
        """As it stands; everything is told where nobody has chosen."""
        return _view(await self._session.get(Group, shop_id) or self._new(shop_id))

    async def save(
        self, shop_id: str, kinds: Collection[str], *, is_quiet: bool, rev: int | None = None
    ) -> GroupView:
        """Of what the group is told, and whether at night too. Raises Conflict for a stale `rev`."""
        row = await self._row(shop_id)
        if rev is not None and rev != row.rev:
            raise Conflict("alerts.stale", "Somebody else has changed this meanwhile.", "Look at it again.")
        row.kinds, row.is_quiet = sorted(set(kinds) & set(KINDS)), is_quiet
        row.rev += 1
        return _view(row)

    async def make_code(self, shop_id: str) -> str:
        """A new code for `/pair`; the one before is good no more."""
        row, code = await self._row(shop_id), new_code()
        row.code_hash, row.code_until = hash_of_code(code), self._clock.now() + CODE_LIVES
        row.rev += 1
        return code

    async def unbind(self, shop_id: str) -> None:
        """Nobody is told any more."""
        row = await self._row(shop_id)
        row.group_id, row.bound_at, row.bound_by, row.lost_at = "", None, "", None
        row.rev += 1

    async def said(self, event: GroupSaid) -> None:
        """Somebody types a code in a group: right, and it is the shop's from now on. May run twice."""
        code = code_in(event.text)
        if code is None:
            return
        cause = f"pair:{event.channel}:{event.group}:{event.provider_id}"[:200]
        posts = PostService(self._uow, self._deps)
        if await posts.is_known(cause):
            return
        query = select(Group).where(Group.code_hash == hash_of_code(code)).with_for_update()
        row = (await self._session.scalars(query)).first()
        now = self._clock.now()
        audit = AccessApi(self._uow, self._deps).audit
        if row is None or row.code_until is None or row.code_until <= now:
            audit.add("alerts.pair", "refused", subject=event.group, details={"by": event.writer_id})
            await posts.reply(cause, "unpaired", str(self._uow.shop_id), event.channel, event.group)
            return
        row.code_hash, row.code_until, row.lost_at = None, None, None
        row.channel, row.group_id = event.channel, event.group
        row.bound_at, row.bound_by = now, event.writer[:200]
        row.rev += 1
        await self._session.flush()
        audit.add("alerts.pair", "done", subject=event.group, details={"by": event.writer_id})
        await posts.reply(cause, "paired", row.shop_id, event.channel, event.group)

    async def changed(self, event: GroupChanged) -> None:
        """The group has another id, or the bot was put out of it. May run twice."""
        query = select(Group).where(Group.channel == event.channel, Group.group_id == event.group)
        for row in (await self._session.scalars(query.with_for_update())).all():
            if event.moved_to:
                row.group_id = event.moved_to
            elif not event.is_member:
                row.group_id, row.lost_at = "", self._clock.now()
            row.rev += 1

    async def _row(self, shop_id: str) -> Group:
        await self._uow.take_turn(f"alerts:group:{shop_id}")
        row = await self._session.get(Group, shop_id, with_for_update=True)
        if row is None:
            row = self._new(shop_id)
            self._session.add(row)
            await self._session.flush()
        return row

    def _new(self, shop_id: str) -> Group:
        return Group(
            shop_id=shop_id, rev=0, channel="", group_id="", bound_at=None, bound_by="", lost_at=None,
            kinds=sorted(KINDS), is_quiet=True, code_hash=None, code_until=None,
        )  # fmt: skip


def _view(row: Group) -> GroupView:
    return GroupView(
        shop_id=row.shop_id, rev=row.rev, is_bound=bool(row.group_id), bound_at=row.bound_at,
        bound_by=row.bound_by, lost_at=row.lost_at, kinds=frozenset(row.kinds), is_quiet=row.is_quiet,
    )  # fmt: skip
