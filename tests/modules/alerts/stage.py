"""A shop whose staff have a group with our bot in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from hub.events.groups import GroupPressed, GroupSaid
from hub.kernel.context import Deps, WorkerContext
from hub.kernel.shops import FIRST_SHOP
from hub.log import get_logger
from hub.modules.access.api import AccessApi, PersonView
from hub.modules.alerts.api import AlertsApi
from hub.modules.alerts.sender import Sender
from hub.ports.messaging import Button
from tests.factories.relays import settled
from tests.modules.bot.stage import BotWire
from tests.modules.messaging.wire import AT, House

GROUP, OTHER_GROUP = "-1001", "-1002"
ANNA, STRANGER = "501", "666"


@dataclass
class Staff:
    """A house with a group; what the bot says in it is in `wire.said`."""

    house: House
    wire: BotWire
    sender: Sender = field(init=False)
    deps: Deps = field(init=False)

    def __post_init__(self) -> None:
        self.deps = self.house.hub.installation.deps
        self.sender = self.new_sender()

    def new_sender(self, process: str = "") -> Sender:
        """One process's sender, without rests between messages."""
        hub = self.house.hub
        context = WorkerContext(
            transactions=hub.transactions, deps=hub.installation.deps, shop_id=FIRST_SHOP,
            work=asyncio.Event(), log=get_logger("test"),
        )  # fmt: skip
        return Sender(context, process, pace=0.0)

    async def bind(self) -> None:
        """The group is bound by a code, and has said so; then it is as if nothing had been said."""
        await self.type(f"/pair {await self.code()}")
        await self.told()
        self.wire.said.clear()
        self.wire.posts.clear()

    async def code(self) -> str:
        async with self.house.uow() as uow:
            return await AlertsApi(uow, self.house.hub.installation.deps).groups.make_code(FIRST_SHOP)

    async def type(self, words: str, number: int = 1, group: str = GROUP) -> None:
        """Somebody types in a group; the handler runs twice."""
        event = GroupSaid(
            channel="telegram", account="bot", group=group, provider_id=f"T{number}", writer_id=ANNA,
            writer="Анна", text=words, written_at=AT,
        )  # fmt: skip
        for _ in range(2):
            async with self.house.uow(actor=None) as uow:
                await AlertsApi(uow, self.house.hub.installation.deps).groups.said(event)

    async def press(
        self, button: Button | str, press: str = "press-1", *, by: str = ANNA, group: str = GROUP,
        message: str = "G1",
    ) -> str:  # fmt: skip
        """Somebody presses, the handler runs twice; what they are told."""
        event = GroupPressed(
            channel="telegram", account="bot", group=group, provider_id=message, writer_id=by, writer="Анна",
            payload=button if isinstance(button, str) else button.payload, press=press, language="en",
        )  # fmt: skip
        for _ in range(2):
            async with self.house.uow(actor=None) as uow:
                await AlertsApi(uow, self.deps).presses.pressed(event)
        await self.told()
        return self.wire.answered.get(press, "")

    async def told(self) -> None:
        """What is due is said, and facts that wait are handled."""
        await settled(self.house.hub)
        for _ in range(4):
            await self.sender.step()
            await self.sender.idle()

    async def hire(self, role: str = "receptionist", name: str = "Анна", account: str = ANNA) -> PersonView:
        """Somebody with an extension, a log-in in English and a bound account."""
        async with self.house.uow() as uow:
            deps = self.house.hub.installation.deps
            person = await AccessApi(uow, deps).create_person(
                name,
                role,
                extensions=[f"10{int(account) - 500}"],
                login=f"user{account}",
                password_hash="x",
                language="en",
            )
            await AlertsApi(uow, deps).accounts.bind(person.id, "telegram", account)
        return person

    def text(self, message: str = "G1") -> str:
        return self.wire.said[message][1]

    def buttons(self, message: str = "G1") -> tuple[Button, ...]:
        return self.wire.said[message][2]

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.house.uow() as uow:
            return [tuple(row) for row in (await uow.session.execute(text(query), values)).all()]

    async def refusals(self) -> list[str]:
        query = "SELECT details FROM access_audit WHERE outcome = 'refused' ORDER BY seq"
        return [row[0] for row in await self.rows(query)]
