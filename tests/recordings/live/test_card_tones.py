"""Card numbers are said only while the page says that the pause holds: then none is in what is kept, whatever
goes wrong meanwhile. The PBX of these tests really writes what its orders leave it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import update

from hub.kernel.shops import FIRST_SHOP
from recordings.models_basis import Pause
from tests.connectors.ami.ami_server import Session
from tests.factories.tones import tone, wav
from tests.faults.figures import Fault
from tests.recordings.live.stage import Desk

_STEP = 0.02
VOICE, CARD = tone(400.0, _STEP), tone(1000.0, _STEP)
SILENCE = bytes(len(VOICE))


@dataclass
class Tape:
    """What the PBX records of one channel: since when, where it was silenced, when it was told to stop."""

    desk: Desk
    begun: float = field(default_factory=time.monotonic)
    muted: list[list[float]] = field(default_factory=list)
    card: list[list[float]] = field(default_factory=list)
    stopped: float = float("inf")

    def load(self) -> None:
        """From now on orders about the recording are obeyed by this tape."""
        pbx = self.desk.shop.pbx
        pbx._on_mixmonitormute = self._mute  # type: ignore[method-assign]  # the PBX's own way to answer
        pbx._on_stopmixmonitor = self._stop  # type: ignore[method-assign]  # likewise

    def _mute(self, session: Session, action: dict[str, str]) -> None:
        if action["channel"] != self.desk.legs[0]["Channel"]:
            self.desk.shop.pbx._say(session, action, "Error", "Cannot set mute flag")
            return
        now = time.monotonic()
        if action["state"] == "1" and (not self.muted or self.muted[-1][1] < now):
            self.muted.append([now, float("inf")])
        elif action["state"] == "0" and self.muted:
            self.muted[-1][1] = min(self.muted[-1][1], now)
        self.desk.shop.pbx._obeyed(session, action)

    def _stop(self, session: Session, action: dict[str, str]) -> None:
        self.stopped = min(self.stopped, time.monotonic())
        self.desk.shop.pbx._obeyed(session, action)

    def sound(self) -> bytes:
        """The file that it leaves."""
        pieces, at, end = [], self.begun, min(time.monotonic(), self.stopped)
        while at < end:
            is_muted = any(begin <= at < last for begin, last in self.muted)
            is_card = any(begin <= at < last for begin, last in self.card)
            pieces.append(SILENCE if is_muted else CARD if is_card else VOICE)
            at += _STEP
        return b"".join(pieces)


async def _says_the_card(desk: Desk, tape: Tape, run: Random) -> None:
    """Only when the page says that the pause holds, and no longer than it does."""
    await desk.becomes(state="paused", is_line_up=True)
    begun = time.monotonic()
    await asyncio.sleep(run.uniform(0.05, 0.2))
    tape.card.append([begun, time.monotonic()])


async def _resumed(desk: Desk, tape: Tape, run: Random) -> None:
    await desk.asks("pause")
    await _says_the_card(desk, tape, run)
    await desk.asks("resume")
    await desk.becomes(state="recording")


async def _forgotten(desk: Desk, tape: Tape, run: Random) -> None:
    said = await desk.asks("pause")
    await _says_the_card(desk, tape, run)
    async with desk.shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        past = desk.shop.hub.installation.deps.clock.now() - timedelta(seconds=1)
        mine = Pause.id == said["pauses"][0]["id"]
        await uow.session.execute(update(Pause).where(mine).values(until_at=past))
    await desk.becomes(state="recording")


async def _hung_up(desk: Desk, tape: Tape, run: Random) -> None:
    await desk.asks("pause")
    await _says_the_card(desk, tape, run)


async def _cut(desk: Desk, tape: Tape, run: Random) -> None:
    await desk.asks("pause")
    await _says_the_card(desk, tape, run)
    desk.shop.pbx.script.channels[:] = [{**leg, "BridgeId": "b1"} for leg in desk.legs]
    desk.shop.pbx.session.reset()
    await desk.becomes(is_line_up=True)
    await desk.asks("resume")
    await desk.becomes(state="recording")
    desk.shop.pbx.script.channels.clear()


async def _unconfirmed(desk: Desk, _tape: Tape, _run: Random) -> None:
    desk.shop.pbx.script.silent.add("MixMonitorMute")
    await desk.asks("pause")
    found = await desk.becomes(state="stopped")
    assert found["stop_rule"] == "pause_failed"
    desk.shop.pbx.script.silent.clear()


async def _refused(desk: Desk, _tape: Tape, _run: Random) -> None:
    desk.shop.pbx.script.refused.add("MixMonitorMute")
    await desk.asks("pause")
    found = await desk.becomes(state="stopped")
    assert found["stop_rule"] == "pause_failed"
    desk.shop.pbx.script.refused.clear()


WAYS: Mapping[str, Callable[[Desk, Tape, Random], Awaitable[None]]] = {
    "paused and resumed": _resumed, "the resume forgotten": _forgotten, "hung up while paused": _hung_up,
    "the line cut between": _cut, "not confirmed": _unconfirmed, "refused": _refused,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.fault("F68")
async def test_no_card_tone_is_in_what_is_kept(desk: Desk, fault: Fault) -> None:
    ways = [*WAYS] * 9
    for number, way in enumerate(fault.cases(ways[:50], sample=6)):
        with fault.run(f"{number} {way}"):
            await desk.talk()
            tape = Tape(desk)
            tape.load()
            await WAYS[way](desk, tape, fault.random(number))
            await desk.hang_up()
            data = tape.sound()
            assert bool(tape.card) == (way not in ("not confirmed", "refused"))
            desk.leave(wav(data))
            await desk.spool.look()
            (kept,) = await desk.spool.recordings(call_id=desk.call)
            heard = await desk.spool.heard(kept)
            assert VOICE in heard
            assert CARD not in heard
            assert all(one["state"] in ("over", "failed") for one in (await desk.asks())["pauses"])
