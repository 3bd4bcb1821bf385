"""One session with the PBX: connect, log in, ask, and notice when the line is dead.

Everything that arrives goes through the framer; answers go to who asked, all else to `hear`. The
session ends once, for one reason, in the future `closed`.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from connectors.ami.actions import Action, Answer, Kind, is_nothing_found
from connectors.ami.config import AmiConfig
from connectors.ami.message import Message
from connectors.ami.protocol import Framer
from hub.clock import Clock
from hub.log import get_logger
from hub.ports.errors import AuthFailed, NotReady

# Events that carry an ActionID although they are facts; all others with one are rows of a list.
_FACTS_WITH_ID = frozenset({"OriginateResponse", "UserEvent"})

# Events that are facts at one time and rows of somebody's list at another, or that we need ourselves.
_AMBIGUOUS = _FACTS_WITH_ID | {
    "FullyBooted", "ParkedCall", "DeviceStateChange", "ExtensionStatus", "PresenceStatus", "ContactStatus",
    "QueueMemberStatus", "PeerStatus", "Registry", "Status",
}  # fmt: skip

Hear = Callable[[Sequence[Message], datetime], None]


@dataclass(slots=True)
class _Pending:
    """An action that is not answered yet."""

    action: Action
    answer: asyncio.Future[Answer]
    response: Message | None = None
    rows: list[Message] = field(default_factory=list)


class AmiLink(asyncio.Protocol):
    """A logged-in session. Made by `open_link`; never used again after `closed`."""

    def __init__(self, config: AmiConfig, clock: Clock, wanted: frozenset[str], hear: Hear) -> None:
        self._config = config
        self._clock = clock
        self._hear = hear
        self._log = get_logger("ami.link").bind(pbx=config.pbx, address=config.address)
        self._mark = f"pl{secrets.token_hex(4)}-"
        self._count = 0
        self._pending: dict[str, _Pending] = {}
        self._transport: asyncio.Transport | None = None
        self._login: asyncio.Future[Message] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._last_read = clock.monotonic()
        self._read_gap = 0.0
        self._stirred = asyncio.Event()
        self.framer = Framer(
            wanted,
            max_bytes=config.limits.frame_bytes,
            max_headers=config.limits.frame_headers,
            on_oversize=self._oversize,
        )
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.fully_booted = asyncio.Event()
        self.uptime: float | None = None
        self.strays = 0

    # The transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, for uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._last_read = self._clock.monotonic()

    def data_received(self, data: bytes) -> None:
        now = self._clock.monotonic()
        self._read_gap = max(self._read_gap, now - self._last_read)
        self._last_read = now
        self._stirred.set()
        messages = self.framer.feed(data)
        if messages:
            # While a list is awaited, every event may be a row of it.
            is_quiet = self.framer.watch is None
            facts = [
                message
                for message in messages
                if (is_quiet and message.name not in _AMBIGUOUS and message.kind == "event")
                or self._is_fact(message)
            ]
            if facts:
                self._hear(facts, self._clock.now())

    def connection_lost(self, error: Exception | None) -> None:
        self._end(f"the PBX closed the line ({error})" if error else "the PBX closed the line")

    # Ours

    @property
    def read_gap(self) -> float:
        """The longest time between two reads of the socket."""
        return self._read_gap

    @property
    def waiting(self) -> int:
        """Actions that are not answered yet."""
        return len(self._pending)

    async def log_in(self, mask: str) -> None:
        """Say who we are. Raises AuthFailed when refused, NotReady when nothing comes back."""
        config, waits = self._config, self._config.waits
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), waits.banner)
        self._login = asyncio.get_running_loop().create_future()
        headers = (("Username", config.username), ("Secret", config.secret), ("Events", mask))
        self._write(Action("Login", headers).frame(f"{self._mark}login"))
        ends: set[asyncio.Future[Any]] = {self._login, self.closed}
        await asyncio.wait(ends, timeout=waits.login, return_when=asyncio.FIRST_COMPLETED)
        if not self._login.done():
            raise NotReady(self._no_login())
        response = self._login.result()
        if response.name.lower() != "success":
            text = response.get("Message", "log-in refused")
            raise AuthFailed(f"{config.address} refused the user {config.username!r}: {text}")
        self._keeper = asyncio.create_task(self._keep_alive(), name="ami keep-alive")

    async def ask(self, action: Action, within: float | None = None) -> Answer:
        """Send an action and wait for its end; never longer than its deadline, never sent twice."""
        if self.closed.done():
            return Answer(kind="unknown", text=f"not sent: {self.closed.result()}")
        self._count += 1
        action_id = f"{self._mark}{self._count}{'-' if action.tag else ''}{action.tag}"
        pending = _Pending(action, asyncio.get_running_loop().create_future())
        frame = action.frame(action_id)
        self._pending[action_id] = pending
        self.framer.watch = b"\nActionID: " + self._mark.encode()
        try:
            self._write(frame)
            async with asyncio.timeout(self._config.waits.answer if within is None else within):
                return await pending.answer
        except TimeoutError:
            return Answer(kind="unknown", text=f"no answer to {action.name} in time")
        finally:
            del self._pending[action_id]
            if not self._pending:
                self.framer.watch = None

    async def close(self) -> None:
        """Log off and close; within the wait of the settings even when nobody answers."""
        if self._keeper is not None:
            self._keeper.cancel()
        transport = self._transport
        if transport is None:
            return
        if not self.closed.done():
            self._write(Action("Logoff").frame(f"{self._mark}logoff"))
            transport.close()
            await asyncio.wait({self.closed}, timeout=self._config.waits.close)
        transport.abort()
        self._end("closed by the hub")

    def drop(self) -> None:
        """Break the line off, without a word to the PBX."""
        if self._transport is not None:
            self._transport.abort()

    # Inside

    def _write(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame)

    def _no_login(self) -> str:
        said = f" (it said {self.framer.banner[:60]!r})" if self.framer.banner else ""
        if self.closed.done():
            return f"{self._config.address}: {self.closed.result()} during log-in{said}"
        return f"{self._config.address} did not answer the log-in within {self._config.waits.login:g} s{said}"

    def _end(self, reason: str) -> None:
        if self.closed.done():
            return
        self.closed.set_result(reason)
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_result(Answer(kind="unknown", text=f"the line was lost: {reason}"))

    async def _keep_alive(self) -> None:
        """Any data is life. After a silence we ask; when that is not answered, the line is dead,
        whatever the operating system believes."""
        waits = self._config.waits
        while not self.closed.done():
            silence = self._clock.monotonic() - self._last_read
            if silence < waits.ping_interval:
                await asyncio.sleep(waits.ping_interval - silence)
                continue
            self._stirred.clear()
            self._count += 1
            self._write(Action("Ping").frame(f"{self._mark}{self._count}"))
            try:
                await asyncio.wait_for(self._stirred.wait(), waits.ping_deadline)
            except TimeoutError:
                self._dead()

    def _dead(self) -> None:
        silence = self._clock.monotonic() - self._last_read
        self._end(f"no sign of life for {silence:.0f} s")
        self.drop()

    def _oversize(self, size: int) -> None:
        if self.framer.oversize == 1:
            self._log.warning("ami.oversize", text="a message over the limit was dropped", size=size)

    def _is_fact(self, message: Message) -> bool:
        """Answers are given to who asked; what is left concerns the tracker."""
        if message.kind == "response":
            self._answered(message)
            return False
        if message.name == "FullyBooted":
            self._booted(message)
        if b"\nActionID: " in message.raw:
            self._row(message)
            return message.name in _FACTS_WITH_ID
        return True

    def _booted(self, message: Message) -> None:
        with contextlib.suppress(ValueError):
            self.uptime = float(message.get("Uptime"))
        self.fully_booted.set()

    def _answered(self, response: Message) -> None:
        action_id = response.get("ActionID")
        if self._login is not None and not self._login.done() and self._is_login(response, action_id):
            self._login.set_result(response)
            return
        pending = self._pending.get(action_id)
        if pending is None:
            # Also: the answers to somebody else in a recorded stream, and to our own pings.
            self.strays += 1
            return
        pending.response = response
        text = response.get("Message")
        if response.name.lower() == "error":
            is_empty = pending.action.is_list and is_nothing_found(text)
            kind: Kind = "empty" if is_empty else "refused"
            self._finish(pending, Answer(kind=kind, text=text, response=response))
        elif not pending.action.is_list:
            self._finish(pending, Answer(kind="done", text=text, response=response))

    def _is_login(self, response: Message, action_id: str) -> bool:
        """A foreign Success is taken too (a replayed recording answers its own recorder); a foreign
        Error is somebody else's."""
        if action_id == f"{self._mark}login" or not action_id:
            return True
        return response.name.lower() == "success"

    def _row(self, row: Message) -> None:
        pending = self._pending.get(row.get("ActionID"))
        if pending is None or not pending.action.is_list:
            return
        pending.rows.append(row)
        is_last = row.get("EventList").lower() in ("complete", "cancelled")
        if is_last or row.name == pending.action.complete:
            self._finish(pending, _complete(pending, row))
        elif len(pending.rows) > self._config.limits.list_rows:
            self._finish(pending, Answer(kind="unknown", text="the list does not end"))

    def _finish(self, pending: _Pending, answer: Answer) -> None:
        if not pending.answer.done():
            pending.answer.set_result(answer)


def _complete(pending: _Pending, last: Message) -> Answer:
    """A list is believed only when it ended by itself and nothing is missing in it."""
    rows = tuple(pending.rows[:-1])
    told = last.get("ListItems")
    if last.get("EventList").lower() == "cancelled":
        return Answer(kind="unknown", text="the PBX broke the list off", rows=rows)
    if told.isdecimal() and int(told) != len(rows):
        text = f"{len(rows)} of {told} rows came"
        return Answer(kind="unknown", text=text, response=pending.response, rows=rows)
    text = last.get("Message")
    return Answer(kind="done", text=text, response=pending.response, rows=rows, last=last)


async def open_link(
    config: AmiConfig, clock: Clock, wanted: frozenset[str], mask: str, hear: Hear
) -> AmiLink:
    """Connect and log in. Raises NotReady or AuthFailed, with the reason in words."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(config.waits.connect):
            _, link = await loop.create_connection(
                lambda: AmiLink(config, clock, wanted, hear), config.host, config.port
            )
    except TimeoutError as error:
        raise NotReady(
            f"{config.address} does not answer (no connection in {config.waits.connect:g} s)"
        ) from error
    except ConnectionRefusedError as error:
        raise NotReady(f"{config.address} cannot be reached: nobody listens there") from error
    except OSError as error:
        raise NotReady(f"{config.address} cannot be reached: {error.strerror or error}") from error
    try:
        await link.log_in(mask)
    except BaseException:
        await link.close()
        raise
    return link
