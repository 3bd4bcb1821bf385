"""Twilio's requests in a flood, with the database free and locked: every genuine one is stored once. The hub
is a process of its own; what it has is read from its database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from connectors.practice_twilio.account import Account
from connectors.practice_twilio.server import PracticeTwilio
from hub.clock import SystemClock
from tests.connectors.twilio_sms.stage import ACCOUNT, OURS, PUBLIC, TOKEN
from tests.faults.figures import Fault
from tests.faults.hook_flood import Asked, at_a_pace, traffic
from tests.faults.sms_shop import in_threads
from tests.flows.hub_process import HubProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Another program holds what our writes need."""
    if url.startswith("sqlite"):
        holder = sqlite3.connect(url.partition("///")[2], isolation_level=None, timeout=10.0)
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("COMMIT")
        holder.close()
        return
    other = await asyncpg.connect(url.replace("+asyncpg", ""))
    async with other.transaction():
        await other.execute("LOCK TABLE hook_requests IN ACCESS EXCLUSIVE MODE")
        yield
    await other.close()


def judged(
    fault: Fault, asked: Sequence[Asked], answers: Sequence[tuple[int, float]], found: Counter[str], when: str
) -> None:
    """Each request by what it is, and what stands in the threads."""
    allowed = {"genuine": {200}, "forged": {403}, "oversized": {413, 0}}
    wrong = Counter(
        one.kind
        for one, (status, _) in zip(asked, answers, strict=True)
        if status not in allowed[one.kind]
    )  # fmt: skip
    waits = sorted(
        wait for one, (_, wait) in zip(asked, answers, strict=True) if one.kind == "genuine"
    )  # fmt: skip
    wanted = {one.sid for one in asked if one.sid}
    for kind in allowed:
        fault.measure(f"{when}: {kind}, answered otherwise", wrong[kind], 0)
    fault.measure(f"{when}: lost", len(wanted - found.keys()), 0)
    fault.measure(f"{when}: doubled", sum(found[sid] - 1 for sid in wanted if sid in found), 0)
    fault.measure(f"{when}: longest wait", waits[-1], 15.0, " s")
    fault.figures.measured.append(f"p99 {waits[len(waits) * 99 // 100]:.2f} s")
    fault.figures.runs += len(asked)


@pytest.mark.fault("F28", "F29")
async def test_a_flood_is_stored_whole_and_once_with_the_database_free_and_locked(
    fault: Fault, tmp_path: Path, database_url: str
) -> None:
    count, seconds = fault.count(full=10_000, sample=200), float(fault.count(full=10, sample=1))
    twilio = PracticeTwilio(Account(ACCOUNT, [TOKEN], SystemClock()), public=PUBLIC)
    await twilio.start()
    settings = {
        "HUB_TWILIO__ACCOUNT_SID": ACCOUNT, "HUB_TWILIO__AUTH_TOKEN": TOKEN, "HUB_TWILIO__FROM_NUMBER": OURS,
        "HUB_TWILIO__API_BASE": twilio.base, "HUB_SERVER__PUBLIC_URL": PUBLIC, "HUB_LOG__LEVEL": "warning",
        "HUB_MESSAGING__FILES": str(tmp_path / "files"),
    }  # fmt: skip
    free, held = (
        traffic(count, first, fault.random(first), oversized=count // 100) for first in (10**7, 2 * 10**7)
    )
    async with HubProcess(tmp_path, settings, database_url=database_url) as hub:
        answers = await at_a_pace(hub.port, [one.wire for one in free], seconds)
        found = await in_threads(database_url, 600)
        judged(fault, free, answers, found, "free")
        async with locked(database_url):
            flood = asyncio.create_task(at_a_pace(hub.port, [one.wire for one in held], seconds))
            await asyncio.sleep(seconds / 2)
        judged(fault, held, await flood, await in_threads(database_url, 600), "locked")
    await twilio.stop()
