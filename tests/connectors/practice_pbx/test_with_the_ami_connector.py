"""The AMI connector follows the practice exchange over TCP as it would any PBX."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import pytest

from connectors.catalogue import NAMES, build_connectors
from connectors.practice_pbx.rehearsals import by_name
from hub.clock import SystemClock
from hub.events.calls import CallFact, CallSnapshot, PbxLinkRestored
from hub.ports.commands import CallControl, Command, HangUp, PauseMember, Phone, RingAndDial, TransferCall
from hub.ports.intake import Arrival
from hub.ports.telephony import PracticeExchange, Telephony
from hub.settings import AmiSettings, PracticeSettings, Secret, Settings
from tests.patience import within

PACE = 100.0


class Hub:
    """What the connectors bring, as a hub would take it."""

    def __init__(self) -> None:
        self.calls: dict[str, CallSnapshot] = {}
        self.states: dict[str, str] = {}
        self.is_compared = False
        self._changed = asyncio.Event()

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            if isinstance(arrival.event, CallFact):
                self.calls[arrival.event.call.call_id] = arrival.event.call
            self.is_compared = self.is_compared or isinstance(arrival.event, PbxLinkRestored)
        self._changed.set()

    def append(self, source: str, session: int, at: datetime, *raw: bytes) -> None:
        """The journal is not looked at here."""

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(within(15)):
            while not is_so():
                self._changed.clear()
                await asyncio.wait([asyncio.ensure_future(self._changed.wait())], timeout=0.05)


class Told:
    """The status of one connector."""

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub, self._name = hub, name

    def report(self, state: str, text: str, **details: str) -> None:
        self._hub.states[self._name] = state


def _settings(**practice: Any) -> Settings:
    return replace(Settings(), practice=PracticeSettings(enabled=True, pace=PACE, quiet=True, **practice))


@pytest.fixture
async def running() -> AsyncIterator[tuple[Hub, PracticeExchange, Telephony]]:
    hub = Hub()
    built = build_connectors(_settings(), hub, SystemClock())
    connectors = [one for one in built if one.name in ("practice_pbx", "ami")]
    tasks = [asyncio.create_task(c.run(hub, Told(hub, c.name))) for c in reversed(connectors)]
    practice = next(c for c in connectors if isinstance(c, PracticeExchange))
    telephony = next(c for c in connectors if isinstance(c, Telephony))
    await hub.until(lambda: hub.states == {"ami": "ready", "practice_pbx": "ready"} and hub.is_compared)
    yield hub, practice, telephony
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_the_catalogue_builds_what_the_settings_ask_for() -> None:
    hub, clock = Hub.__new__(Hub), SystemClock()

    def built(settings: Settings) -> list[str]:
        return [connector.name for connector in build_connectors(settings, hub, clock)]

    ami = AmiSettings(host="127.0.0.1", username="u", secret=Secret("s"))
    assert built(Settings()) == []
    providers = ["practice_twilio", "practice_provider", "practice_telegram", "practice_mail"]
    links = ["twilio", "http_sms", "email", "telegram"]
    assert built(_settings()) == ["practice_pbx", *providers, "ami", *links]
    assert built(replace(Settings(), ami=ami)) == ["ami"]
    assert set(NAMES) >= {"practice_pbx", "ami", "redis"}


@pytest.mark.parametrize("name", ["known_client", "attended_transfer", "parked", "follow_me"])
async def test_a_rehearsal_over_tcp_becomes_its_call(
    running: tuple[Hub, PracticeExchange, Telephony], name: str
) -> None:
    hub, practice, telephony = running
    truth = by_name(name).truth
    assert telephony.link().is_up
    await practice.play(name)
    await hub.until(lambda: any(call.state == "ended" for call in hub.calls.values()))
    (call,) = hub.calls.values()
    assert call.result == truth["result"]
    assert call.is_complete
    parties = {party.extension or party.number: party.outcome for party in call.parties}
    assert parties == truth["parties"]
    assert [(t.kind, t.from_extension, t.to) for t in call.transfers] == truth["transfers"]
    assert call.talk_seconds == pytest.approx(truth["talk_seconds"] / PACE, abs=0.4)


async def test_two_calls_at_once_stay_two(running: tuple[Hub, PracticeExchange, Telephony]) -> None:
    hub, practice, _ = running
    await practice.play("missed")
    await practice.play("internal")
    await hub.until(lambda: [c.state for c in hub.calls.values()] == ["ended", "ended"])
    assert {call.direction for call in hub.calls.values()} == {"inbound", "internal"}


async def test_the_doctor_finds_the_practice_exchange_in_order(
    running: tuple[Hub, PracticeExchange, Telephony],
) -> None:
    hub, practice, telephony = running
    await practice.play("known_client")
    await hub.until(lambda: any(call.state == "ended" for call in hub.calls.values()))
    findings = await telephony.examine()
    assert [finding.text for finding in findings if finding.level == "problem"] == []
    assert any("22." in finding.text for finding in findings)
    endpoints = {endpoint.name: endpoint.is_trunk for endpoint in await telephony.endpoints()}
    assert endpoints["trunk-kyivstar"]
    assert not endpoints["101"]


async def ordered(running: tuple[Hub, PracticeExchange, Telephony], command: Command) -> None:
    """The practice exchange obeys."""
    control = running[2]
    assert isinstance(control, CallControl)
    result = await control.carry_out(command)
    assert (result.kind, result.text) == ("taken", "")


async def the_call(hub: Hub, is_so: Callable[[CallSnapshot], bool]) -> CallSnapshot:
    await hub.until(lambda: any(is_so(call) for call in hub.calls.values()))
    return next(call for call in hub.calls.values() if is_so(call))


async def test_a_click_to_call_is_answered_and_hung_up(
    running: tuple[Hub, PracticeExchange, Telephony],
) -> None:
    hub = running[0]
    order = RingAndDial(
        command_id="01practice0000000000000001", phone=Phone(extension="101"), number="0671112233",
        context="from-internal", shown="380443001122",
    )  # fmt: skip
    await ordered(running, order)
    call = await the_call(hub, lambda one: one.state == "talking")
    assert (call.direction, call.to_number) == ("outbound", "+380671112233")
    await ordered(running, HangUp(command_id="2", call_id=call.call_id))
    ended = await the_call(hub, lambda one: one.state == "ended")
    assert ended.call_id == call.call_id


@pytest.mark.parametrize("kind", ["blind", "attended"])
async def test_a_caller_is_put_through(
    running: tuple[Hub, PracticeExchange, Telephony], kind: Literal["blind", "attended"]
) -> None:
    hub, practice, _ = running
    await practice.play("known_client")
    call = await the_call(hub, lambda one: one.state == "talking" and one.last_extension is not None)
    order = TransferCall(
        command_id="1", call_id=call.call_id, extension=call.last_extension or "", number="105",
        context="internal", kind=kind,
    )  # fmt: skip
    await ordered(running, order)
    call = await the_call(hub, lambda one: one.state == "talking" and one.last_extension == "105")
    assert [one.kind for one in call.transfers] == [kind]


async def test_a_member_pauses_and_comes_back(running: tuple[Hub, PracticeExchange, Telephony]) -> None:
    await ordered(running, PauseMember(command_id="1", extension="101", is_paused=True, reason="lunch"))
    await ordered(running, PauseMember(command_id="2", extension="101", is_paused=False))
