"""The loop that every sender has: woken, patient at the end, and never silent about what failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.app import Hub
from hub.kernel.context import WorkerContext
from hub.kernel.processes.outgoing import OutgoingWorker
from hub.kernel.shops import FIRST_SHOP
from tests.own_log import OwnLog
from tests.patience import within


class Sender(OutgoingWorker):
    """Sends what it is given, each until its gate opens."""

    poll = 60.0

    def __init__(self, ctx: WorkerContext) -> None:
        super().__init__(ctx)
        self.waiting: list[tuple[str, asyncio.Event]] = []
        self.sent: list[str] = []
        self.looks = 0
        self.more = 0.0

    async def step(self) -> float:
        self.looks += 1
        for to, gate in self.waiting:
            self.set_off(self._send(to, gate), name=to, to=to)
        self.waiting.clear()
        return self.more

    async def _send(self, to: str, gate: asyncio.Event) -> None:
        await gate.wait()
        if to == "broken":
            raise RuntimeError("the database said no")
        self.sent.append(to)

    def give(self, to: str, *, is_open: bool = False) -> asyncio.Event:
        gate = asyncio.Event()
        if is_open:
            gate.set()
        self.waiting.append((to, gate))
        self.ctx.work.set()
        return gate


@pytest.fixture
def own_log() -> OwnLog:
    return OwnLog()


@pytest.fixture
async def sender(hub: Hub, own_log: OwnLog) -> AsyncIterator[Sender]:
    ctx = WorkerContext(
        transactions=hub.transactions, deps=hub.installation.deps, shop_id=FIRST_SHOP, work=asyncio.Event(),
        log=own_log.log,
    )  # fmt: skip
    made = Sender(ctx)
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await made.stop()


async def until(sender: Sender, sent: list[str]) -> None:
    async with asyncio.timeout(within(5)):
        while sender.sent != sent:
            await asyncio.sleep(0.005)


async def test_a_commit_wakes_it_long_before_its_poll(sender: Sender) -> None:
    sender.give("a", is_open=True)
    await until(sender, ["a"])


async def test_destinations_do_not_wait_for_each_other_and_are_known(sender: Sender) -> None:
    slow = sender.give("slow")
    sender.give("quick", is_open=True)
    await until(sender, ["quick"])
    assert (sender.under_way, sender.busy()) == (1, frozenset({"slow"}))
    slow.set()
    await sender.idle()
    assert (sender.sent, sender.busy()) == (["quick", "slow"], frozenset())


async def test_it_looks_again_when_something_may_go_on(sender: Sender) -> None:
    sender.more = 0.01
    sender.give("a", is_open=True)
    await until(sender, ["a"])
    async with asyncio.timeout(within(5)):
        while sender.looks < 4:
            await asyncio.sleep(0.005)


async def test_an_end_makes_room_where_the_owner_says_so(sender: Sender) -> None:
    sender.looks_again = True
    gate = sender.give("a")
    async with asyncio.timeout(within(5)):
        while not sender.under_way:
            await asyncio.sleep(0.005)
    looks = sender.looks
    gate.set()
    async with asyncio.timeout(within(5)):
        while sender.looks == looks:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(("patience", "sent"), [(5.0, ["a"]), (0.0, [])], ids=["patient", "at once"])
async def test_at_the_end_it_is_as_patient_as_its_owner_wants(
    sender: Sender, patience: float, sent: list[str]
) -> None:
    gate = sender.give("a")
    async with asyncio.timeout(within(5)):
        while not sender.under_way:
            await asyncio.sleep(0.005)
    sender.patience = patience
    asyncio.get_running_loop().call_later(0.05, gate.set)
    await sender.stop()
    assert (sender.sent, sender.under_way) == (sent, 0)


async def test_what_could_not_be_written_is_logged_and_stops_nobody(sender: Sender, own_log: OwnLog) -> None:
    sender.give("broken", is_open=True)
    sender.give("a", is_open=True)
    await until(sender, ["a"])
    async with asyncio.timeout(within(5)):
        while not own_log.at("error"):
            await asyncio.sleep(0.005)
    (said,) = own_log.at("error")
    assert said["task"] == "broken"
