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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")


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
    made: int = 0

    @classmethod
    def start(cls) -> TemporaryPostgres | None:
        """Start one; None where there is no PostgreSQL."""
        programs = find_programs()
        if programs is None:
            return None
        folder = Path(tempfile.mkdtemp(prefix="pitline-pg-"))
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
        options = [part for option in _FAST for part in ("-c", option)]
        command = [
            programs / "postgres",
            "-D",
            folder / "data",
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-k",
            folder,
        ]
        process = subprocess.Popen(
            [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how
        )
        server = cls(folder, port, process, programs)
        server._wait()
        return server

    def new_database(self) -> str:
        """The URL of a fresh, empty database."""
        self.made += 1
        name = f"test_{self.made}"
        self._sql(f"CREATE DATABASE {name}")
        return f"postgresql+asyncpg://test@127.0.0.1:{self.port}/{name}"

    def stop(self) -> None:
        """Stop it and drop its data."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _sql(self, statement: str) -> None:
        subprocess.run(
            [self.programs / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "test", "-d", "postgres",
             "-q", "-c", statement],
            check=True,
        )  # fmt: skip

    def _wait(self) -> None:
        ready = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        for _ in range(200):
            if subprocess.run(ready).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("PostgreSQL did not start")
