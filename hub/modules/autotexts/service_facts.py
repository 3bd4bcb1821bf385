"""What is known of an occurrence at this moment: of whom it is, what goes on with them, what a text may say.
Reads only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.errors import NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.triggers import Occurrence
from hub.modules.access.api import AccessApi, map_link, shop_is_open
from hub.modules.autotexts.rules import Facts
from hub.modules.autotexts.views import RuleEntry, Way
from hub.modules.bot.api import BotApi
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.consents.api import Sending
from hub.modules.crm.api import CallerMatch, ClientView, CrmApi, number_key
from hub.modules.messaging.api import MessagingApi, next_hours
from hub.modules.tasks.api import TasksApi, TaskView
from hub.modules.wrapup.api import WrapUpApi
from hub.ports.messaging import NUMBERS
from hub.values import may_be_mobile


class FactService:
    """Asks the other modules."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._access = AccessApi(uow, deps)
        self._calls = CallsApi(uow, deps)
        self._crm = CrmApi(uow, deps)
        self._tasks = TasksApi(uow, deps)
        self._messaging = MessagingApi(uow, deps)
        self._wrapup = WrapUpApi(uow, deps)
        self._bot = BotApi(uow, deps)

    async def client(self, one: Occurrence) -> ClientView | None:
        """Whose it is: also who became known meanwhile."""
        client_id = one.client_id
        if client_id is None and one.number is not None:
            client_id = (await self._crm.caller(one.number)).client_id
        if client_id is None:
            return None
        try:
            return await self._crm.client(client_id)
        except NotFound:
            return None

    async def facts(
        self, one: Occurrence, client: ClientView | None, now: datetime, last_at: datetime | None, *,
        is_past: bool = False,
    ) -> Facts:  # fmt: skip
        """Everything that a rule asks. `is_past`: as it was then, without what goes on now."""
        call, task = await self._call(one), None if is_past else await self._task(one)
        match = await self._crm.caller(one.number) if one.number is not None else None
        said = (await self._wrapup.of([call.id])).get(call.id) if call is not None else None
        return Facts(
            now=now, happened_at=one.at, last_at=last_at,
            is_open=await self._uow.read(lambda connection: shop_is_open(connection, one.shop_id, one.at)),
            is_client=await self._is_client(one, client, match), is_known=client is not None,
            way=_way(call), line=call.line if call is not None else None,
            tags=frozenset(client.tags if client is not None else ()),
            segments=frozenset(client.segments if client is not None else ()),
            results=said.chosen if said is not None else frozenset(),
            has_address=client is not None or one.number is not None or one.conversation_id is not None,
            is_mobile=one.call_id is None or (one.number is not None and may_be_mobile(one.number)),
            is_settled=task is not None and task.state != "open" and task.reason != "unreached",
            is_claimed=task is not None and task.claimed_by is not None,
            is_talking=not is_past and await self._is_talking(one, client),
        )  # fmt: skip

    async def values(
        self, one: Occurrence, client: ClientView | None, wanted: Collection[str], cause: str
    ) -> dict[str, str]:
        """What the variables of a text stand for; what is not known is empty. Only what is wanted is made;
        an empty cause makes no link, but shows where it would stand."""
        shop = await self._access.shop(one.shop_id)
        call = await self._call(one)
        cars = (await self._crm.vehicles_of([client.id])).get(client.id, ()) if client is not None else ()
        car = next((car for car in cars if not car.is_archived), None)
        values = {
            **one.values, "name": client.name if client is not None else "", "shop": shop.name,
            "car": car.name if car is not None else "", "address": shop.address,
            "hours": next_hours(shop, self._deps.clock.now()), "link": "", "time": "", "phone": "",
            "map": map_link(shop.latitude, shop.longitude), "requisites": shop.requisites,
        }  # fmt: skip
        if "phone" in wanted:
            line = call.line if call is not None else None
            lines = await self._calls.lines()
            values["phone"] = line or next((own.number for own in lines if own.shop_id == shop.id), "")
        if "time" in wanted:
            task = await self._task(one)
            due = task.due_at if task is not None else None
            values["time"] = due.astimezone(ZoneInfo(shop.timezone)).strftime("%H:%M") if due else ""
        if "link" in wanted:
            values["link"] = await self._link(one, client, cause)
        return values

    async def sending(
        self, rule: RuleEntry, one: Occurrence, client: ClientView | None, at: datetime | None = None
    ) -> Sending:
        """What consents are asked about: to them by any way; of somebody unknown to where they rang or wrote
        from."""
        channel, address = "", one.number or ""
        if client is None and not address and one.conversation_id is not None:
            thread = await self._messaging.reading.conversation(one.conversation_id, None)
            known = next(iter(thread.addresses), None)
            channel, address = (known.channel, known.address) if known is not None else ("", "")
        return Sending(
            purpose=rule.purpose, client_id=client.id if client is not None else None, channel=channel,
            address=address, at=at, shop_id=one.shop_id,
        )  # fmt: skip

    async def language(self, one: Occurrence, client: ClientView | None) -> str | None:
        """In which they are written to; None: nobody knows, the shop's."""
        if client is not None and client.language:
            return client.language
        if one.conversation_id is None:
            return None
        thread = await self._messaging.reading.conversation(one.conversation_id, None)
        return await self._messaging.outgoing.language_of(
            thread.client_id, thread.addresses[0].channel, thread.addresses[0].address
        ) if thread.addresses else None  # fmt: skip

    async def _link(self, one: Occurrence, client: ClientView | None, cause: str) -> str:
        if not (name := await self._bot.name()):
            return ""
        if not cause:
            return f"https://t.me/{name}?start=…"
        link = await self._bot.start_link(
            cause, client_id=client.id if client is not None else None, number=one.number,
            call_id=one.call_id,
        )  # fmt: skip
        return link.url if link is not None else ""

    async def _call(self, one: Occurrence) -> CallView | None:
        if one.call_id is None:
            return None
        try:
            return await self._calls.call(one.call_id)
        except NotFound:
            return None

    async def _task(self, one: Occurrence) -> TaskView | None:
        if one.task_id is None:
            return None
        try:
            return await self._tasks.reading.one(one.task_id, None)
        except NotFound:
            return None

    async def _is_client(self, one: Occurrence, client: ClientView | None, match: CallerMatch | None) -> bool:
        """Not a supplier, not one of our own; a number that several have may be a client's."""
        if client is not None:
            return client.relation == "client"
        if match is not None and match.candidates:
            return any(candidate.relation == "client" for candidate in match.candidates)
        key = number_key(one.number, self._deps.settings.shop.country) if one.number is not None else None
        return key is None or key not in await self._access.people_by_extension()

    async def _is_talking(self, one: Occurrence, client: ClientView | None) -> bool:
        for call in await self._calls.live_calls():
            is_theirs = client is not None and call.client_id == client.id
            if is_theirs or (one.number is not None and call.other_number == one.number):
                return True
        return False


def _way(call: CallView | None) -> Way:
    if call is None or call.direction == "internal":
        return "any"
    return "inbound" if call.direction == "inbound" else "outbound"


def channels_of(rule: RuleEntry, one: Occurrence, client: ClientView | None) -> tuple[str | None, ...]:
    """The channels to try, in their order; None: the best one, as messaging sees it. Somebody unknown is
    written to by number, or where they wrote."""
    if client is not None or one.conversation_id is not None:
        return rule.channels or (None,)
    chosen = tuple(name for name in rule.channels if name in NUMBERS)
    return chosen or ("sms", "viber")
