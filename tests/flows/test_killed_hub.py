"""The hub is killed in mid-call and started again: what it had stored of the calls stays true."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.shop_pbx import Made, ShopPbx, shop_pbx
from tests.flows.hub_process import HubProcess
from tests.patience import within

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]

Call = dict[str, Any]
KEPT = ("id", "direction", "from_number", "to_number", "line", "queue", "started_at", "queued_at",
        "offered_at", "answered_at", "answered_by", "last_extension")  # fmt: skip


async def until(hub: HubProcess, is_right: Callable[[dict[str, Call]], bool], limit: float = 10.0) -> Any:
    """The calls by the caller's number, once they are as they should be."""
    async with asyncio.timeout(within(limit)):
        while True:
            calls = {call["from_number"]: call for call in (await hub.get("/calls"))["items"]}
            if is_right(calls):
                return calls
            await asyncio.sleep(0.05)


def named(calls: dict[str, Call], made: Made) -> Call:
    return calls[f"+{made.number}"]


def outcomes(call: Call) -> dict[str, str]:
    return {party["extension"]: party["outcome"] for party in call["parties"]}


async def gap_of(hub: HubProcess, limit: float = 5.0) -> tuple[float, float]:
    """The only time in which calls may be missing, once it is over."""
    async with asyncio.timeout(within(limit)):
        while not (found := _gaps(hub)):
            await asyncio.sleep(0.05)
    ((began, ended),) = found
    moments = [datetime.fromisoformat(one).replace(tzinfo=UTC).timestamp() for one in (began, ended)]
    return moments[0], moments[1]


def _gaps(hub: HubProcess) -> list[Any]:
    with closing(sqlite3.connect(hub.folder / "hub.db")) as database:
        query = "SELECT began_at, ended_at FROM calls_gaps WHERE ended_at IS NOT NULL"
        return database.execute(query).fetchall()


def seconds(call: Call, first: str, last: str) -> float:
    moments = [datetime.fromisoformat(call[name]) for name in (first, last)]
    return (moments[1] - moments[0]).total_seconds()


def kept(call: Call) -> Call:
    return {name: call[name] for name in KEPT}


async def test_a_hub_killed_in_mid_call_goes_on_with_what_it_had_stored(tmp_path: Path) -> None:
    # Long enough for a start on a busy machine: whoever hangs up after it gave up early all the same.
    short = {"HUB_SHOP__SHORT_CALL_SECONDS": "60"}
    async with shop_pbx() as pbx, HubProcess(tmp_path, {**pbx.settings, **short}) as hub:
        await hub.get("/calls")  # makes its token, which takes a process of its own
        await _killed_while_the_pbx_lives(hub, pbx)
        await _killed_together_with_the_pbx(hub, pbx)


async def _killed_while_the_pbx_lives(hub: HubProcess, pbx: ShopPbx) -> None:
    answered, ended = pbx.dial_in(), pbx.dial_in()
    await asyncio.sleep(1.0)
    pbx.answer(answered, "101")
    pbx.answer(ended, "102")
    rings = pbx.dial_in()
    before = await until(hub, lambda calls: len(calls) == 3 and len(named(calls, rings)["parties"]) == 2)
    hub.kill()
    killed_at = time.time()
    pbx.hang_up(ended)
    new = pbx.dial_in()
    await hub.start()

    def is_taken_up(calls: dict[str, Call]) -> bool:
        return len(calls) == 4 and not any(call["is_complete"] for call in calls.values())

    calls = await until(hub, is_taken_up)
    began, ended_at = await gap_of(hub)
    assert killed_at - 12 < began <= killed_at < ended_at  # a sign of life is given every 10 s
    states = {made.number: named(calls, made)["state"] for made in (answered, ended, rings, new)}
    assert list(states.values()) == ["talking", "ended", "queued", "queued"]
    gone = named(calls, ended)
    assert kept(gone) == kept(named(before, ended))
    assert (gone["result"], gone["ended_at"], gone["wait_seconds"]) == (
        "unknown", None, named(before, ended)["wait_seconds"],
    )  # fmt: skip

    pbx.hang_up(answered)
    pbx.answer(rings, "102")
    await asyncio.sleep(0.2)
    pbx.hang_up(rings, "102")
    pbx.hang_up(new)
    calls = await until(hub, lambda calls: all(call["state"] == "ended" for call in calls.values()))
    whole = named(calls, answered)
    assert kept(whole) == kept(named(before, answered))
    assert whole["wait_seconds"] == pytest.approx(seconds(whole, "started_at", "answered_at"), abs=0.06)
    assert whole["talk_seconds"] == pytest.approx(seconds(whole, "answered_at", "ended_at"), abs=0.15)
    assert outcomes(whole) == {"101": "answered", "102": "answered_elsewhere"}
    late = named(calls, rings)
    assert (late["id"], late["queued_at"]) == (named(before, rings)["id"], named(before, rings)["queued_at"])
    assert late["wait_seconds"] == pytest.approx(seconds(late, "started_at", "answered_at"), abs=0.06)
    assert outcomes(late) == {"101": "answered_elsewhere", "102": "answered"}
    results = [named(calls, made)["result"] for made in (answered, rings, new)]
    assert results == ["answered", "answered", "short_abandon"]
    assert not any(call["is_complete"] for call in calls.values())


async def _killed_together_with_the_pbx(hub: HubProcess, pbx: ShopPbx) -> None:
    made = pbx.dial_in()
    pbx.answer(made, "101")
    before = await until(hub, lambda calls: len(calls) == 5 and bool(named(calls, made)["answered_by"]))
    hub.kill()
    await pbx.kill()
    await pbx.start()
    await hub.start()
    calls = await until(hub, lambda calls: named(calls, made)["state"] == "ended")
    call = named(calls, made)
    assert len(calls) == 5
    assert kept(call) == kept(named(before, made))
    assert (call["result"], call["ended_at"], call["is_complete"]) == ("unknown", None, False)
