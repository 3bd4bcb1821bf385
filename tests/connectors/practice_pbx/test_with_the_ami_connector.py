"""The AMI connector follows the practice exchange over TCP as it would any PBX."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from connectors.catalogue import NAMES, build_connectors
from connectors.practice_pbx.rehearsals import by_name
from hub.clock import SystemClock
from hub.events.calls import CallFact, CallSnapshot, PbxLinkRestored
from hub.ports.intake import Arrival
from hub.ports.telephony import PracticeExchange, Telephony
from hub.settings import AmiSettings, PracticeSettings, Secret, Settings

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

    def append(self, source: str, session: int, at: datetime, raw: bytes) -> None:
        """The journal is not looked at here."""

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(15):
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
    connectors = build_connectors(_settings(), hub, SystemClock())
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
    assert built(_settings()) == ["practice_pbx", "ami"]
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
