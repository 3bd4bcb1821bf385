"""Programs that tests start: each a process of its own, with its own folder, environment, exit code and
death. What costs most of a start, importing some thousand modules, is done once for those that are `forked`;
`cold` starts as the operating system does.

Tests of the start itself, benchmarks and soak start cold."""

from __future__ import annotations

import multiprocessing.process
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any, Protocol

from tests.forks import FORKS


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
    """A forked one."""

    process: multiprocessing.process.BaseProcess

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        if (code := self.process.exitcode) is None:
            raise subprocess.TimeoutExpired(self.process.name, timeout or 0.0)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def forked(
    words: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    output: IO[bytes],
    errors: IO[bytes],
) -> Program:
    """`python -m WORDS`, with nearly all imported. Its end is the test's end at the latest."""
    given = (list(words), str(folder), dict(environment), _Sent(output), _Sent(errors))
    process = FORKS.Process(target=_run, args=given, name=" ".join(words), daemon=True)
    process.start()
    return _Forked(process)


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
    """`cold` or `forked`."""

    def __call__(
        self, words: Sequence[str], *, folder: Path, environment: Mapping[str, str], output: IO[bytes],
        errors: IO[bytes],
    ) -> Program: ...  # fmt: skip


class _Sent:
    """An open file on its way to another process, where it arrives as the number of one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __reduce__(self) -> tuple[object, ...]:
        return _arrived, (DupFd(self._file.fileno()),)


def _arrived(sent: Any) -> int:
    return int(sent.detach())


def _run(words: list[str], folder: str, environment: dict[str, str], output: int, errors: int) -> None:
    """Become what a fresh process would be."""
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["", *words[1:]]
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
