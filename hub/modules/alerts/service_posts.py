"""Alerts: told once for a cause, changed when somebody takes one or it is over. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from hub.modules.alerts.models import Group, Post, Reply
from hub.modules.alerts.rules import open_from
from hub.modules.alerts.views import AlertEntry, PostPage, PostView
from hub.modules.alerts.words import Voice, text_of
from hub.modules.crm.api import number_key
from hub.values import ShopId

WORKER = "alerts"
DOUBT = "doubt"
"""In place of an error: whether it has arrived is not known, and it is not told again."""


class PostService:
    """The rows of what the groups are told."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._country = deps.places.of(uow.shop_id).country

    async def tell(self, entry: AlertEntry) -> None:
        """Tell the shop's group, if there is one that wants to know; once for the cause. Outside of hours it
        waits where the shop asked for quiet."""
        cause = entry.cause[:200]
        group = await self._session.get(Group, entry.shop_id)
        if group is None or not group.group_id or await self.is_known(cause):
            return
        if entry.kind != "test" and entry.kind not in group.kinds:
            return
        now = self._clock.now()
        shop = await AccessApi(self._uow, self._deps).shop(ShopId(entry.shop_id))
        since = entry.since or now
        about = {**entry.values, "since": since.isoformat(), "shop": shop.name}
        post = self._new(cause, entry.kind, entry.shop_id, group.channel, group.group_id, about)
        post.task_id, post.client_id, post.call_id = entry.task_id, entry.client_id, entry.call_id
        post.number = entry.number
        post.number_key = number_key(entry.number, self._country) if entry.number else None
        if group.is_quiet and entry.kind != "test":
            post.not_before = open_from(shop, now)
        self._session.add(post)
        self._wake()

    async def reply(self, cause: str, kind: str, shop_id: str, channel: str, group_id: str) -> None:
        """Say something in a group because somebody spoke to the bot there."""
        shop = await AccessApi(self._uow, self._deps).shop(ShopId(shop_id))
        self._session.add(self._new(cause, kind, shop_id, channel, group_id, {"shop": shop.name}))
        self._wake()

    async def is_known(self, cause: str) -> bool:
        """Whether this was told already, or is about to be."""
        await self._uow.take_turn(f"alerts:cause:{cause}")
        return (await self._session.scalars(select(Post.id).where(Post.cause == cause))).first() is not None

    async def one(self, post_id: str) -> Post | None:
        """The row, locked."""
        query = select(Post).where(Post.id == post_id).with_for_update()
        return (await self._session.scalars(query.execution_options(populate_existing=True))).first()

    async def of_task(self, task_id: str) -> Sequence[Post]:
        """The alerts about a task, one in each shop that waits; locked."""
        query = select(Post).where(Post.task_id == task_id).order_by(Post.id).with_for_update()
        return (await self._session.scalars(query)).all()

    async def of_cause(self, cause: str) -> Post | None:
        """The alert of a cause, locked."""
        return (
            await self._session.scalars(select(Post).where(Post.cause == cause).with_for_update())
        ).first()

    async def open_of(self, kind: str, shop_id: str | None = None) -> Collection[Post]:
        """Those of a kind that nobody has ended."""
        query = select(Post).where(Post.kind == kind, Post.state != "closed")
        if shop_id is not None:
            query = query.where(Post.shop_id == shop_id)
        return (await self._session.scalars(query)).all()

    def take(self, post: Post, person_id: str, name: str) -> None:
        """Somebody does it; the same one again is the same."""
        if post.state == "closed" or (post.state == "taken" and post.taken_id == person_id):
            return
        post.state, post.taken_id, post.taken_by = "taken", person_id, name
        self._show(post)

    def close(self, post: Post, reason: str) -> None:
        """It is over. One that was never told is told no more."""
        if post.state == "closed":
            return
        post.state, post.reason = "closed", reason
        self._show(post)
        if post.provider_id is None and post.claim is None:
            post.shown = post.wanted

    def reopen(self, post: Post) -> None:
        """It was closed by mistake."""
        if post.state == "closed":
            post.state, post.reason, post.taken_by, post.taken_id = "open", "", "", None
            self._show(post)

    async def whisper(self, press: str, text: str) -> None:
        """Tell whoever pressed, for a moment."""
        press = press[:200]
        if press and await self._session.get(Reply, press) is None:
            self._session.add(Reply(press=press, text=text[:200], at=self._clock.now()))
            self._wake()

    async def page(
        self, shops: Collection[ShopId] | None, *, cursor: str | None = None, limit: int = 50
    ) -> PostPage:
        """Newest first; `shops` None = of every shop."""
        query = select(Post).where(Post.kind.not_in(("paired", "unpaired"))).order_by(Post.id.desc())
        if shops is not None:
            query = query.where(Post.shop_id.in_([str(shop) for shop in shops]))
        if cursor is not None:
            query = query.where(Post.id < cursor.replace("\x00", ""))
        rows = (await self._session.scalars(query.limit(limit + 1))).all()
        items = [_view(row, await self.voice(row.shop_id)) for row in rows[:limit]]
        return PostPage(items=tuple(items), next=items[-1].id if len(rows) > limit else None)

    async def forget(self, before: datetime) -> None:
        """Those that were over by then."""
        await self._session.execute(delete(Post).where(Post.created_at < before, Post.claim.is_(None)))

    async def voice(self, shop_id: str) -> Voice:
        """How the shop speaks."""
        shop = await AccessApi(self._uow, self._deps).shop(ShopId(shop_id))
        return Voice(self._deps.texts, shop.language, ZoneInfo(shop.timezone))

    def _show(self, post: Post) -> None:
        post.changed_at = self._clock.now()
        post.wanted += 1
        post.rev += 1
        post.tries = 0
        if post.provider_id is not None:
            post.not_before = post.changed_at
        elif post.error:
            post.shown = post.wanted  # it may have arrived, or cannot: it is not told another time
        self._wake()

    def _wake(self) -> None:
        self._uow.after_commit(lambda: self._deps.wake(WORKER))

    def _new(
        self, cause: str, kind: str, shop_id: str, channel: str, group_id: str, about: dict[str, str]
    ) -> Post:
        now = self._clock.now()
        return Post(
            id=new_id(self._clock), rev=1, shop_id=shop_id, cause=cause, kind=kind, state="open", about=about,
            task_id=None, client_id=None, number=None, number_key=None, call_id=None, taken_by="",
            taken_id=None, changed_at=now, reason="", wanted=1, shown=0, channel=channel, group_id=group_id,
            provider_id=None, not_before=now, tries=0, claim=None, claimed_until=None, error="",
            created_at=now,
        )  # fmt: skip


def _view(row: Post, voice: Voice) -> PostView:
    return PostView(
        id=row.id, rev=row.rev, shop_id=row.shop_id, kind=row.kind, state=row.state,
        text=text_of(row, voice), taken_by=row.taken_by, task_id=row.task_id, client_id=row.client_id,
        created_at=row.created_at, changed_at=row.changed_at, is_told=row.shown >= row.wanted,
        is_doubted=row.error == DOUBT, error="" if row.error == DOUBT else row.error,
    )  # fmt: skip
