"""A real Asterisk for a test: its own folder, its own ports, several side by side.

async with AsteriskPbx() as pbx, pbx.trunk() as world, pbx.phone("101") as anna:
    ...
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.asterisk.configuration import Place, Plan, write_configuration
from tests.asterisk.phone import Phone, Reaction, Trunk
from tests.asterisk.provision import provision
from tests.patience import within

TRUNKS: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "sample": {"trunk": ()},
    "freepbx": {
        "kyivstar_1": (("X-Provider", "kyivstar"),),
        "sip044": (("X-Provider", "sip044"),),
    },
}


# As the sample's manager.conf and as the README's text to paste say.
AMI_SECRETS = {"sample": "change-me-manager-secret", "freepbx": "a-long-password-of-your-own"}
# Where the host name cannot be changed for one process: ask once, and not for long.
QUICK_DNS = {"RES_OPTIONS": "timeout:1 attempts:1", "LOCALDOMAIN": ""}


class PbxFailed(AssertionError):
    """Asterisk did not start, or died."""


class AsteriskPbx:
    """One Asterisk with one of our two dialplans."""

    def __init__(
        self,
        plan: Plan = "sample",
        *,
        settings: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        ami_user: str = "pitline",
        ami_secret: str = "",
    ) -> None:
        """`settings`: lines of the configuration to change, as {"extensions.conf:OPEN": "*,*,*,*"};
        `files`: whole files of another text."""
        self.plan = plan
        self.settings, self.files = dict(settings or {}), dict(files or {})
        self.ami_host = self.sip_host = "127.0.0.1"
        self.ami_user, self.ami_secret = ami_user, ami_secret or AMI_SECRETS[plan]
        self.folder = Path(tempfile.mkdtemp(prefix="pitline-asterisk-"))
        self.ami_port, self.http_port = _free_port(socket.SOCK_STREAM), _free_port(socket.SOCK_STREAM)
        self.sip_port = _free_port(socket.SOCK_DGRAM)
        self.trunk_ports = {name: _free_port(socket.SOCK_DGRAM) for name in TRUNKS[plan]}
        # Below the ports that the system gives away by itself; Asterisk skips those in use.
        self.rtp_start = random.randrange(10_000, 32_000, 200)
        self.version = ""
        self._process: asyncio.subprocess.Process | None = None
        self._command = Path()

    # ------------------------------------------------------------------ life

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self._leave_nothing()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave_nothing()

    async def _leave_nothing(self) -> None:
        """At once: an orderly stop takes a second, and nothing of it is kept."""
        await self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def start(self) -> None:
        """Write the configuration, start, wait until fully booted."""
        self._command, self.version = await asyncio.to_thread(provision)
        if not (self.folder / "etc").exists():
            await asyncio.to_thread(write_configuration, self.plan, self._place(), self.settings, self.files)
        prefix = await asyncio.to_thread(_called_localhost)
        output = (self.folder / "output.log").open("ab")
        with output:
            self._process = await asyncio.create_subprocess_exec(
                *prefix,
                str(self._command),
                "-f",
                "-C",
                str(self.folder / "etc/asterisk.conf"),
                stdout=output,
                stderr=output,
                env=os.environ | QUICK_DNS,
            )
        await self._booted(self._process)

    async def stop(self) -> None:
        """Stop at once, calls or not."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), within(5))
        except TimeoutError:
            process.kill()
            await process.wait()

    async def kill(self) -> None:
        """SIGKILL: what a power cut does. `start()` brings it back on the same ports."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def command(self, text: str) -> str:
        """One line of Asterisk's own console."""
        process = await asyncio.create_subprocess_exec(
            str(self._command), "-C", str(self.folder / "etc/asterisk.conf"), "-rx", text,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        return output.decode()

    def complaints(self) -> list[str]:
        """What Asterisk warned of since it started."""
        log = self.folder / "log/messages.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return [line for line in lines if re.search(r"\] (WARNING|ERROR)\[", line)]

    @property
    def recordings(self) -> Path:
        """The spool folder that the sample calls RECORDINGS."""
        return self.folder / "spool/monitor"

    def _place(self) -> Place:
        return Place(
            folder=self.folder,
            asterisk=self._command.parent,
            ami_port=self.ami_port,
            http_port=self.http_port,
            sip_port=self.sip_port,
            rtp_start=self.rtp_start,
            trunk_ports=self.trunk_ports,
        )

    async def _booted(self, process: asyncio.subprocess.Process, timeout: float = 20) -> None:
        """Log in to AMI and wait for FullyBooted."""
        deadline = asyncio.get_running_loop().time() + timeout
        while asyncio.get_running_loop().time() < deadline:
            if process.returncode is not None:
                break
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                await asyncio.wait_for(self._says_booted(), within(5))
                return
            await asyncio.sleep(0.02)
        output = (self.folder / "output.log").read_text(errors="replace")
        raise PbxFailed(
            f"Asterisk did not boot in {timeout} s:\n{output[-2000:]}\n" + "\n".join(self.complaints())
        )

    async def _says_booted(self) -> None:
        reader, writer = await asyncio.open_connection(self.ami_host, self.ami_port)
        try:
            login = f"Action: Login\r\nUsername: {self.ami_user}\r\nSecret: {self.ami_secret}\r\n\r\n"
            writer.write(login.encode())
            await reader.readuntil(b"Event: FullyBooted")
        finally:
            writer.close()

    # ------------------------------------------------------------------ phones

    def phone(self, user: str, *, reaction: Reaction | None = None, name: str = "") -> Phone:
        """A desk phone of ours; as a context manager it registers."""
        password = f"change-me-{user}"
        return Phone(
            user, pbx=(self.sip_host, self.sip_port), password=password, reaction=reaction, name=name
        )

    def trunk(self, name: str = "", *, reaction: Reaction | None = None) -> Trunk:
        """The provider at the other end of an outside line."""
        name = name or next(iter(self.trunk_ports))
        headers = TRUNKS[self.plan][name]
        pbx = (self.sip_host, self.sip_port)
        return _FixedTrunk(name, self.trunk_ports[name], pbx=pbx, headers=headers, reaction=reaction)


class _FixedTrunk(Trunk):
    """A trunk whose port stands in the PBX's configuration."""

    def __init__(
        self,
        name: str,
        port: int,
        *,
        pbx: tuple[str, int],
        headers: tuple[tuple[str, str], ...],
        reaction: Reaction | None,
    ) -> None:
        super().__init__(name, pbx=pbx, headers=headers, reaction=reaction)
        self._port = port

    async def start(self, port: int = 0) -> None:
        await super().start(port or self._port)


def _called_localhost() -> list[str]:
    """A prefix to a command that gives it the host name `localhost`, where the system lets us.

    Asterisk asks for the address of the machine's own name when it starts. On a machine whose name is not in
    /etc/hosts that is a question to a name server, and a slow one where there is none.
    """
    root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    prefix = ["unshare", "--uts", *root, "sh", "-c", 'hostname localhost && exec "$@"', "sh"]
    with contextlib.suppress(OSError):
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix
    return []


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
