"""A process apart that writes its journal over a midnight, and has a last word when it is ended:
`python -m tests.kernel.processes.night_shift FD SETUP`, as the hub begins it."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec

from hub.kernel.journal.files import FileJournal
from hub.kernel.processes.apart import Setup, serve
from hub.log import get_logger
from hub.ports.apart import Peer

LAST_WORD = "the shift is over"


def _part(hub: Peer, journal: FileJournal) -> Callable[[], Awaitable[None]]:
    now = datetime.now(UTC)
    journal.append("ami", 1, now - timedelta(days=1), b"before midnight")
    journal.append("ami", 1, now, b"after midnight")

    async def stop() -> None:
        get_logger("night").info(LAST_WORD)

    return stop


if __name__ == "__main__":
    end = socket.socket(fileno=int(sys.argv[1]))
    asyncio.run(serve(end, msgspec.json.decode(sys.argv[2], type=Setup), _part))
