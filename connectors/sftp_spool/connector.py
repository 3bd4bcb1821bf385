"""Fetches finished recordings from another box, one by one, each whole or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import asyncssh

from connectors.sftp_spool.config import SftpSpoolConfig
from hub.log import get_logger
from hub.ports.connector import Status
from hub.ports.errors import AuthFailed, NotReady
from hub.ports.intake import Intake

_CONNECT = 10.0
_DEEPEST = 8
_LEDGER = ".sftp-seen.json"


@dataclass(frozen=True, slots=True)
class _Remote:
    """A file there: its path below the folder, and what changes when somebody writes to it."""

    path: str
    size: int
    mtime: int


class SftpSpool:
    """A Connector. It brings no fact itself: the files speak to the intake of recordings."""

    def __init__(self, config: SftpSpoolConfig, spool: Path) -> None:
        self._config = config
        self._spool = spool
        self._rest: dict[str, tuple[_Remote, float]] = {}
        self._fetched = 0
        self._log = get_logger("sftp_spool")

    @property
    def name(self) -> str:
        return "sftp_spool"

    def statistics(self) -> dict[str, float]:
        """Figures for /metrics."""
        return {"files_fetched_total": float(self._fetched), "files_seen": float(len(self._rest))}

    async def run(self, intake: Intake, status: Status) -> None:
        """Connect, fetch again and again, until cancelled or the line is lost."""
        config = self._config
        where = f"{config.host}:{config.port}"
        if not config.known_hosts:
            raise AuthFailed("No known_hosts file is named (HUB_SFTP_SPOOL__KNOWN_HOSTS).")
        try:
            async with asyncio.timeout(_CONNECT):
                connection = await asyncssh.connect(
                    config.host, config.port, username=config.username,
                    password=config.password.value or None, known_hosts=config.known_hosts,
                    client_keys=[config.key_file] if config.key_file else None, agent_path=None, config=None,
                )  # fmt: skip
        except asyncssh.HostKeyNotVerifiable as error:
            raise AuthFailed(f"{where} shows another host key than known_hosts has for it.") from error
        except asyncssh.PermissionDenied as error:
            raise AuthFailed(f"{where} refuses the user {config.username}.") from error
        except (OSError, asyncssh.Error, TimeoutError) as error:
            raise NotReady(f"{where} cannot be reached: {type(error).__name__}") from error
        try:
            async with connection, connection.start_sftp_client() as sftp:
                status.report("ready", f"fetches from {config.folder} on {where}")
                while True:
                    await self._round(sftp)
                    await asyncio.sleep(config.poll_seconds)
        except (OSError, asyncssh.Error) as error:
            raise NotReady(f"the line to {where} was lost: {error}") from error

    async def _round(self, sftp: asyncssh.SFTPClient) -> None:
        loop = asyncio.get_running_loop()
        seen = await asyncio.to_thread(self._ledger)
        present: dict[str, tuple[_Remote, float]] = {}
        async for remote in self._files(sftp, PurePosixPath(), 0):
            known, since = self._rest.get(remote.path, (None, 0.0))
            since = since if known == remote else loop.time()
            present[remote.path] = (remote, since)
            is_at_rest = known == remote and loop.time() - since >= self._config.rest_seconds
            if is_at_rest and seen.get(remote.path) != [remote.size, remote.mtime]:
                await self._fetch(sftp, remote)
        self._rest = present

    async def _files(
        self, sftp: asyncssh.SFTPClient, below: PurePosixPath, depth: int
    ) -> AsyncIterator[_Remote]:
        folder = PurePosixPath(self._config.folder) / below
        for entry in sorted(await sftp.readdir(str(folder)), key=lambda one: str(one.filename)):
            name, attributes = str(entry.filename), entry.attrs
            if name.startswith(".") or "/" in name or "\\" in name or "\0" in name:
                continue
            mode = attributes.permissions or 0
            if stat.S_ISDIR(mode) and depth < _DEEPEST:
                async for remote in self._files(sftp, below / name, depth + 1):
                    yield remote
            elif stat.S_ISREG(mode):
                yield _Remote(str(below / name), attributes.size or 0, attributes.mtime or 0)

    async def _fetch(self, sftp: asyncssh.SFTPClient, remote: _Remote) -> None:
        source = str(PurePosixPath(self._config.folder) / remote.path)
        target = self._spool / remote.path
        part = target.with_name(target.name + ".part")
        await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
        await sftp.get(source, str(part))
        now = await sftp.stat(source)
        if (now.size, now.mtime) != (remote.size, remote.mtime):
            await asyncio.to_thread(part.unlink, missing_ok=True)
            return
        await asyncio.to_thread(self._keep, part, target, remote)
        self._fetched += 1
        self._log.info("a recording was fetched", file=remote.path, size=remote.size)
        if not self._config.keep:
            await sftp.remove(source)

    def _keep(self, part: Path, target: Path, remote: _Remote) -> None:
        """Whole, on the disk, with the time of its last byte; then its name. The box may forget it then."""
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.utime(part, (remote.mtime, remote.mtime))
        part.replace(target)
        if self._config.keep:
            ledger = {**self._ledger(), remote.path: [remote.size, remote.mtime]}
            aside = self._spool / f"{_LEDGER}.part"
            aside.write_text(json.dumps(ledger), encoding="utf-8")
            aside.replace(self._spool / _LEDGER)

    def _ledger(self) -> dict[str, list[int]]:
        """What was fetched and stays there."""
        if not self._config.keep:
            return {}
        try:
            read: dict[str, list[int]] = json.loads((self._spool / _LEDGER).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return read
