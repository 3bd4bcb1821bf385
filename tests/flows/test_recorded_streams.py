"""Recorded bytes in at the socket, calls out of the API: the whole hub, as a stranger would judge it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.flows.hub_process import HubProcess

STREAMS = Path(__file__).resolve().parents[1] / "streams"
EXPECTED: list[dict[str, Any]] = json.loads((STREAMS / "expected.json").read_text())
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@asynccontextmanager
async def stingy_exchange(*streams: bytes) -> AsyncIterator[int]:
    """An AMI server that knows nothing but Login and Ping, and sends what was recorded."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        sent = False
        while frame := await reader.readuntil(b"\r\n\r\n"):
            fields = dict(line.partition(": ")[::2] for line in frame.decode().split("\r\n"))
            action = fields.get("ActionID", "")
            known = fields.get("Action", "").lower() in ("login", "ping")
            writer.write(
                f"Response: {'Success' if known else 'Error'}\r\nActionID: {action}\r\n"
                f"Message: {'Fine' if known else 'Permission denied'}\r\n\r\n".encode()
            )
            if fields.get("Action", "").lower() == "login" and not sent:
                sent = True
                for stream in streams:
                    body = stream.partition(b"\r\n")[2]
                    for at in range(0, len(body), 7919):
                        writer.write(body[at : at + 7919])
                        await writer.drain()
                        await asyncio.sleep(0.001)

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def differences(expected: dict[str, Any], call: dict[str, Any]) -> list[str]:
    """What of the truth the API says otherwise: ranges are pairs of numbers, lists are choices."""
    wrong = []
    for field, want in expected.items():
        got = call[field]
        if field == "parties":
            got = {p["extension"] or p["number"]: p["outcome"] for p in got}
            ok = got.keys() == want.keys() and all(got[who] in want[who] for who in want)
        elif field == "transfers":
            got = [[t["kind"], t["from_extension"], t["to"]] for t in got]
            ok = got == want
        elif isinstance(want, list) and want and isinstance(want[0], int | float):
            ok = got is not None and want[0] <= got <= want[1]
        else:
            ok = got in want if isinstance(want, list) else got == want
        if not ok:
            wrong.append(f"{field}: wanted {want}, the hub says {got}")
    return wrong


async def test_every_recorded_stream_stands_in_the_history_as_it_truly_was(
    tmp_path: Path, database_url: str
) -> None:
    names = [entry["name"] for entry in EXPECTED]
    streams = [gzip.decompress((STREAMS / f"{name}.ami.gz").read_bytes()) for name in names]
    async with stingy_exchange(*streams) as port:
        settings = {
            "HUB_AMI__HOST": "127.0.0.1",
            "HUB_AMI__PORT": str(port),
            "HUB_AMI__USERNAME": "hub",
            "HUB_AMI__SECRET": "x",
            "HUB_AMI__TRUNKS": "trunk*,kyivstar_1,sip044",
        }
        async with HubProcess(tmp_path, settings, database_url=database_url) as hub:
            calls = await _until_settled(hub, len(names))
    wrong = {}
    for entry in EXPECTED:
        matching = [c for c in calls if all(c[k] == v for k, v in entry["match"].items())]
        if len(matching) != 1:
            wrong[entry["name"]] = [f"{len(matching)} calls match"]
        elif found := differences(entry["call"], matching[0]):
            wrong[entry["name"]] = found
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


async def _until_settled(hub: HubProcess, at_least: int) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    for _ in range(300):
        calls = (await hub.get("/calls", limit="200"))["items"]
        if len(calls) >= at_least and all(call["state"] == "ended" for call in calls):
            return calls
        await asyncio.sleep(0.1)
    return calls
