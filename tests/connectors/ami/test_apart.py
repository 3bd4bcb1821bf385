"""The line to the PBX in a process of its own: nothing is lost, doubled or left behind, whoever dies."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.ami import wire
from connectors.ami.apart import AmiApart
from connectors.ami.connector import AmiConnector
from connectors.ami.line import Line
from connectors.catalogue import build_connectors
from hub import log
from hub.clock import SystemClock
from hub.events.calls import PbxGapDeclared
from hub.kernel.journal.files import FileJournal, read_journal
from hub.kernel.processes.apart import Processes
from hub.kernel.processes.wire import wired
from hub.ports.commands import Phone, RingAndDial
from hub.ports.errors import AuthFailed, LinkTaken
from hub.ports.intake import Arrival
from hub.reading import load
from tests.connectors.ami.ami_server import Script, channel, serving
from tests.connectors.ami.house import BEGINS, TRUNK, hang_up, house_on, living_on, new_call
from tests.connectors.ami.hub_side import QUICK, KeptJournal, config_for, until
from tests.flows.hub_process import HubProcess
from tests.patience import within
from tests.thrift import log_plainly

ORDER = RingAndDial(command_id="1", phone=Phone(extension="101"), number="380671112233", context="internal")


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def children_of(pid: int) -> list[int]:
    """Those that run the line."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended while we looked
            for child in (task / "children").read_text().split():
                if b"hub.line" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


def is_running(pid: int) -> bool:
    """One whose end nobody has asked for yet is over all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_call_is_followed_and_every_fact_is_stored_once(tmp_path: Path) -> None:
    async with serving() as server, living_on(server, tmp_path) as house:
        await house.up()
        server.session.send(new_call() + hang_up())
        await until(lambda: "ended" in house.states)
        assert [one.call.from_number for one in house.facts] == ["+380501234567"] * len(house.facts)
        assert [one.step for one in house.facts] == list(range(1, len(house.facts) + 1))
        assert house.intake.repeated == 0


async def test_a_killed_process_is_followed_by_another_that_takes_up_the_calls(tmp_path: Path) -> None:
    async with serving() as server, living_on(server, tmp_path) as house:
        await house.up()
        server.session.send(new_call("1.1") + new_call("2.1").replace(b"00000001", b"00000002"))
        await until(lambda: len({one.call.call_id for one in house.facts}) == 2)
        first, before = house.pid, len(house.facts)
        gone = list(dict.fromkeys(one.call.call_id for one in house.facts))[1]
        server.script.channels = [channel(TRUNK, "1.1")]
        os.kill(first, signal.SIGKILL)
        await until(lambda: not house.line.link().is_up)
        assert not house.line.takes_orders
        await house.up(2)
        assert house.pid != first
        assert "the process that held the line to the PBX ended" in house.failures[0]
        assert house.restored[1].lost_at is not None
        ended = [one.call for one in house.facts[before:] if one.call.state == "ended"]
        assert [(call.call_id, call.is_complete) for call in ended] == [(gone, False)]
        server.session.send(hang_up("1.1"))
        await until(lambda: house.states.count("ended") == 2)
        assert house.intake.repeated == 0


async def test_what_a_dead_process_brought_stands_before_the_next_one_asks(tmp_path: Path) -> None:
    async with serving() as server, living_on(server, tmp_path) as house:
        await house.up()
        house.intake.is_open.clear()
        server.session.send(new_call())
        server.script.channels = [channel(TRUNK, "1.1")]
        await until(lambda: house.line.is_storing)
        os.kill(house.pid, signal.SIGKILL)
        await until(lambda: bool(house.failures))
        await asyncio.sleep(0.5)
        assert house.memory.asked == 1
        house.intake.is_open.set()
        await house.up(2)
        assert house.memory.asked == 2
        server.session.send(hang_up())
        await until(lambda: "ended" in house.states)
        assert house.intake.repeated == 0
        assert len({one.call.call_id for one in house.facts}) == 1


async def test_a_run_that_is_stopped_ends_with_what_was_brought_stored(tmp_path: Path) -> None:
    async with serving() as server:
        house = house_on(config_for(server, replace(QUICK, drain=0.05)), tmp_path)
        running = asyncio.create_task(house.run_for_ever())
        await house.up()
        house.intake.is_open.clear()
        server.session.send(new_call())
        await until(lambda: house.line.is_storing)
        running.cancel()
        asyncio.get_running_loop().call_later(0.5, house.intake.is_open.set)
        with suppress(asyncio.CancelledError):
            await running
        assert not house.line.is_storing
        assert house.states == ["ringing"]
        await house.process.close()


async def test_a_line_that_is_asked_for_twice_follows_the_pbx_once(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    line: list[Line] = []
    far = await wired(theirs, "the hub", lambda hub: line.append(Line(hub, KeptJournal(), SystemClock())))
    near = await wired(ours, "the line", lambda far: far.hear(wire.COUNTED, lambda _: None))
    async with serving() as server:
        for _ in range(2):
            await near.ask(wire.FOLLOW, config_for(server))
        await until(lambda: [task.get_name() for task in asyncio.all_tasks()].count("count") == 1)
    await line[0].stop()
    near.drop()
    far.drop()


async def test_a_process_whose_hub_is_gone_logs_off_and_ends(tmp_path: Path) -> None:
    async with serving() as server:
        house = house_on(config_for(server), tmp_path)
        running = asyncio.create_task(house.run_for_ever())
        await house.up()
        pid, session = house.pid, server.session
        house.process.drop_wire()
        await until(session.writer.is_closing, 5.0)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await house.process.close()
        assert not is_there(pid)


async def test_a_hub_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    async with serving() as server:
        config = config_for(server)
        settings = {
            "HUB_AMI__HOST": config.host, "HUB_AMI__PORT": str(config.port), "HUB_AMI__APART": "true",
            "HUB_AMI__USERNAME": config.username, "HUB_AMI__SECRET": config.secret,
        }  # fmt: skip
        hub = HubProcess(tmp_path, settings)
        await hub.start()
        await until(lambda: server.sessions and children_of(hub.pid), BEGINS)
        (line,) = children_of(hub.pid)
        hub.kill()
        await until(lambda: not is_running(line), 10.0)


async def test_signals_that_a_service_manager_sends_to_all_leave_the_line_to_the_hub(tmp_path: Path) -> None:
    async with serving() as server, living_on(server, tmp_path) as house:
        await house.up()
        os.kill(house.pid, signal.SIGTERM)
        os.kill(house.pid, signal.SIGINT)
        server.session.send(new_call() + hang_up())
        await until(lambda: "ended" in house.states)
        assert house.failures == []


async def test_an_order_is_carried_out_once_and_none_is_kept_for_a_later_process(tmp_path: Path) -> None:
    async with serving() as server, living_on(server, tmp_path) as house:
        await house.up()
        assert (await house.line.carry_out(ORDER)).kind == "taken"
        assert len(server.actions("Originate")) == 1
        os.kill(house.pid, signal.SIGKILL)
        await until(lambda: not house.line.takes_orders)
        assert (await house.line.carry_out(ORDER)).kind == "unsent"
        await house.up(2)
        assert len(server.actions("Originate")) == 1


async def test_an_order_whose_process_dies_under_it_is_unknown(tmp_path: Path) -> None:
    async with serving(Script(silent={"Originate"})) as server, living_on(server, tmp_path) as house:
        await house.up()
        os.kill(house.pid, signal.SIGSTOP)
        ordered = asyncio.create_task(house.line.carry_out(ORDER))
        await asyncio.sleep(0.05)
        os.kill(house.pid, signal.SIGKILL)
        assert (await ordered).kind == "unknown"


async def test_pages_are_told_of_the_line_as_of_one_in_the_hub(tmp_path: Path) -> None:
    endpoints = [("101", "Not in use"), ("trunk", "Not in use"), ("kyivstar_1", "Not in use")]
    script = Script(endpoints=endpoints)
    async with serving(script) as server, living_on(server, tmp_path) as house:
        house.line.set_trunks(("kyiv*",))
        await house.up()
        assert house.line.link().is_up
        assert house.line.link().pbx_version == "Asterisk 22.10.1"
        assert house.status.states[-1] == "ready"
        told = {one.name: one.is_trunk for one in await house.line.endpoints()}
        assert told == {"101": False, "trunk": False, "kyivstar_1": True}
        assert any(one.level == "ok" for one in await house.line.examine())
        await until(lambda: "park" in house.line.lacks())
        await until(lambda: house.line.statistics().get("is_up") == 1.0)
        await until(lambda: house.line.statistics()["facts"] == len(house.intake.events))


async def test_a_broken_line_is_told_and_healed_by_the_same_process(tmp_path: Path) -> None:
    async with serving() as server, living_on(server, tmp_path) as house:
        await house.up()
        first = house.pid
        house.line.drop_line()
        await house.up(2)
        assert house.pid == first
        assert house.memory.asked == 1
        house.line.forget()
        house.line.drop_line()
        await house.up(3)
        assert house.memory.asked == 2


async def test_a_wrong_password_is_told_as_such(tmp_path: Path) -> None:
    async with serving(Script(secret="another")) as server:
        house = house_on(config_for(server), tmp_path)
        with pytest.raises(AuthFailed, match="refused the user 'hub'"):
            await house.line.run(house.intake, house.status)
        await house.process.close()


async def test_facts_that_another_hub_may_store_now_end_the_run_as_they_would_here(tmp_path: Path) -> None:
    class Taken:
        async def accept(self, arrivals: Sequence[Arrival]) -> None:
            raise LinkTaken("another process holds it")

    async with serving() as server:
        house = house_on(config_for(server), tmp_path)
        with pytest.raises(LinkTaken, match="another process holds it"):
            await house.line.run(Taken(), house.status)
        await house.process.close()


@pytest.mark.parametrize(("wanted", "kind"), [("true", AmiApart), ("false", AmiConnector)])
async def test_the_setting_says_whether_the_line_has_a_process_of_its_own(
    tmp_path: Path, wanted: str, kind: type[object]
) -> None:
    pbx = {"HUB_AMI__HOST": "127.0.0.1", "HUB_AMI__USERNAME": "u", "HUB_AMI__SECRET": "s"}
    settings = load({**pbx, "HUB_AMI__APART": wanted})
    journal = FileJournal(tmp_path, 30)
    processes = Processes(settings, journal, {"ami": "hub.line"})
    built = build_connectors(settings, journal, SystemClock(), processes)
    in_one = build_connectors(settings, journal, SystemClock())
    assert [type(one) for one in (*built, *in_one) if one.name == "ami"] == [kind, AmiConnector]
    await processes.close()


async def test_a_hub_that_is_slower_than_the_pbx_declares_a_gap(tmp_path: Path) -> None:
    async with serving() as server, living_on(server, tmp_path, queue_size=50, facts_ahead=5) as house:
        await house.up()
        house.intake.is_open.clear()
        server.session.send(b"".join(new_call(f"{n}.1") for n in range(1, 11)))
        await until(lambda: house.line.is_storing)
        server.session.send(b"".join(new_call(f"{n}.1") for n in range(100, 300)))
        await until(lambda: house.line.statistics().get("messages_lost", 0) > 0, 5.0)
        assert house.line.statistics()["queue_length"] == 50
        house.intake.is_open.set()
        await until(lambda: any(isinstance(one, PbxGapDeclared) for one in house.intake.events))


async def test_stopping_takes_no_longer_than_its_waits_even_in_a_black_hole(tmp_path: Path) -> None:
    async with serving() as server:
        async with living_on(server, tmp_path) as house:
            await house.up()
            house.intake.is_open.clear()
            server.session.swallow()
            server.session.send(new_call())
            began = time.monotonic()
        assert time.monotonic() - began < within(2.0)


async def test_the_journal_is_written_there_and_told_of_here(tmp_path: Path) -> None:
    async with serving() as server, living_on(server, tmp_path) as house:
        await house.up()
        server.session.send(new_call() + hang_up())
        await until(lambda: "ended" in house.states)
        await until(lambda: house.journal.fared().records > 2)
        counted = house.journal.fared().records
        os.kill(house.pid, signal.SIGKILL)
        await house.up(2)
        assert house.journal.fared().records >= counted
        assert house.journal.written == 0
    (file,) = house.journal.files()
    texts = [record.raw.split(b"\r\n")[0] for record in read_journal(file)]
    assert texts[0] == b"Pitline: SessionBegun"
    assert texts.index(b"Event: Newchannel") < texts.index(b"Event: Hangup")


async def test_a_journal_that_cannot_write_is_told_of(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.write_text("a file where the folder should be")
    async with serving() as server, living_on(server, folder) as house:
        await house.up()
        await until(lambda: "cannot write" in house.journal.fared().trouble, 5.0)


@pytest.fixture
def written() -> Iterator[tuple[io.StringIO, log.LogMemory]]:
    """The log as a hub sets it up, for the length of a test."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream, memory = io.StringIO(), log.LogMemory(100)
    log.configure("json", "info", stream, memory)
    yield stream, memory
    log_plainly()
    root.handlers[:] = before
    root.setLevel(level)


async def test_its_log_stands_among_the_hubs_own(
    tmp_path: Path, written: tuple[io.StringIO, log.LogMemory]
) -> None:
    stream, remembered = written
    async with serving() as server, living_on(server, tmp_path) as house:
        await house.up()
        await until(lambda: any("ami.connected" in line.text for line in remembered.lines()))
    (line,) = [one for one in remembered.lines() if "ami.connected" in one.text]
    assert line.level == "info"
    assert line.text.startswith("ami: ami.connected pbx=ami")
    (said,) = [one for one in stream.getvalue().splitlines() if "ami.connected" in one]
    assert '"part": "ami"' in said


async def test_a_process_that_hangs_is_ended_and_followed_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.kernel.processes.apart._SILENT_BEATS", 2)
    async with serving() as server, living_on(server, tmp_path) as house:
        await house.up()
        first = house.pid
        os.kill(first, signal.SIGSTOP)
        await house.up(2)
        assert house.pid != first
