"""The rows behind the sender of alerts: each call is one short transaction. Never commits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.alerts.models import Group, Post, Reply
from hub.modules.alerts.rules import POST_LIVES, PRESS, Verb, next_try, payload_of, signed_part
from hub.modules.alerts.service_posts import DOUBT, PostService
from hub.modules.alerts.words import Voice, text_of
from hub.ports.messaging import Button

CLAIM_SECONDS = 120.0
_REPLY_LIVES = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A post on its way. `provider_id` None: the group has not seen it yet."""

    id: str
    version: int
    channel: str
    group: str
    provider_id: str | None
    text: str
    buttons: tuple[Button, ...]


class SendingService:
    """`process` is the name of its own claims; `in_hand` are the posts that it is telling just now."""

    def __init__(self, uow: UnitOfWork, deps: Deps, process: str, in_hand: Collection[str] = ()) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._process = process
        self._in_hand = in_hand
        self._is_alone = deps.settings.database.url.startswith("sqlite")
        self._posts = PostService(uow, deps)

    async def has_work(self) -> bool:
        """Whether anything is to be told."""
        some = (
            select(Post.id).where(self._is_due()),
            select(Post.id).where(self._is_orphan()),
            select(Reply.press),
        )
        return bool((await self._session.scalars(select(or_(*(exists(one.limit(1)) for one in some))))).one())

    async def replies(self) -> list[tuple[str, str]]:
        """What those who pressed are to be told, taken off the table: press and text."""
        rows = (await self._session.scalars(select(Reply).order_by(Reply.at).limit(50))).all()
        young = [(row.press, row.text) for row in rows if row.at + _REPLY_LIVES > self._now]
        await self._session.execute(delete(Reply).where(Reply.press.in_([row.press for row in rows])))
        return young

    async def claim(self, channel: str, busy: Collection[str]) -> list[Claim]:
        """One for each group that nothing is on its way to, the oldest first."""
        await self._settle_orphans()
        query = select(Post).where(
            self._is_due(), Post.channel == channel, Post.group_id.not_in(sorted(busy))
        )
        query = query.order_by(Post.id).limit(50).with_for_update(skip_locked=True)
        chosen: dict[str, Post] = {}
        for row in (await self._session.scalars(query)).all():
            if row.provider_id is None and max(row.created_at, row.not_before) + POST_LIVES < self._now:
                row.shown, row.error = row.wanted, "It could not be told in time."
            else:
                chosen.setdefault(row.group_id, row)
        return [await self._claimed(row) for row in chosen.values()]

    async def told(self, claim: Claim, provider_id: str) -> None:
        """The group has it as it was."""
        row = await self._mine(claim)
        if row is not None:
            row.provider_id, row.shown, row.error, row.tries = provider_id, claim.version, "", 0
            self._free(row)

    async def again(self, claim: Claim, retry_after: float) -> None:
        """Certainly not told; later."""
        row = await self._mine(claim)
        if row is not None:
            row.tries += 1
            row.not_before = next_try(row.tries, self._now, retry_after)
            self._free(row)

    async def failed(self, claim: Claim, error: str, moved_to: str = "") -> None:
        """It will never be told there; or the group has another id."""
        row = await self._mine(claim)
        if row is None:
            return
        self._free(row)
        if moved_to and moved_to != row.group_id:
            query = select(Group).where(Group.channel == row.channel, Group.group_id == row.group_id)
            for group in (await self._session.scalars(query)).all():
                group.group_id = moved_to
            row.group_id = moved_to
            return
        row.error, row.shown = error[:500], claim.version

    async def _settle_orphans(self) -> None:
        """Left behind by a process that is gone, or by us without its end: a change is made again, a post is
        in doubt."""
        query = select(Post).where(self._is_orphan()).limit(100).with_for_update(skip_locked=True)
        for row in (await self._session.scalars(query)).all():
            self._free(row)
            if row.provider_id is None:
                row.error, row.shown = DOUBT, row.wanted

    async def _claimed(self, row: Post) -> Claim:
        row.claim, row.claimed_until = self._process, self._now + timedelta(seconds=CLAIM_SECONDS)
        voice = await self._posts.voice(row.shop_id)
        return Claim(
            id=row.id, version=row.wanted, channel=row.channel, group=row.group_id,
            provider_id=row.provider_id, text=text_of(row, voice), buttons=self._buttons(row, voice),
        )  # fmt: skip

    def _buttons(self, row: Post, voice: Voice) -> tuple[Button, ...]:
        verbs: list[tuple[Verb, str]] = []
        if row.state == "open" and row.kind not in ("paired", "unpaired"):
            verbs.append(("take", voice.t("✋ Take it")))
        if row.state != "closed" and row.number:
            verbs.append(("call", voice.t("📞 Call back")))
        sign = self._deps.seal.sign
        buttons = [
            Button(title=title, payload=payload_of(verb, row.id, sign(signed_part(verb, row.id), PRESS)))
            for verb, title in verbs
        ]
        home, path = self._deps.settings.server.public_url.rstrip("/"), row.about.get("path")
        if path and home.startswith("https://"):
            buttons.append(Button(title=voice.t("Open the page"), url=f"{home}{path}"))
        return tuple(buttons)

    async def _mine(self, claim: Claim) -> Post | None:
        row = await self._posts.one(claim.id)
        return row if row is not None and row.claim == self._process else None

    def _free(self, row: Post) -> None:
        row.claim, row.claimed_until = None, None
        row.rev += 1

    def _is_due(self) -> ColumnElement[bool]:
        return and_(Post.shown < Post.wanted, Post.claim.is_(None), Post.not_before <= self._now)

    def _is_orphan(self) -> ColumnElement[bool]:
        """Claimed by a process that is gone, as far as one can tell; or by us, and its end was not noted."""
        gone: ColumnElement[bool] = Post.claimed_until < self._now
        if self._is_alone:
            gone = or_(gone, Post.claim != self._process)
        return and_(Post.claim.is_not(None), gone, Post.id.not_in(sorted(self._in_hand)))

    @property
    def _now(self) -> datetime:
        return self._deps.clock.now()
