"""Processes of their own for what would take too much of the hub's one processor.

The hub's side begins and ends them, writes their log among its own, and knows how their journal fares.
Their side (`serve`) gives a connector's part what it needs. Each ends with the other: a hub that was killed
leaves nobody behind, for the wire ends with it; a process that is silent for long is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from hub.kernel.journal.files import FileJournal, Written
from hub.kernel.processes.settling import settle, sweep
from hub.kernel.processes.wire import Wire, wired
from hub.log import Told, forward, get_logger, retell
from hub.ports.apart import News, Peer
from hub.ports.errors import NotReady
from hub.settings import Settings

_BEAT = 1.0
_SILENT_BEATS = 15
_ENDS_WITHIN = 2.0
_LAST_WORDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a process apart is begun with: how loud its log is, and where its journal goes."""

    log_level: str
    journal_folder: str


LOGGED: News[Told] = News("logged", Told)
FARED: News[Written] = News("fared", Written)


class ProcessApart:
    """Implements ports.apart.Apart: one process at a time that runs the module `program`."""

    def __init__(self, program: str, setup: Setup, journal: FileJournal) -> None:
        self._program = program
        self._setup = setup
        self._journal = journal
        self._log = get_logger("hub.apart").bind(program=program)
        self._wire: Wire | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._end: socket.socket | None = None
        self._watching: asyncio.Task[None] | None = None
        self._before = Written()
        self._is_closing = False
        self._connecting = asyncio.Lock()
        try:
            self._begin()
        except NotReady as error:  # the pages must stand all the same; whoever asks for it begins it again
            self._log.error("apart.not_begun", reason=error.text)

    async def peer(self) -> Peer:
        """The one that lives, else another one."""
        async with self._connecting:
            if self._is_closing:
                raise NotReady("Pitline is stopping")
            if self._wire is not None and not self._wire.closed.done():
                return self._wire
            if self._end is None:
                await self._reaped()
                self._begin()
            assert self._end is not None
            end, self._end = self._end, None
            self._before = self._journal.fared_beside(self._program)
            self._wire = wire = await wired(end, f"the process {self._program}", self._prepare)
            wire.closed.add_done_callback(partial(self._parted, wire))
            self._watching = asyncio.create_task(self._watch(wire), name=f"watch {self._program}")
            return wire

    @property
    def pid(self) -> int:
        """Of the one that was begun last."""
        return self._process.pid if self._process is not None else 0

    def drop_wire(self) -> None:
        """Break the wire off, as the hub's own end would."""
        if self._wire is not None:
            self._wire.drop()

    async def give_up(self) -> None:
        """End the one that lives, whatever it does."""
        if self._process is not None:
            self._process.kill()
        if self._wire is not None:
            await asyncio.wait({self._wire.closed}, timeout=_ENDS_WITHIN)

    async def close(self) -> None:
        """Let it write what is left and end, as far as the time allows."""
        self._is_closing = True
        if self._watching is not None:
            self._watching.cancel()
        if self._wire is not None:
            self._wire.say_goodbye()
            _, late = await asyncio.wait({self._wire.lost}, timeout=_ENDS_WITHIN)
            if late and self._process is not None:
                self._process.kill()
        if self._end is not None:
            self._end.close()
        await self._reaped()

    def _begin(self) -> None:
        setup = msgspec.json.encode(self._setup).decode()
        try:
            self._end, theirs = socket.socketpair()
        except OSError as error:
            raise NotReady(f"no process can be begun: {error.strerror}") from error
        self._end.setblocking(False)
        try:
            # It must not hear a Ctrl-C that is meant for the hub, which ends it in its own order.
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-m", self._program, str(theirs.fileno()), setup],
                stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            self._end.close()
            self._end = None
            raise NotReady(f"no process can be begun: {error.strerror}") from error
        finally:
            theirs.close()

    async def _reaped(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            code = await asyncio.to_thread(process.wait, _ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            code = await asyncio.to_thread(process.wait)
        if code:
            self._log.warning("apart.ended", code=code)

    def _prepare(self, wire: Wire) -> None:
        wire.hear(LOGGED, retell)
        wire.hear(FARED, self._fared)

    def _fared(self, fared: Written) -> None:
        self._journal.beside(self._program, self._before + fared)

    def _parted(self, wire: Wire, _: object) -> None:
        """What it wrote still counts; what kept it from writing more is nobody's trouble now."""
        wire.drop()
        self._journal.beside(self._program, self._journal.fared_beside(self._program))

    async def _watch(self, wire: Wire) -> None:
        """Silence is counted in beats of our own, so that a hub that was stopped for long blames nobody; and
        from the first word on, for how long a process may take to begin is its asker's affair."""
        silent, frames = 0, wire.frames
        while not wire.closed.done():
            await asyncio.wait({wire.closed}, timeout=_BEAT)
            silent = silent + 1 if wire.frames == frames and frames else 0
            frames = wire.frames
            if silent > _SILENT_BEATS and self._process is not None:
                self._log.error("apart.silent", text="it said nothing for long and is ended")
                self._process.kill()
                return


class Processes:
    """Implements ports.apart.RunsApart: every process that was begun, to be ended together.
    `programs`: the module that runs, by the name of what it works for."""

    def __init__(self, settings: Settings, journal: FileJournal, programs: Mapping[str, str]) -> None:
        self._programs = programs
        self._setup = Setup(log_level=settings.log.level, journal_folder=settings.journal.folder)
        self._journal = journal
        self._begun: list[ProcessApart] = []

    def __call__(self, name: str) -> ProcessApart:
        """Begin one."""
        process = ProcessApart(self._programs[name], self._setup, self._journal)
        self._begun.append(process)
        return process

    async def close(self) -> None:
        """End them all, side by side, within about two seconds."""
        await asyncio.gather(*(process.close() for process in self._begun))


Part = Callable[[Peer, FileJournal], Callable[[], Awaitable[None]]]
"""Sets the work of a process up over its wire, and gives what ends it."""


async def serve(end: socket.socket, setup: Setup, part: Part) -> None:
    """The life of a process apart, till the hub is gone or says goodbye. Signals are the hub's affair: a
    service manager sends them to everybody, and the hub has an order in which things end."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _ignored)
    journal = FileJournal(Path(setup.journal_folder), 0, tends=False)
    ends: list[Callable[[], Awaitable[None]]] = []
    wire = await wired(end, "the hub", lambda wire: ends.append(part(wire, journal)))

    def send(line: Told) -> None:
        loop.call_soon_threadsafe(_log_to, wire, line)

    forward(setup.log_level, send)
    journal.start()
    settle()
    tasks = [
        asyncio.create_task(_beat(wire, journal), name="beat"),
        asyncio.create_task(sweep(lambda: journal.written), name="sweep"),
    ]
    try:
        await asyncio.wait({wire.closed})
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*(stop() for stop in ends))
        await asyncio.to_thread(journal.stop, 1.0)
        wire.tell(FARED, journal.fared())
        await wire.close(_LAST_WORDS)


async def _beat(wire: Wire, journal: FileJournal) -> None:
    while True:
        if not wire.is_choked:
            wire.tell(FARED, journal.fared())
        await asyncio.sleep(_BEAT)


def _log_to(wire: Wire, line: Told) -> None:
    if not wire.is_choked:
        with contextlib.suppress(UnicodeEncodeError):
            wire.tell(LOGGED, line)


def _ignored() -> None:
    """The hub ends us."""
