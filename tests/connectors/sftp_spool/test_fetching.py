"""Against a real SSH server: finished files arrive whole, the host key is checked, a lost line is borne."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import asyncssh
import pytest

from connectors.sftp_spool.config import SftpSpoolConfig
from connectors.sftp_spool.connector import SftpSpool
from hub.ports.errors import AuthFailed, NotReady
from hub.secret import Secret
from tests.patience import within

PASSWORD = "a long password"


class Door(asyncssh.SSHServer):
    """Lets one user in by password; `lines` are the connections that it has."""

    def __init__(self, lines: list[asyncssh.SSHServerConnection]) -> None:
        self._lines = lines

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._lines.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("pitline", PASSWORD)


@dataclass
class Box:
    """The PBX's computer, and where its files go here."""

    root: Path
    spool: Path
    lines: list[asyncssh.SSHServerConnection]
    config: SftpSpoolConfig

    def write(self, name: str, data: bytes) -> None:
        path = self.root / "monitor" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1_767_596_530, 1_767_596_530))

    def here(self) -> list[str]:
        return sorted(str(p.relative_to(self.spool)) for p in self.spool.rglob("*.wav"))

    def there(self) -> list[str]:
        return sorted(str(p.relative_to(self.root / "monitor")) for p in self.root.rglob("*.wav"))


class Told:
    """Where the connector says how it is."""

    def __init__(self) -> None:
        self.states: list[tuple[str, str]] = []

    def report(self, state: str, text: str, **details: str) -> None:
        self.states.append((state, text))


class Nowhere:
    """It brings no fact."""

    async def accept(self, arrivals: object) -> None:
        raise AssertionError("no fact comes from here")


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    root, spool = tmp_path / "box", tmp_path / "spool"
    (root / "monitor").mkdir(parents=True)
    spool.mkdir()
    key = asyncssh.generate_private_key("ssh-ed25519")
    lines: list[asyncssh.SSHServerConnection] = []

    def chroot(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(root))

    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[key], server_factory=lambda: Door(lines), sftp_factory=chroot
    )
    port = server.get_port()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {key.export_public_key().decode()}")
    config = SftpSpoolConfig(
        host="127.0.0.1", port=port, password=Secret(PASSWORD), known_hosts=str(known), folder="/monitor",
        rest_seconds=0.0, poll_seconds=0.02,
    )  # fmt: skip
    yield Box(root, spool, lines, config)
    for line in lines:
        line.abort()
    server.close()


@asynccontextmanager
async def fetching(box: Box, **changes: object) -> AsyncIterator[SftpSpool]:
    connector = SftpSpool(replace(box.config, **changes), box.spool)
    running = asyncio.create_task(connector.run(Nowhere(), Told()))
    try:
        yield connector
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, NotReady):
            await running


async def until(box: Box, names: list[str]) -> None:
    for _ in range(500):
        if box.here() == names:
            return
        await asyncio.sleep(0.01)
    assert box.here() == names


async def test_finished_files_arrive_whole_in_their_folders_with_their_times(box: Box) -> None:
    sound = os.urandom(300_000)
    box.write("done/1767596530.1.wav", sound)
    box.write("2026/01/05/b.wav", b"b")
    async with fetching(box):
        await until(box, ["2026/01/05/b.wav", "done/1767596530.1.wav"])
        await asyncio.sleep(0.05)
    arrived = box.spool / "done/1767596530.1.wav"
    assert arrived.read_bytes() == sound
    assert arrived.stat().st_mtime == 1_767_596_530
    assert box.there() == [], "what was fetched is removed there"


async def test_a_file_that_grows_there_is_not_fetched(box: Box) -> None:
    async with fetching(box, rest_seconds=0.3):
        for number in range(20):
            box.write("grows.wav", b"x" * (number + 1))
            await asyncio.sleep(0.02)
            assert box.here() == []


async def test_what_was_fetched_is_not_fetched_again(box: Box) -> None:
    box.write("a.wav", b"a")
    async with fetching(box, keep=True):
        await until(box, ["a.wav"])
    assert box.there() == ["a.wav"]
    (box.spool / "a.wav").unlink()
    async with fetching(box, keep=True):
        await asyncio.sleep(0.3)
    assert box.here() == []


async def test_links_there_are_left_alone(box: Box, tmp_path: Path) -> None:
    (box.root / "monitor" / "link.wav").symlink_to("/etc/passwd")
    box.write("real.wav", b"r")
    async with fetching(box):
        await until(box, ["real.wav"])


async def test_another_host_key_is_refused_before_anything_is_sent(box: Box, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    wrong = tmp_path / "wrong"
    wrong.write_text(f"[127.0.0.1]:{box.config.port} {other}")
    for known in (str(wrong), ""):
        connector = SftpSpool(replace(box.config, known_hosts=known), box.spool)
        with pytest.raises(AuthFailed, match="host"):
            await connector.run(Nowhere(), Told())


async def test_a_wrong_password_is_said_and_not_shown(box: Box) -> None:
    connector = SftpSpool(replace(box.config, password=Secret("not this one")), box.spool)
    with pytest.raises(AuthFailed) as refused:
        await connector.run(Nowhere(), Told())
    assert "pitline" in refused.value.text
    assert "not this one" not in refused.value.text


async def test_after_a_lost_line_it_goes_on(box: Box) -> None:
    connector = SftpSpool(box.config, box.spool)
    running = asyncio.create_task(connector.run(Nowhere(), Told()))
    box.write("a.wav", b"a")
    await until(box, ["a.wav"])
    for line in box.lines:
        line.abort()
    with pytest.raises(NotReady):
        async with asyncio.timeout(within(10)):
            await running
    box.write("b.wav", b"b")
    async with fetching(box):
        await until(box, ["a.wav", "b.wav"])


async def test_it_stops_in_time(box: Box) -> None:
    running = asyncio.create_task(SftpSpool(box.config, box.spool).run(Nowhere(), Told()))
    await asyncio.sleep(0.2)
    running.cancel()
    async with asyncio.timeout(within(5)):
        with suppress(asyncio.CancelledError):
            await running
