"""The program as a user starts it: quick, small, one at a time, gone within five seconds."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import aiohttp
import pytest

from tests.flows.hub_process import ROOT, HubProcess
from tests.programs import cold, finished

pytestmark = pytest.mark.slow


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


async def test_a_hub_is_small_and_stops_within_five_seconds_with_browsers_watching(tmp_path: Path) -> None:
    async with HubProcess(tmp_path, launch=cold) as hub, aiohttp.ClientSession() as client:
        headers = {"Authorization": f"Bearer {hub.new_token()}"}
        async with client.get(f"{hub.url}/readyz") as answer:
            ready = await answer.json()
        sockets = [await client.ws_connect(f"{hub.url}/live", headers=headers) for _ in range(5)]
        megabytes = resident_megabytes(hub.pid)
        began = time.monotonic()
        code = await hub.stop()
        took = time.monotonic() - began
        for socket in sockets:
            await socket.close()
    assert ready["ready"]
    assert code == 0
    assert took < 5
    assert megabytes < 200


def run_beside(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A second `pitline run`, as someone starts it by mistake."""
    environment = {
        **os.environ,
        "HUB_SERVER__PORT": "0",
        "HUB_DATABASE__URL": f"sqlite+aiosqlite:///{folder / 'hub.db'}",
        "HUB_JOURNAL__FOLDER": str(folder / "journal"),
        **more,
    }
    return finished(HubProcess.launch, ["hub", "run"], folder=ROOT, environment=environment, timeout=30)


async def test_a_second_hub_on_the_same_database_is_refused_in_words(tmp_path: Path) -> None:
    async with HubProcess(tmp_path):
        second = run_beside(tmp_path)
    assert second.returncode != 0
    assert "Another Pitline runs" in second.stderr
    assert "Traceback" not in second.stderr


async def test_a_port_that_is_taken_is_told_in_words(tmp_path: Path) -> None:
    async with HubProcess(tmp_path) as hub:
        (tmp_path / "other").mkdir()
        second = run_beside(tmp_path / "other", HUB_SERVER__PORT=str(hub.port))
    assert second.returncode != 0
    assert f"Nothing can listen on 127.0.0.1:{hub.port}" in second.stderr
    assert "Traceback" not in second.stderr


async def test_a_hub_killed_and_started_again_is_ready_at_once(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path)
    await hub.start()
    hub.kill()
    await hub.start()
    assert await hub.stop() == 0
