"""Durable intake of webhooks against a bare aiohttp handler that only verifies and answers, in one run; then
ten thousand in ten seconds, 5 % repeated and 2 % forged: lost, doubled, and how long a provider waits.

    python -m tests.bench.bench_hooks [--seconds 5] [--requests 10000] [--rest 600]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import uvloop
from aiohttp import web

from connectors.practice_twilio.account import Account
from connectors.practice_twilio.server import PracticeTwilio
from connectors.twilio_sms.config import SMS_PATH
from connectors.twilio_sms.verify import sms_verifier
from hub.clock import SystemClock
from hub.ports.hooks import Genuine, HookRequest
from tests.bench.machine import machine
from tests.connectors.twilio_sms.stage import ACCOUNT, OURS, PUBLIC, TOKEN, config
from tests.faults.hook_flood import Connection, at_a_pace, connections, traffic, wire
from tests.flows.hub_process import HubProcess, free_port

CONNECTIONS = 50
TARGET = 0.4


async def as_fast_as_they_are_answered(port: int, requests: Sequence[bytes], seconds: float) -> float:
    """Requests a second."""
    lines = await connections(port, CONNECTIONS)
    rest: Iterator[bytes] = iter(requests)
    answered, end = 0, time.monotonic() + seconds

    async def work(line: Connection) -> None:
        nonlocal answered
        for request in rest:
            assert await line.ask(request) == 200
            answered += 1
            if time.monotonic() >= end:
                return

    began = time.monotonic()
    await asyncio.gather(*[work(line) for line in lines])
    took = time.monotonic() - began
    for line in lines:
        line.close()
    return answered / took


@contextmanager
def bare() -> Iterator[int]:
    """The handler that only verifies and answers, as a process of its own; its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.bench_hooks", "--bare", str(port)])
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def serve_bare(port: int) -> None:
    verify = sms_verifier(config())

    async def handle(http: web.Request) -> web.Response:
        request = HookRequest(
            method=http.method,
            path=http.path,
            query=http.query_string,
            headers={name.lower(): value for name, value in http.headers.items()},
            body=await http.read(),
            received_at=datetime.now(UTC),
        )
        if not isinstance(verify(request), Genuine):
            return web.Response(status=403)
        return web.Response(body=b"<Response></Response>", content_type="text/xml")

    app = web.Application()
    app.router.add_post(SMS_PATH, handle)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop())


def in_database(folder: Path) -> tuple[int, int, Counter[str]]:
    """How many requests wait, how many deliveries to handlers do, and each message of a thread."""
    with sqlite3.connect(f"file:{folder / 'hub.db'}?mode=ro", uri=True) as database:
        [[waiting, pending]] = database.execute(
            "SELECT (SELECT count(*) FROM hook_requests WHERE state = 'waiting'),"
            " (SELECT count(*) FROM event_delivery WHERE state = 'pending')"
        ).fetchall()
        query = "SELECT provider_id FROM messaging_messages WHERE direction = 'inbound'"
        return waiting, pending, Counter(str(one) for (one,) in database.execute(query))


async def settled(folder: Path, within: float) -> float:
    """Until every request stands in its thread and every handler has seen it; those not at most so long."""
    began = time.monotonic()
    while any(in_database(folder)[:2]):
        waited = time.monotonic() - began
        if waited > within and not in_database(folder)[0]:
            break
        assert waited < 600, "it is not worked off"
        await asyncio.sleep(0.2)
    return time.monotonic() - began


async def measure(seconds: float, count: int, folder: Path, rest: float) -> dict[str, object]:
    """Bare, ours, bare, ours: each twice in turn, so that what else the machine does meets both."""
    twilio = PracticeTwilio(Account(ACCOUNT, [TOKEN], SystemClock()), public=PUBLIC)
    await twilio.start()
    settings = {
        "HUB_TWILIO__ACCOUNT_SID": ACCOUNT, "HUB_TWILIO__AUTH_TOKEN": TOKEN, "HUB_TWILIO__FROM_NUMBER": OURS,
        "HUB_TWILIO__API_BASE": twilio.base, "HUB_SERVER__PUBLIC_URL": PUBLIC, "HUB_LOG__LEVEL": "warning",
        "HUB_MESSAGING__FILES": str(folder / "files"),
    }  # fmt: skip
    pieces = [[wire(number * 10_000_000 + n) for n in range(int(seconds * 6000))] for number in range(2)]
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    backlog: list[float] = []
    with bare() as port:
        async with HubProcess(folder, settings) as hub:
            for piece in pieces:
                rates["bare"].append(await as_fast_as_they_are_answered(port, piece, seconds))
                rates["ours"].append(await as_fast_as_they_are_answered(hub.port, piece, seconds))
                backlog.append(await settled(folder, 600))
            flood = traffic(count, 50_000_000, Random(6))
            genuine = [one.kind == "genuine" for one in flood]
            before = set(in_database(folder)[2])
            answers = await at_a_pace(hub.port, [one.wire for one in flood], 10.0)
            backlog.append(await settled(folder, rest))
            _, left, found = in_database(folder)
    await twilio.stop()
    new = {sid: times for sid, times in found.items() if sid not in before}
    waits = sorted(wait for (_, wait), is_one in zip(answers, genuine, strict=True) if is_one)
    ratio = sum(rates["ours"]) / sum(rates["bare"])
    return {
        "bare_a_second": [round(one) for one in rates["bare"]],
        "ours_a_second": [round(one) for one in rates["ours"]],
        "ratio": round(ratio, 3),
        "target": TARGET,
        "flood": count,
        "lost": len({one.sid for one in flood if one.sid}) - len(new),
        "doubled": sum(times - 1 for times in found.values()),
        "forged_accepted": sum(
            status != 403 for (status, _), is_one in zip(answers, genuine, strict=True) if not is_one
        ),
        "genuine_not_200": sum(
            status != 200 for (status, _), is_one in zip(answers, genuine, strict=True) if is_one
        ),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 1),
        "p99_ms": round(waits[len(waits) * 99 // 100] * 1000, 1),
        "worked_off_after_s": [round(one, 1) for one in backlog],
        "deliveries_left_at_the_end": left,
    }


def main() -> int:
    """Print the figures; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--rest", type=float, default=600.0, help="seconds for handlers after the flood")
    parser.add_argument("--bare", type=int, default=0)
    options = parser.parse_args()
    if options.bare:
        serve_bare(options.bare)
        return 0
    print(machine(), "load", os.getloadavg()[0])
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(options.seconds, options.requests, Path(folder), options.rest))
    print(json.dumps(found, indent=1))
    is_met = (
        float(str(found["ratio"])) >= TARGET
        and not found["lost"]
        and not found["doubled"]
        and not found["forged_accepted"]
        and not found["genuine_not_200"]
    )
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
