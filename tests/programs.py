"""Programs that tests start: each a process of its own, with its own folder, environment, exit code and
death. What costs most of a start, importing some thousand modules, is done once: a nursery of one process
has it all imported and forks for each program that is wanted. `cold()` starts as the operating system does.

Tests of the start itself, benchmarks and soak start cold."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

ROOT = Path(__file__).resolve().parents[1]
_PRELOADED = ("hub.cli.running", "hub.kernel.storage.migrating", "alembic.command", "asyncpg", "uvloop")
_LONGEST = 1 << 20


class Program(Protocol):
    """A started one; the part of `subprocess.Popen` that tests use."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...


def cold(
    words: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    output: IO[bytes],
    errors: IO[bytes],
) -> Program:
    """`python -m WORDS`, from nothing."""
    return subprocess.Popen(
        [sys.executable, "-m", *words], cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL,
        stdout=output, stderr=errors,
    )  # fmt: skip


@dataclass
class _Forked:
    """The nursery's side of the line says the exit code, once."""

    pid: int
    line: socket.socket
    words: Sequence[str]
    code: int | None = None

    def poll(self) -> int | None:
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(list(self.words), timeout or 0.0)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.code is None:
            self.line.settimeout(timeout)
            with contextlib.suppress(TimeoutError, BlockingIOError):
                said = self.line.recv(64)
                self.code = int(said) if said else -signal.SIGKILL
                self.line.close()
        return self.code


@dataclass
class Nursery:
    """Forks programs. One for a run of tests; when that ends, or dies, so do all that it has forked."""

    _process: subprocess.Popen[bytes] | None = None
    _line: socket.socket | None = field(default=None, repr=False)

    def start(
        self, words: Sequence[str], *, folder: Path, environment: Mapping[str, str], output: IO[bytes],
        errors: IO[bytes],
    ) -> Program:  # fmt: skip
        """`python -m WORDS`, with nearly all imported."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        asked = json.dumps([list(words), str(folder), dict(environment)]).encode()
        with theirs:
            files = [theirs.fileno(), output.fileno(), errors.fileno()]
            socket.send_fds(self._opened(), [asked], files)
        return _Forked(int(ours.recv(64)), ours, words)

    def close(self) -> None:
        if self._line is not None and self._process is not None:
            self._line.close()
            self._process.wait(10)
        self._line = self._process = None

    def _opened(self) -> socket.socket:
        if self._line is None:
            self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for line in (self._line, theirs):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LONGEST)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", __name__, str(theirs.fileno())], cwd=ROOT,
                    pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                )  # fmt: skip
        return self._line


def finished(
    start: Start, words: Sequence[str], *, folder: Path, environment: Mapping[str, str], timeout: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """Start it and wait for its end; what it said."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        program = start(words, folder=folder, environment=environment, output=output, errors=errors)
        try:
            code = program.wait(timeout)
        except BaseException:
            program.kill()
            raise
        said = []
        for file in (output, errors):
            file.seek(0)
            said.append(file.read().decode())
    return subprocess.CompletedProcess(list(words), code, *said)


class Start(Protocol):
    """`cold`, or a nursery's `start`."""

    def __call__(
        self, words: Sequence[str], *, folder: Path, environment: Mapping[str, str], output: IO[bytes],
        errors: IO[bytes],
    ) -> Program: ...  # fmt: skip


def _serve(line: socket.socket) -> list[str] | None:
    """Fork for each that is asked for. In a child: the words that it is to run; None at the end."""
    children: dict[int, socket.socket] = {}
    ended, noted = socket.socketpair()
    noted.setblocking(False)
    signal.set_wakeup_fd(noted.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([line, ended], [], [])
        if ended in ready:
            ended.recv(4096)
            _tell(children)
        if line not in ready:
            continue
        asked, files, _, _ = socket.recv_fds(line, _LONGEST, 3)
        if not asked:
            break
        words, folder, environment = json.loads(asked)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for one in (line, ended, noted, *children.values()):
                one.close()
            _settle(files, folder, environment)
            return list(words)
        children[pid] = socket.socket(fileno=files[0])
        children[pid].send(str(pid).encode())
        for file in files[1:]:
            os.close(file)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    return None


def _tell(children: dict[int, socket.socket]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with contextlib.suppress(OSError), children.pop(pid) as line:
            line.send(str(os.waitstatus_to_exitcode(status)).encode())


def _settle(files: Sequence[int], folder: str, environment: dict[str, str]) -> None:
    """Become what a fresh process would be."""
    os.close(files[0])
    for number, file in enumerate(files[1:], 1):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()


def _preload() -> None:
    """Import, and read what a process reads once: texts, the shapes of events and operations."""
    for name in _PRELOADED:
        importlib.import_module(name)
    from hub.main import build
    from hub.settings import Settings
    from webui.app import make_app

    make_app(build(Settings()).installation)
    assert threading.active_count() == 1, "what is forked has no threads"
    gc.collect()
    gc.freeze()  # what is shared with the children stays shared


if __name__ == "__main__":
    _preload()
    if (wanted := _serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        sys.argv = ["", *wanted[1:]]
        runpy.run_module(wanted[0], run_name="__main__", alter_sys=True)
