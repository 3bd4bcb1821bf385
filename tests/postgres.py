"""A throw-away PostgreSQL server: as root it drops to an unprivileged user, which the server demands."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FAST = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB",
    "wal_level=minimal", "max_wal_senders=0", "min_wal_size=32MB", "max_wal_size=64MB",
)  # fmt: skip
_MEMORY, _ROOM = Path("/dev/shm"), 512 * 1024 * 1024


def _quick_folder() -> Path | None:
    """Copying a database is file work: five times as quick where files live in memory."""
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    return _MEMORY if has_room else None


def find_programs() -> Path | None:
    """The folder of initdb and postgres, or None."""
    on_path = shutil.which("initdb")
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    for candidate in [*([Path(on_path)] if on_path else []), *packaged]:
        folder = candidate.resolve().parent
        if (folder / "postgres").exists():
            return folder
    return None


@dataclass
class TemporaryPostgres:
    """A server on a free port of the loopback, its data in a folder that goes with it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    programs: Path
    command: list[Any]
    how: dict[str, Any]
    made: int = 0
    models: set[str] = field(default_factory=set)
    _shell: subprocess.Popen[str] | None = None

    @classmethod
    def start(cls, *, is_faithful: bool = False, options: Sequence[str] = ()) -> TemporaryPostgres | None:
        """Start one; None where there is no PostgreSQL. `is_faithful`: a commit outlives the server's
        death (not the machine's). `options` of the server win over ours."""
        programs = find_programs()
        if programs is None:
            return None
        folder = Path(tempfile.mkdtemp(prefix="pitline-pg-", dir=_quick_folder()))
        how: dict[str, Any] = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}}
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
            how |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        subprocess.run(
            [
                programs / "initdb",
                "-D",
                folder / "data",
                "-U",
                "test",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **how,
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        chosen = (*_FAST, *(["synchronous_commit=on"] if is_faithful else []), *options)
        switches = [part for option in chosen for part in ("-c", option)]
        command = [
            programs / "postgres", "-D", folder / "data", "-h", "127.0.0.1", "-p", str(port), "-k", folder,
            *switches,
        ]  # fmt: skip
        server = cls(folder, port, _run(command, how), programs, command, how)
        server.wait()
        return server

    def url(self, name: str) -> str:
        """Where the hub finds the database of this name."""
        return f"postgresql+asyncpg://test@127.0.0.1:{self.port}/{name}"

    def create(self, name: str = "", *, template: str = "template0") -> str:
        """A fresh database, a copy of `template`; its name."""
        self.made += 1
        name = name or f"test_{self.made}"
        # Files are copied as they are: a quarter of what it costs to write each of their blocks to the WAL.
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy;")
        return name

    def drop(self, name: str) -> None:
        """Drop a database and whoever still uses it."""
        self._sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE);")

    def reset_connections(self, name: str) -> None:
        """Cut everybody off from a database, whatever they are doing."""
        self._sql(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}';")

    def crash(self) -> None:
        """The server dies at once, without a farewell, and its connections with it."""
        self._end_shell()
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(10)

    def revive(self) -> None:
        """The server comes back on its port, over its data."""
        self.process = _run(self.command, self.how)
        self.wait()

    def processor(self) -> float:
        """Seconds of processor that the server has used, all its processes together."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ticks = 0
        for pid in (str(self.process.pid), *children):
            with suppress(FileNotFoundError):
                # After the name: state is the first, utime the 12th; then stime and those of dead children.
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Stop it and drop its data."""
        self._end_shell()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _sql(self, statement: str) -> None:
        """One psql for all statements: starting one takes longer than most of them."""
        if self._shell is None:
            self._shell = subprocess.Popen(
                [self.programs / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "test",
                 "-d", "postgres", "-q", "-X", "-A", "-t"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
        shell = self._shell
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdin.write(f"{statement}\n\\echo done\n")
        shell.stdin.flush()
        said = []
        while (line := shell.stdout.readline().strip()) not in ("done", ""):
            said.append(line)
        errors = [line for line in said if "ERROR" in line]
        assert not errors, errors
        assert line == "done", "psql is gone"

    def _end_shell(self) -> None:
        if self._shell is not None:
            self._shell.terminate()
            self._shell.wait(5)
            self._shell = None

    def wait(self) -> None:
        """Until it takes connections."""
        ready = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        for _ in range(200):
            if subprocess.run(ready).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("PostgreSQL did not start")


def _run(command: list[Any], how: dict[str, Any]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
