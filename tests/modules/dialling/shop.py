"""The shop of these tests: Olena at 101, Petro at 102, a PBX that keeps a ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from sqlalchemy import update

from connectors.ami.connector import AmiConnector
from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi
from hub.modules.dialling.api import Asker, CallOrder, CommandView, DiallingApi, DialSettings
from hub.modules.dialling.models import Command
from tests.connectors.ami.ami_server import AmiServer, channel, frame
from tests.kernel.waiting import until

RIGHTS = (
    "CoreShowChannels CoreStatus Originate Redirect Hangup BlindTransfer Atxfer CancelAtxfer Park QueuePause"
    " MixMonitorMute StopMixMonitor"
)
IRYNA = "+380501234567"


@dataclass
class Shop:
    """What a test does and sees. `olena` is whoever clicks."""

    hub: Hub
    connector: AmiConnector
    pbx: AmiServer
    build: Callable[[], tuple[Hub, AmiConnector]]
    olena: Asker = field(init=False)
    _keys: count[int] = field(default_factory=lambda: count(1))

    async def open(self) -> None:
        await self.hub.open()
        async with self.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            access = AccessApi(uow, self.hub.installation.deps)
            olena = await access.create_person("Олена", "receptionist", extensions=["101"])
            await access.create_person("Петро", "master", extensions=["102"])
        self.olena = Asker(
            actor=f"person:{olena.id}", role="receptionist", shop_id=FIRST_SHOP, extensions=("101",),
            is_person=True, shops=frozenset({FIRST_SHOP}),
        )  # fmt: skip
        await self.hub.start()
        await until(self.is_up)

    async def begin_anew(self) -> None:
        """The hub ends and another one begins on what it has stored."""
        await self.hub.stop()
        learnt = len(self.pbx.actions("listcommands"))
        self.hub, self.connector = self.build()
        await self.hub.start()

        async def is_back() -> bool:
            return len(self.pbx.actions("listcommands")) > learnt and self.connector.takes_orders

        await until(is_back)

    async def remember(self, command: CommandView, **values: object) -> None:
        """Write into its row what only time could."""
        async with self.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            await uow.session.execute(update(Command).where(Command.id == command.id).values(**values))

    async def close(self) -> None:
        await self.hub.stop()

    async def is_up(self) -> bool:
        """The line is up, and the PBX has told what we may do."""
        return self.connector.takes_orders and bool(self.pbx.actions("listcommands"))

    def new_key(self) -> str:
        return f"click-number-{next(self._keys)}"

    async def call(self, number: str = IRYNA, **more: object) -> CommandView:
        """A click. Raises what the page would show."""
        values = {"key": self.new_key(), **more}
        asker = values.pop("asker", self.olena)
        assert isinstance(asker, Asker)
        async with self.hub.transactions.writing(actor=asker.actor, shop_id=FIRST_SHOP) as uow:
            order = CallOrder(number=number, **values)  # type: ignore[arg-type]  # a test's own words
            return await DiallingApi(uow, self.hub.installation.deps).call(order, asker)

    async def order(self, command: CommandView) -> CommandView:
        """As it stands now."""
        return await self.order_by(command.id)

    async def order_by(self, command_id: str) -> CommandView:
        async with self.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            return await DiallingApi(uow, self.hub.installation.deps).one(command_id)

    async def becomes(self, command: CommandView, state: str, reason: str | None = None) -> CommandView:
        """Wait until it stands so."""
        now = command

        async def is_so() -> bool:
            nonlocal now
            now = await self.order(command)
            return (now.state, now.reason) == (state, reason)

        try:
            await until(is_so)
        except TimeoutError:
            raise AssertionError(f"it is {now.state}, {now.reason}: {now.said}") from None
        return now

    async def settle(self, settings: DialSettings) -> None:
        """Change the settings."""
        async with self.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            await DiallingApi(uow, self.hub.installation.deps).settings.save(settings)

    @property
    def originates(self) -> list[dict[str, str]]:
        """Every Originate that ever reached the PBX."""
        return self.pbx.actions("originate")

    def ring(self, originate: dict[str, str]) -> dict[str, str]:
        """The phone of an Originate rings: what the PBX says then. Its channel's headers."""
        own = self.leg(originate)
        self.pbx.session.send(frame("Event: Newchannel", **own))
        return own

    def leg(self, originate: dict[str, str], **more: str) -> dict[str, str]:
        """The headers of an Originate's channel."""
        return channel(
            f"{originate['channel']}-00000001", originate["channelid"], ChannelState="5",
            CallerIDNum="101", Context="from-internal", Exten="s", **more,
        )  # fmt: skip
