"""The composition root of the process that holds the line to the PBX: `python -m hub.line FD SETUP`, begun by
the hub, which is at the other end of that socket. It loads neither database nor pages."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable

import msgspec
import uvloop

from connectors.ami.line import Line
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.kernel.processes.apart import Setup, serve
from hub.ports.apart import Peer


def _part(hub: Peer, journal: FileJournal) -> Callable[[], Awaitable[None]]:
    return Line(hub, journal, SystemClock()).stop


def main() -> None:
    """Follow the PBX till the hub is gone."""
    end = socket.socket(fileno=int(sys.argv[1]))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(end, msgspec.json.decode(sys.argv[2], type=Setup), _part))


if __name__ == "__main__":
    main()
