"""The hub as a user starts it: a process of its own, spoken to over HTTP only."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import aiohttp

from tests.patience import within
from tests.programs import Program, Start, cold, finished

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 120.0


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class HubProcess:
    """`pitline run` in `folder`, with its own journal and port; its database too unless one is named. `{url}`
    in a setting is its own address."""

    launch: ClassVar[Start] = staticmethod(cold)
    """How it and its commands are started; a run of tests has a quicker way."""

    furnish: ClassVar[Callable[[Path], None] | None] = None
    """Makes its database file, of the present schema; None: it makes and migrates its own."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        *,
        database_url: str = "",
        launch: Start | None = None,
    ) -> None:
        self._launch = launch or self.launch
        self._own = None if database_url else folder / "hub.db"
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "hub.log"
        self._process: Program | None = None
        self._token = ""
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("HUB_")},
            "PYTHONPATH": str(ROOT),
            "HUB_SERVER__PORT": str(self.port),
            "HUB_DATABASE__URL": database_url or f"sqlite+aiosqlite:///{folder / 'hub.db'}",
            "HUB_JOURNAL__FOLDER": str(folder / "journal"),
            "HUB_RECORDINGS__STORE": str(folder / "recordings"),
            "HUB_BACKUP__FOLDER": str(folder / "backups"),
            **{name: text.replace("{url}", self.url) for name, text in (settings or {}).items()},
        }

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pitline ARGUMENTS` against the same database."""
        self._furnish()
        return finished(self._launch, ["hub", *arguments], folder=self.folder, environment=self._environment)

    def new_token(self, role: str = "owner") -> str:
        made = self.command("token", "add", "--name", f"test {role}", "--role", role)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip().splitlines()[-1]

    def new_user(self, login: str, role: str, *more: str) -> str:
        """Add a person and return the one-time password."""
        made = self.command("user", "add", "--login", login, "--name", login, "--role", role, *more)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip().splitlines()[-1]

    async def __aenter__(self) -> HubProcess:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._furnish()
        with self.log.open("ab") as log:
            self._process = self._launch(
                ["hub", "run"], folder=self.folder, environment=self._environment, output=log, errors=log
            )
        async with asyncio.timeout(within(STARTS_WITHIN)), aiohttp.ClientSession() as http:
            while True:
                if self._process.poll() is not None:
                    raise AssertionError(f"the hub did not start:\n{self.log.read_text()[-4000:]}")
                try:
                    async with http.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.02)

    def _furnish(self) -> None:
        furnish = type(self).furnish
        if furnish is not None and self._own is not None and not self._own.exists():
            furnish(self._own)

    async def stop(self, seconds: float = 8.0) -> int:
        """SIGTERM, as an operating system would; the exit code."""
        process = self._process
        if process is None:
            return 0
        self._process = None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(process.wait, within(seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(
                f"the hub did not stop within {seconds} s:\n{self.log.read_text()[-4000:]}"
            ) from None

    def kill(self) -> None:
        """SIGKILL: what a power cut looks like to us."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    async def get(self, path: str, **query: str) -> Any:
        """GET /api/v1PATH as owner."""
        if not self._token:
            self._token = await asyncio.to_thread(self.new_token)
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._token}"}) as http,
            http.get(f"{self.url}/api/v1{path}", params=query) as answer,
        ):
            text = await answer.text()
            assert answer.status == 200, f"{answer.status} {path}: {text}"
            return json.loads(text)

    async def ready(self) -> Any:
        """GET /readyz."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/readyz") as answer:
            return await answer.json()

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST /api/v1PATH as owner."""
        if not self._token:
            self._token = await asyncio.to_thread(self.new_token)
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._token}"}) as http,
            http.post(f"{self.url}/api/v1{path}", json=body) as answer,
        ):
            text = await answer.text()
            assert answer.status in (200, 201, 202), f"{answer.status} {path}: {text}"
            return json.loads(text)

    def use_token(self, token: str) -> None:
        """One that is there already."""
        self._token = token

    def share_token(self, other: HubProcess | None) -> None:
        """Use the token of another process on the same database, or make the first one."""
        self._token = other._token if other is not None else self.new_token()

    @property
    def token(self) -> str:
        if not self._token:
            self._token = self.new_token()
        return self._token
