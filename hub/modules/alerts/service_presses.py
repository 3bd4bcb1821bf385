"""Buttons that somebody in the group has pressed: whose press it is, whether they may, what it does. Never
commits; may run twice."""

from __future__ import annotations

import hashlib
from zoneinfo import ZoneInfo

from hub.errors import HubError
from hub.events.groups import GroupPressed
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.web import Viewer
from hub.modules.access.api import AccessApi
from hub.modules.alerts.models import Post
from hub.modules.alerts.rules import PRESS, Verb, parsed_payload, signed_part
from hub.modules.alerts.service_accounts import AccountService
from hub.modules.alerts.service_posts import PostService
from hub.modules.alerts.words import Voice
from hub.modules.bot.api import language_of
from hub.modules.dialling.api import DIAL, Asker, CallOrder, DiallingApi
from hub.modules.tasks.api import DO, Holder, TasksApi
from hub.values import ShopId


class PressService:
    """What a press does; whoever pressed is told for a moment, everybody else by the changed message."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._posts = PostService(uow, deps)
        self._accounts = AccountService(uow, deps)

    async def pressed(self, event: GroupPressed) -> None:
        """A stranger, one without the right, a forged or foreign button: told so, no effect, audited."""
        viewer = await self._accounts.presser(event.channel, event.writer_id)
        voice = self._voice(event, viewer)
        verb, post = await self._meant(event)
        if post is None or verb is None:
            await self._refuse(event, viewer, "not_ours", voice.t("This button does not work any more."))
        elif viewer is None:
            text = voice.t("I do not know you yet. In Pitline, open “My log-in”, then “Telegram”.")
            await self._refuse(event, None, "stranger", text)
        elif not _may(viewer, verb, post):
            await self._refuse(event, viewer, "no_right", voice.t("Your role may not do this."))
        elif post.state == "closed":
            await self._posts.whisper(event.press, voice.t("This is over already."))
        else:
            await self._do(event, viewer, verb, post, voice)

    async def _meant(self, event: GroupPressed) -> tuple[Verb | None, Post | None]:
        found = parsed_payload(event.payload)
        if found is None:
            return None, None
        verb, post_id, tag = found
        if not self._deps.seal.is_signed(signed_part(verb, post_id), PRESS, tag):
            return None, None
        post = await self._posts.one(post_id)
        is_here = post is not None and (post.channel, post.group_id) == (event.channel, event.group)
        return (verb, post) if is_here else (None, None)

    async def _do(self, event: GroupPressed, viewer: Viewer, verb: Verb, post: Post, voice: Voice) -> None:
        audit = AccessApi(self._uow, self._deps).audit
        try:
            await self._take(viewer, post)
            said = voice.t("It is yours.")
            if verb == "call":
                await self._call(event, viewer, post)
                said = voice.t("Your phone rings now. Pick it up, and the client is called.")
        except HubError as error:
            said = " ".join(filter(None, (voice.t(error.text, **error.data), voice.t(error.hint))))
            audit.add(f"alerts.{verb}", "failed", subject=post.id, actor=viewer.actor)
        else:
            audit.add(f"alerts.{verb}", "done", subject=post.id, actor=viewer.actor)
        await self._posts.whisper(event.press, said)

    async def _take(self, viewer: Viewer, post: Post) -> None:
        """Raises Conflict while a colleague has the task in hand, or it is over."""
        name = " ".join((*viewer.extensions[:1], viewer.name))
        if post.task_id is not None:
            holder = Holder(id=viewer.id, name=name)
            await TasksApi(self._uow, self._deps).claim(post.task_id, holder, _shops(viewer, DO))
        self._posts.take(post, viewer.id, viewer.name)

    async def _call(self, event: GroupPressed, viewer: Viewer, post: Post) -> None:
        """Raises what dialling says of the number, the phone and the line to the PBX."""
        asker = Asker(
            actor=viewer.actor or "nobody", role=viewer.role, shop_id=ShopId(post.shop_id),
            extensions=viewer.extensions, is_person=True, shops=_shops(viewer, DIAL),
        )  # fmt: skip
        press = hashlib.sha256(f"{post.id} {event.press}".encode()).hexdigest()
        order = CallOrder(number=post.number or "", key=f"alert:{press}", call_id=post.call_id)
        await DiallingApi(self._uow, self._deps).call(order, asker)

    async def _refuse(self, event: GroupPressed, viewer: Viewer | None, why: str, said: str) -> None:
        details = {"why": why, "channel": event.channel, "writer": event.writer_id}
        actor = viewer.actor if viewer is not None else None
        audit = AccessApi(self._uow, self._deps).audit
        audit.add("alerts.press", "refused", subject=event.group, actor=actor, details=details)
        await self._posts.whisper(event.press, said)

    def _voice(self, event: GroupPressed, viewer: Viewer | None) -> Voice:
        said = viewer.language if viewer is not None else None
        language = language_of(said, event.language, self._deps.settings.shop.language)
        return Voice(self._deps.texts, language, ZoneInfo(self._deps.settings.shop.timezone))


def _shops(viewer: Viewer, right: str) -> frozenset[ShopId] | None:
    return None if viewer.rights.get(right) == "all" else viewer.reaching(right).shop_ids


def _may(viewer: Viewer, verb: Verb, post: Post) -> bool:
    for right in (DO, DIAL) if verb == "call" else (DO,):
        shops = _shops(viewer, right)
        if not viewer.can(right) or (shops is not None and post.shop_id not in shops):
            return False
    return True
