"""What facts tell the group, and what ends an alert by itself. Never commits; may run twice."""

from __future__ import annotations

from sqlalchemy import select

from hub.errors import NotFound
from hub.events.messages import MessageSettled
from hub.events.recordings import LOW_SCORE, RecordingReviewed
from hub.events.tasks import TaskClosed, TaskOpened, TaskShared, TaskTaken
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.texts import fill
from hub.modules.access.api import AccessApi
from hub.modules.alerts.models import Group
from hub.modules.alerts.rules import DEAD_AFTER
from hub.modules.alerts.service_posts import PostService
from hub.modules.alerts.views import AlertEntry
from hub.modules.crm.api import CrmApi
from hub.modules.messaging.api import MessagingApi, in_words
from hub.modules.tasks.api import TasksApi
from hub.ports.connector import Health
from hub.values import PhoneNumber, ShopId

_DEAD = ("not_ready", "auth_failed", "error")
_NUMBERS = ("sms", "viber", "whatsapp")
_MOST_ASKED = 1000


class FactService:
    """Tasks, messages, links, scores, requests."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._posts = PostService(uow, deps)
        self._access = AccessApi(uow, deps)
        self._country = deps.places.of(uow.shop_id).country

    async def opened(self, event: TaskOpened) -> None:
        """Somebody is to be called back."""
        if event.kind != "callback":
            return
        try:
            task = await TasksApi(self._uow, self._deps).reading.one(event.task_id, None)
        except NotFound:
            return
        await self._tell(task.id, task.shop_id, f"task:{task.id}")

    async def shared(self, event: TaskShared) -> None:
        """They are to be called back from a further shop, too: its group hears of it by its own call."""
        shop_id = ShopId(event.with_shop_id)
        await self._tell(event.task_id, shop_id, f"task:{event.task_id}:{shop_id}")

    async def _tell(self, task_id: str, shop_id: ShopId, cause: str) -> None:
        try:
            task = await TasksApi(self._uow, self._deps).reading.one(task_id, [shop_id])
        except NotFound:
            return
        posts = await self._posts.of_task(task.id)
        known = next((post for post in posts if post.shop_id == shop_id), None)
        if task.state != "open" or known is not None:
            if known is not None and task.state == "open":
                self._posts.reopen(known)
            return
        name, number = await self._who(task.client_id, task.number)
        since = max((miss.started_at for miss in task.misses), default=task.created_at)
        await self._posts.tell(
            AlertEntry(
                kind="missed", cause=cause, shop_id=str(shop_id), task_id=task.id,
                client_id=task.client_id, number=number, call_id=task.call_id, since=since,
                values={"who": name, "what": self._shown(number) if name != self._shown(number) else ""},
            )
        )  # fmt: skip

    async def taken(self, event: TaskTaken) -> None:
        """A colleague has it in hand, wherever they took it: each shop is told for itself."""
        for post in await self._posts.of_task(event.task_id):
            if post.shop_id == self._uow.shop_id:
                self._posts.take(post, event.who_id, event.who)

    async def closed(self, event: TaskClosed) -> None:
        """Nobody has to do it any more, or this shop has not."""
        posts = await self._posts.of_task(event.task_id)
        if not posts:
            return
        try:
            task = await TasksApi(self._uow, self._deps).reading.one(event.task_id, None)
        except NotFound:
            return
        waiting = task.shop_ids if task.state == "open" else ()
        for post in posts:
            if post.shop_id not in waiting:
                self._posts.close(post, event.reason)

    async def settled(self, event: MessageSettled) -> None:
        """A message has failed, or is in doubt; or it has arrived after all. Advertising tells its own
        report, and what the bot said too late is nobody's loss."""
        cause = f"message:{event.message_id}"
        if event.state not in ("failed", "unknown"):
            post = await self._posts.of_cause(cause)
            if post is not None:
                self._posts.close(post, "delivered")
            return
        try:
            message = await MessagingApi(self._uow, self._deps).reading.message(event.message_id, None)
        except NotFound:
            return
        if (
            message.state not in ("failed", "unknown")
            or message.author == "bot"
            or message.purpose == "marketing"
        ):
            return
        phone = event.address if event.channel in _NUMBERS else None
        name, number = await self._who(event.client_id, phone)
        await self._posts.tell(
            AlertEntry(
                kind="message", cause=cause, shop_id=message.shop_id, client_id=event.client_id,
                number=number, values={
                    "who": name or event.address, "what": in_words(event.channel), "why": message.error,
                    "path": f"/inbox/{event.conversation_id}",
                },
            )
        )  # fmt: skip

    async def reviewed(self, event: RecordingReviewed, shop_id: str) -> None:
        """A talk was scored low; or the score was put right, and is none any more."""
        cause = f"review:{event.review_id}"
        if event.percent is None or event.percent >= LOW_SCORE:
            post = await self._posts.of_cause(cause)
            if post is not None:
                self._posts.close(post, "corrected")
            return
        values = {"who": event.person_name, "what": f"{event.percent} %"}
        values["path"] = f"/recordings/{event.recording_id}"
        await self._posts.tell(AlertEntry(kind="low_score", cause=cause, shop_id=shop_id, values=values))

    async def links(self, found: dict[str, Health]) -> None:
        """Links that are dead for a while are told in every group, once until they are back."""
        now = self._deps.clock.now()
        told = await self._posts.open_of("connector")
        for post in told:
            health = found.get(str(post.about.get("what")))
            if health is None or health.state in ("ready", "off"):
                self._posts.close(post, "back")
        dead = {n: h for n, h in found.items() if h.state in _DEAD and h.since + DEAD_AFTER <= now}
        if not dead:
            return
        shops = (await self._session.scalars(select(Group.shop_id).where(Group.group_id != ""))).all()
        living = {(post.shop_id, post.about.get("what")) for post in told if post.state != "closed"}
        for name, health in dead.items():
            for shop_id in shops:
                if (shop_id, name) not in living:
                    cause = f"connector:{name}:{health.since.isoformat()}:{shop_id}"
                    await self._posts.tell(
                        AlertEntry(
                            kind="connector", cause=cause, shop_id=shop_id, since=health.since,
                            values={"what": name, "why": health.text},
                        )
                    )  # fmt: skip

    async def erasures(self) -> None:
        """Whoever asked to be forgotten, without a name: told when they ask, when the last week of the answer
        begins, and when it is overdue."""
        now = self._deps.clock.now()
        asked = await CrmApi(self._uow, self._deps).asked.all("open", None, limit=_MOST_ASKED)
        waits = {one.id for one in asked}
        is_all = len(asked) < _MOST_ASKED  # of those beyond, nobody knows here
        for post in await self._posts.open_of("forgotten"):
            if is_all and post.about.get("request") not in waits:
                self._posts.close(post, "decided")
        for one in asked:
            stage = "late" if one.is_late(now) else "near" if one.is_near(now) else "asked"
            day = one.due_at.astimezone(self._deps.places.of(one.shop_id).zone).strftime("%d.%m.%Y")
            said = "The answer was due on {day}." if stage == "late" else "The answer is due by {day}."
            values = {"request": one.id, "why": fill(said, {"day": day}), "path": "/clients/erasures"}
            await self._posts.tell(
                AlertEntry(
                    kind="forgotten", cause=f"erasure:{one.id}:{stage}", shop_id=one.shop_id, values=values
                )
            )  # fmt: skip

    async def _who(self, client_id: str | None, number: str | None) -> tuple[str, str | None]:
        """What to call them, and the number to call them by."""
        known = await CrmApi(self._uow, self._deps).clients_by_ids([client_id]) if client_id else {}
        client = known.get(client_id or "")
        if number is None and client is not None and client.phones:
            number = next((one.number for one in client.phones if one.is_main), client.phones[0].number)
        shown = self._shown(number)
        return (client.name or shown if client is not None else shown), number

    def _shown(self, number: str | None) -> str:
        parsed = PhoneNumber.parse(number, self._country) if number else None
        return parsed.international if parsed is not None else number or ""
