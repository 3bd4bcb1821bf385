"""What the worker tells the PBX, in which order, and what is believed of its answers: step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import Connection

from hub.app import Hub
from hub.clock import FrozenClock
from hub.events.recordings import RecordingNamed
from hub.kernel.context import Delivered, WorkerContext
from hub.kernel.shops import FIRST_SHOP
from hub.log import get_logger
from hub.modules.calls.api import CallsApi
from hub.ports.commands import BeginRecording, Command, CommandKind, CommandResult, MuteRecording
from hub.ports.telephony import Endpoint, Finding, LinkState
from hub.values import CallId
from recordings.api import RecordingsApi
from recordings.guarding import Guard
from recordings.handlers import on_recording_named
from recordings.rules_basis import Policy
from recordings.service_basis import BasisService
from recordings.service_guard import GuardService
from recordings.views_basis import CallRecordingView
from tests.factories.calls import Batch, delivered, snapshot, tell_calls
from tests.patience import within

CALL = "c1"


async def _nothing() -> None:
    return None


@dataclass
class Line:
    """A line to a PBX that answers as it is told, and does something just before it answers."""

    hub: Hub
    answers: list[CommandResult] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    agreed: list[bool] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] = _nothing
    name: str = "pbx"
    takes_orders: bool = True

    def link(self) -> LinkState:
        return LinkState(is_up=True, since=self.hub.installation.clock.now(), text="")

    async def endpoints(self) -> Sequence[Endpoint]:
        return ()

    async def examine(self) -> Sequence[Finding]:
        return ()

    def set_trunks(self, patterns: Sequence[str]) -> None:
        """Not asked here."""

    def lacks(self) -> dict[CommandKind, str]:
        return {}

    def record_only_agreed(self, is_needed: bool) -> None:
        self.agreed.append(is_needed)

    async def carry_out(self, command: Command) -> CommandResult:
        if isinstance(command, MuteRecording):
            self.told.append("mute" if command.is_muted else "sound")
        else:
            self.told.append("begin" if isinstance(command, BeginRecording) else "stop")
        meanwhile, self.meanwhile = self.meanwhile, _nothing
        await meanwhile()
        return self.answers.pop(0) if self.answers else CommandResult(kind="taken")


@dataclass
class Desk:
    """One live call, and the worker that is moved by hand."""

    hub: Hub
    line: Line
    worker: Guard
    clock: FrozenClock

    async def of(self) -> CallRecordingView:
        async with self.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            call = await CallsApi(uow, self.worker.ctx.deps).call(CALL)
            return await GuardService(uow, self.worker.ctx.deps).of(call)

    async def wants(self, what: str) -> None:
        async with self.hub.transactions.writing(actor="person:olena", shop_id=FIRST_SHOP) as uow:
            call = await CallsApi(uow, self.worker.ctx.deps).call(CALL)
            guard = GuardService(uow, self.worker.ctx.deps)
            await {"pause": guard.pause, "resume": guard.resume, "erase": guard.stop_and_erase}[what](
                call, name="Olena"
            )

    async def wants_a_yes(self) -> None:
        """The shop lies where the law does."""
        async with self.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            await BasisService(uow, self.worker.ctx.deps).save(FIRST_SHOP, Policy(profile="opt_in"))

    async def tells(self, *, agreed: bool) -> None:
        """Olena tells the caller that it is recorded; whether they said yes."""
        async with self.hub.transactions.writing(actor="person:olena", shop_id=FIRST_SHOP) as uow:
            call = await CallsApi(uow, self.worker.ctx.deps).call(CALL)
            await BasisService(uow, self.worker.ctx.deps).spoken(call, name="Olena", agreed=agreed)

    async def step(self, seconds: float = 1.0) -> None:
        self.clock.advance(seconds)
        await self.worker.step()
        await self.worker.idle()

    async def records(self, path: str) -> None:
        """The PBX begins to record into this file."""
        self.clock.advance(0.1)
        named = RecordingNamed(call_id=CallId(CALL), path=path, uniqueid="1.1", at=self.clock.now())

        def run(connection: Connection) -> None:
            batch = [Delivered(delivered(named).envelope, named)]
            on_recording_named(Batch(connection, self.hub.installation.deps), batch)

        await self.hub.database.write(run)


@pytest.fixture
async def desk(hub: Hub) -> Desk:
    clock = hub.installation.clock
    assert isinstance(clock, FrozenClock)
    await tell_calls(hub, snapshot(CALL, state="talking", answered_at=clock.now()))
    line = Line(hub)
    deps = replace(hub.installation.deps, telephony=line)
    ctx = WorkerContext(
        transactions=hub.transactions, deps=deps, shop_id=FIRST_SHOP, work=asyncio.Event(),
        log=get_logger("recordings"),
    )  # fmt: skip
    worker = Guard(ctx, line)
    worker.poll = 0.0
    return Desk(hub, line, worker, clock)


async def test_a_pause_that_is_wanted_as_the_last_one_ends_is_one_of_its_own(desk: Desk) -> None:
    await desk.wants("pause")
    await desk.step()
    await desk.wants("resume")
    desk.line.answers.append(CommandResult(kind="unknown"))
    await desk.step(60)
    sounded_at = desk.clock.now()
    desk.clock.advance(20)
    await desk.wants("pause")
    await desk.step()
    first, second = (await desk.of()).pauses
    assert desk.line.told == ["mute", "sound", "mute"]
    assert (first.state, first.ended_by, first.to_at) == ("over", "resumed", sounded_at)
    assert second.state == "paused"
    assert second.from_at is not None
    assert second.from_at > sounded_at


async def test_a_recording_that_begins_as_the_pbx_answers_is_silenced_too(desk: Desk) -> None:
    await desk.wants("pause")
    desk.line.meanwhile = lambda: desk.records("/spool/another.wav")
    await desk.step()
    assert (await desk.of()).state == "pausing"
    await desk.step()
    assert (desk.line.told, (await desk.of()).state) == (["mute", "mute"], "paused")


async def test_a_recording_that_begins_as_the_pbx_answers_is_stopped_too(desk: Desk) -> None:
    await desk.wants("erase")
    desk.line.meanwhile = lambda: desk.records("/spool/another.wav")
    await desk.step()
    assert (await desk.of()).state == "stopping"
    await desk.step()
    assert (desk.line.told, (await desk.of()).state) == (["stop", "stop"], "stopped")


async def test_silence_is_claimed_only_until_the_first_order_to_go_on(desk: Desk) -> None:
    await desk.wants("pause")
    await desk.step()
    await desk.wants("resume")
    desk.line.answers += [CommandResult(kind="unknown")]
    await desk.step(30)
    first = desk.clock.now()
    assert (await desk.of()).state == "resuming"
    await desk.step(30)
    (gap,) = (await desk.of()).pauses
    assert (desk.line.told, gap.state, gap.to_at) == (["mute", "sound", "sound"], "over", first)


async def test_what_is_to_be_stopped_is_not_made_to_sound_before(desk: Desk) -> None:
    await desk.wants("pause")
    await desk.step()
    await desk.wants("resume")
    await desk.wants("erase")
    await desk.step()
    await desk.step()
    assert desk.line.told == ["mute", "stop"]


async def test_a_stop_that_the_pbx_does_not_allow_is_not_said_to_be_one(desk: Desk) -> None:
    desk.line.answers.append(CommandResult(kind="refused", text="Permission denied"))
    await desk.wants("erase")
    await desk.step()
    found = await desk.of()
    assert (found.state, found.basis.stop_state) == ("not_known", "unseen")


async def test_a_yes_that_one_of_ours_was_told_begins_the_recording_once(desk: Desk) -> None:
    await desk.wants_a_yes()
    await desk.tells(agreed=False)
    await desk.step()
    assert desk.line.told == []
    await desk.tells(agreed=True)
    desk.line.answers = [CommandResult(kind="unknown", text="no answer in time")]
    for _ in range(4):
        await desk.step()
    assert desk.line.told == ["begin", "begin"]


async def test_a_pause_does_not_wait_for_a_line_that_is_silent_about_the_beginning(desk: Desk) -> None:
    await desk.wants_a_yes()
    await desk.tells(agreed=True)
    is_answered = asyncio.Event()
    desk.line.meanwhile = is_answered.wait
    await desk.worker.step()
    await asyncio.sleep(0)
    await desk.wants("pause")
    await desk.worker.step()
    async with asyncio.timeout(within(5)):
        while desk.line.told != ["begin", "mute"]:
            await asyncio.sleep(0.01)
    is_answered.set()
    await desk.worker.idle()


async def test_a_yes_by_a_key_is_told_to_a_line_that_may_have_begun_anew(desk: Desk) -> None:
    await desk.wants_a_yes()
    async with desk.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        call = await CallsApi(uow, desk.worker.ctx.deps).call(CALL)
        (await BasisService(uow, desk.worker.ctx.deps).row_of(call)).consent = "given"
    for _ in range(2):
        await desk.step()
    assert desk.line.told == ["begin"]


async def test_the_line_hears_what_another_process_has_saved(desk: Desk) -> None:
    await desk.step()
    async with desk.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await RecordingsApi(uow, desk.hub.installation.deps).basis.save(FIRST_SHOP, Policy(profile="opt_in"))
    await desk.step()
    assert desk.line.agreed == [False]
    desk.worker.tells_again = 0.0
    await desk.step()
    assert desk.line.agreed == [False, True]


async def test_a_gap_that_ends_with_its_call_ends_where_another_recording_began(desk: Desk) -> None:
    await desk.wants("pause")
    await desk.step()
    await desk.records("/spool/another.wav")
    began = desk.clock.now()
    await desk.wants("resume")
    await desk.step(60)
    (gap,) = (await desk.of()).pauses
    assert (gap.state, gap.to_at) == ("over", began)
