"""The hub as a person starts it: `run`, `demo` and the commands, each a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from connectors.catalogue import NAMES
from tests.flows.hub_process import ROOT, HubProcess, free_port
from tests.programs import cold, finished

pytestmark = pytest.mark.slow
PACKAGE = {"PYTHONPATH": str(ROOT)}


def _environment(**settings: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return {**plain, **PACKAGE, **settings}


def _pitline(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = _environment(**settings)
    return finished(HubProcess.launch, ["hub", *words], folder=folder, environment=environment)


async def _json(url: str, token: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(url) as answer:
        return answer.status, await answer.json()


async def test_run_answers_readyz_and_stops_within_five_seconds_of_sigterm(
    tmp_path: Path, empty_database_url: str
) -> None:
    hub = HubProcess(tmp_path, database_url=empty_database_url, launch=cold)
    async with hub:
        status, ready = await _json(f"{hub.url}/readyz")
        assert status == 200
        assert (ready["ready"], ready["database"], ready["relay"]) == (True, True, True)
        begun = time.monotonic()
        assert await hub.stop() == 0
        assert time.monotonic() - begun < 5


async def test_commands_work_on_a_fresh_database_and_beside_a_running_hub(
    tmp_path: Path, empty_database_url: str
) -> None:
    hub = HubProcess(tmp_path, database_url=empty_database_url)
    before = hub.new_token("owner")
    async with hub:
        beside = hub.new_token("manager")
        password = hub.new_user("anna", "receptionist", "--extension", "101", "--mobile", "067 111 22 33")
        assert re.fullmatch(r"\w{4}(-\w{4}){3}", password)
        for token in (before, beside):
            status, page = await _json(f"{hub.url}/api/v1/employees", token)
            assert status == 200
            assert [row["extensions"] for row in page["items"]] == [["101"]]


def test_token_add_prints_the_token_alone(tmp_path: Path) -> None:
    made = _pitline(tmp_path, "token", "add", "--name", "till", "--role", "integration")
    assert (made.returncode, made.stderr) == (0, "")
    assert re.fullmatch(r"\S{32,}\n", made.stdout)


def test_migrate_twice_is_the_same(tmp_path: Path) -> None:
    first, second = _pitline(tmp_path, "migrate"), _pitline(tmp_path, "migrate")
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout == second.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--role", "ownr", "--login", "a"], "role: There is no such role."),
        (["--role", "owner", "--login", "a b\x07"], "login: "),
        (["--role", "owner", "--login", "a", "--mobile", "12"], "mobile: "),
    ],
)
def test_wrong_fields_are_named_and_nobody_is_made(tmp_path: Path, words: list[str], said: str) -> None:
    made = _pitline(tmp_path, "user", "add", "--name", "Анна", *words)
    assert made.returncode == 2
    assert said in made.stderr
    assert "Traceback" not in made.stderr
    assert made.stdout == ""


def test_a_login_in_use_is_said(tmp_path: Path) -> None:
    words = ("user", "add", "--login", "anna", "--name", "Анна", "--role", "owner")
    assert _pitline(tmp_path, *words).returncode == 0
    again = _pitline(tmp_path, *words)
    assert again.returncode == 1
    assert "in use" in again.stderr


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"HUB_DATABSE__URL": "x"}, "Did you mean HUB_DATABASE__URL?"),
        ({"HUB_SERVER__PORT": "many"}, "server.port"),
    ],
)
def test_wrong_settings_stop_the_start_with_exit_code_2(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    started = _pitline(tmp_path, "run", **settings)
    assert started.returncode == 2
    assert said in started.stderr
    assert "Traceback" not in started.stderr


async def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    async with HubProcess(tmp_path / "first") as first:
        second = _pitline(tmp_path, "run", HUB_SERVER__PORT=str(first.port))
        assert second.returncode == 1
        assert "Nothing can listen on 127.0.0.1" in second.stderr
        assert "Traceback" not in second.stderr


def test_doctor_says_what_is_wrong_with_the_line_and_fails(tmp_path: Path) -> None:
    nobody = {"HUB_AMI__HOST": "127.0.0.1", "HUB_AMI__PORT": str(free_port())}
    said = _pitline(tmp_path, "doctor", "ami", **nobody, HUB_AMI__USERNAME="u", HUB_AMI__SECRET="hush")
    assert said.returncode == 1
    assert "PROBLEM" in said.stdout
    assert "manager.conf" in said.stdout
    assert "hush" not in said.stdout + said.stderr
    whole = _pitline(tmp_path, "doctor")
    assert whole.returncode == 1
    assert "The database:\n  ok" in whole.stdout


class Demo:
    """`pitline demo` in a folder of its own, at a quick pace."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        pace = {"HUB_PRACTICE__PACE": "40", "HUB_PRACTICE__QUIET": "true"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub", "demo"], cwd=folder,
            env=_environment(HUB_SERVER__PORT=str(self.port), **pace), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    async def welcome(self) -> str:
        """What it prints once it stands."""
        assert self.process.stdout is not None
        text = ""
        async with asyncio.timeout(60):
            while "Ctrl-C stops." not in text:
                line = await asyncio.to_thread(self.process.stdout.readline)
                assert line, f"the demo did not start: {self.process.communicate()[1]}"
                text += line
        return text

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(8)


@pytest.fixture
def demos(tmp_path: Path) -> Iterator[list[Demo]]:
    started: list[Demo] = []
    yield started
    for demo in started:
        demo.process.kill()
        demo.process.wait()


async def _counts(demo: Demo, folder: Path) -> dict[str, int]:
    token = _pitline(
        folder, "token", "add", "--name", "t", "--role", "owner",
        HUB_DATABASE__URL="sqlite+aiosqlite:///var/demo/pitline.db",
    ).stdout.strip()  # fmt: skip
    counts: dict[str, int] = {}
    for kind in ("employees", "clients", "vehicles", "calls"):
        items, cursor = 0, ""
        while cursor is not None:
            after = f"&cursor={cursor}" if cursor else ""
            status, page = await _json(f"{demo.url}/api/v1/{kind}?limit=50{after}", token)
            assert status == 200, page
            items += len(page["items"])
            cursor = page["next"]
        counts[kind] = items
    return counts


async def test_the_demo_starts_twice_with_the_same_shop(tmp_path: Path, demos: list[Demo]) -> None:
    counts, passwords = [], []
    for _ in range(2):
        demos.append(demo := Demo(tmp_path))
        welcome = await demo.welcome()
        assert demo.url in welcome
        assert "anna" in welcome
        passwords.append(re.findall(r"with the password (\S+)", welcome))
        status, ready = await _json(f"{demo.url}/readyz")
        assert status == 200
        assert set(ready["connectors"]) == set(NAMES)
        counts.append(await _counts(demo, tmp_path))
        assert demo.stop() == 0
    assert counts[0] == counts[1]
    assert passwords[0] == passwords[1]
    assert counts[0]["clients"] >= 40
    assert counts[0]["calls"] >= 100
    assert (tmp_path / "var/demo/password").stat().st_mode & 0o077 == 0
