"""A scripted PBX for tests: a real TCP server that speaks AMI, keeps a ledger of every action that
it receives, and can do to a line whatever a bad day does to it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

STREAMS = Path(__file__).resolve().parents[2] / "streams"
BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def recorded(name: str) -> bytes:
    """The bytes of a recorded stream, banner and log-in answer of its recorder included."""
    return gzip.decompress((STREAMS / f"{name}.ami.gz").read_bytes())


def timing(name: str) -> list[tuple[float, int, int]]:
    """Time, offset and size of every read of a recorded stream."""
    text = gzip.decompress((STREAMS / f"{name}.ami.idx.gz").read_bytes()).decode()
    return [(float(at), int(begin), int(size)) for at, begin, size in map(str.split, text.splitlines())]


def frame(first: str, /, **headers: str) -> bytes:
    """`frame("Event: Hangup", Uniqueid="1.1")` as the PBX would write it."""
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def channel(name: str, uniqueid: str, **headers: str) -> dict[str, str]:
    """The headers that Asterisk sends with every event of a channel."""
    usual = {
        "Channel": name, "ChannelState": "4", "ChannelStateDesc": "Ring", "CallerIDNum": "380501234567",
        "CallerIDName": "", "ConnectedLineNum": "<unknown>", "ConnectedLineName": "<unknown>",
        "Context": "from-trunk", "Exten": "100", "Priority": "1", "Uniqueid": uniqueid, "Linkedid": uniqueid,
    }  # fmt: skip
    return {**usual, **headers}


@dataclass
class Script:
    """How the PBX behaves. Changed at any time by a test."""

    username: str = "hub"
    secret: str = "geheim"
    banner: bytes = BANNER
    version: str = "22.10.1"
    startup: tuple[str, str] = ("2026-11-23", "08:00:00")
    uptime: int = 3600
    boot_delay: float | None = 0.0
    silent: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    login_id: str | None = None
    channels: list[Mapping[str, str]] = field(default_factory=list)
    status: list[Mapping[str, str]] = field(default_factory=list)
    callers: list[Mapping[str, str]] = field(default_factory=list)
    members: list[Mapping[str, str]] = field(default_factory=list)
    parked: list[Mapping[str, str]] = field(default_factory=list)
    bridges: Mapping[str, list[dict[str, str]]] = field(default_factory=dict)
    endpoints: list[tuple[str, str]] = field(default_factory=list)
    rights: str = "CoreShowChannels CoreStatus Originate Redirect QueuePause MixMonitorMute StopMixMonitor"
    drop_row_of: str = ""
    before_list: Mapping[str, bytes] = field(default_factory=dict)
    after_list: Mapping[str, bytes] = field(default_factory=dict)
    user_event_time: bool = True


class Session:
    """One client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.is_hole = False
        self.logged_in = asyncio.Event()

    def send(self, data: bytes) -> None:
        """At once, in one write; swallowed by a black hole."""
        if not self.is_hole and not self.writer.is_closing():
            self.writer.write(data)

    async def dribble(self, data: bytes, size: int = 1) -> None:
        """In pieces of `size` bytes, each a segment of its own where the kernel lets it."""
        for begin in range(0, len(data), size):
            self.send(data[begin : begin + size])
            await self.writer.drain()
            await asyncio.sleep(0)

    async def split(self, data: bytes, at: int) -> None:
        """In two pieces with a pause between them."""
        self.send(data[:at])
        await asyncio.sleep(0.01)
        self.send(data[at:])

    async def replay(
        self, data: bytes, reads: Iterable[tuple[float, int, int]] = (), pace: float = 1.0
    ) -> None:
        """A recorded stream: with its timing divided by `pace`, or as fast as possible."""
        before: float | None = None
        for at, begin, size in reads:
            if before is not None and at > before:
                await asyncio.sleep((at - before) / pace)
            before = at
            self.send(data[begin : begin + size])
            await self.writer.drain()
        if before is None:
            for begin in range(0, len(data), 65536):
                self.send(data[begin : begin + 65536])
                await self.writer.drain()

    def cut(self) -> None:
        """Close with FIN."""
        self.writer.close()

    def reset(self) -> None:
        """Close with RST."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def swallow(self) -> None:
        """From now on nothing comes out, and the line stays open."""
        self.is_hole = True


class AmiServer:
    """The PBX. `ledger` holds every action of every session, in order."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.ledger: list[dict[str, str]] = []
        self.sessions: list[Session] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._boots: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port or self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """As a killed PBX: nobody listens, all lines are closed."""
        if self._server is not None:
            self._server.close()
            for session in self.sessions:
                session.writer.transport.abort()
            await self._server.wait_closed()
            self._server = None
        for boot in self._boots:
            boot.cancel()

    def actions(self, name: str) -> list[dict[str, str]]:
        """The ledger's entries of one action."""
        return [action for action in self.ledger if action["action"] == name.lower()]

    @property
    def session(self) -> Session:
        """The newest connection."""
        return self.sessions[-1]

    async def logged_in(self, count: int = 1) -> Session:
        """Wait until so many connections have logged in; the newest of them."""
        while len(self.sessions) < count:
            await asyncio.sleep(0.002)
        await self.sessions[count - 1].logged_in.wait()
        return self.sessions[count - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(reader, writer)
        self.sessions.append(session)
        session.send(self.script.banner)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                raw = await reader.readuntil(b"\r\n\r\n")
                self._handle(session, _action(raw))
        writer.close()

    def _handle(self, session: Session, action: dict[str, str]) -> None:
        script = self.script
        name = action["action"]
        self.ledger.append(action | {"action": name.lower()})
        if name in script.silent:
            return
        if name in script.refused:
            self._say(session, action, "Error", "Permission denied")
            return
        handler = getattr(self, f"_on_{name.lower()}", None)
        if handler is None:
            self._say(session, action, "Error", "Invalid/unknown command: use Action: ListCommands.")
            return
        session.send(script.before_list.get(name, b""))
        handler(session, action)
        session.send(script.after_list.get(name, b""))

    def _say(self, session: Session, action: dict[str, str], what: str, message: str, **more: str) -> None:
        answer = {"ActionID": action["actionid"], **more, "Message": message}
        session.send(frame(f"Response: {what}", **answer))

    def _list(
        self, session: Session, action: dict[str, str], done: str, rows: list[tuple[str, Mapping[str, str]]]
    ) -> None:
        self._say(session, action, "Success", "a list follows", EventList="start")
        told = len(rows)
        if self.script.drop_row_of.lower() == action["action"].lower():
            rows = rows[1:]
        for name, row in rows:
            session.send(frame(f"Event: {name}", ActionID=action["actionid"], **row))
        end = {"ActionID": action["actionid"], "EventList": "Complete", "ListItems": str(told)}
        session.send(frame(f"Event: {done}", **end))

    def _on_login(self, session: Session, action: dict[str, str]) -> None:
        script = self.script
        if (action["username"], action["secret"]) != (script.username, script.secret):
            self._say(session, action, "Error", "Authentication failed")
            session.cut()
            return
        if script.login_id is not None:
            action = action | {"actionid": script.login_id}
        self._say(session, action, "Success", "Authentication accepted")
        if script.boot_delay is not None:
            boot = asyncio.create_task(self._boot(session, script.boot_delay))
            self._boots.add(boot)
            boot.add_done_callback(self._boots.discard)
        session.logged_in.set()

    async def _boot(self, session: Session, delay: float) -> None:
        await asyncio.sleep(delay)
        session.send(frame("Event: FullyBooted", Uptime=str(self.script.uptime), Status="Fully Booted"))

    def _on_ping(self, session: Session, action: dict[str, str]) -> None:
        self._say(session, action, "Success", "", Ping="Pong")

    def _on_logoff(self, session: Session, action: dict[str, str]) -> None:
        self._say(session, action, "Goodbye", "Thanks for all the fish.")
        session.cut()

    def _on_corestatus(self, session: Session, action: dict[str, str]) -> None:
        date, time = self.script.startup
        self._say(session, action, "Success", "", CoreStartupDate=date, CoreStartupTime=time)

    def _on_coresettings(self, session: Session, action: dict[str, str]) -> None:
        self._say(session, action, "Success", "", AsteriskVersion=self.script.version)

    def _on_filter(self, session: Session, action: dict[str, str]) -> None:
        self._say(session, action, "Success", "Filter Added")

    def _on_originate(self, session: Session, action: dict[str, str]) -> None:
        self._say(session, action, "Success", "Originate successfully queued")

    def _obeyed(self, session: Session, action: dict[str, str]) -> None:
        self._say(session, action, "Success", "done")

    _on_hangup = _on_redirect = _on_blindtransfer = _on_atxfer = _on_cancelatxfer = _obeyed
    _on_park = _on_queuepause = _on_mixmonitormute = _on_stopmixmonitor = _obeyed

    def _on_coreshowchannels(self, session: Session, action: dict[str, str]) -> None:
        rows = [("CoreShowChannel", row) for row in self.script.channels]
        self._list(session, action, "CoreShowChannelsComplete", rows)

    def _on_status(self, session: Session, action: dict[str, str]) -> None:
        self._list(session, action, "StatusComplete", [("Status", row) for row in self.script.status])

    def _on_queuestatus(self, session: Session, action: dict[str, str]) -> None:
        rows = [("QueueEntry", row) for row in self.script.callers]
        members = [("QueueMember", row) for row in self.script.members]
        self._list(session, action, "QueueStatusComplete", [*members, *rows])

    def _on_parkedcalls(self, session: Session, action: dict[str, str]) -> None:
        rows = [("ParkedCall", row) for row in self.script.parked]
        self._list(session, action, "ParkedCallsComplete", rows)

    def _on_bridgelist(self, session: Session, action: dict[str, str]) -> None:
        rows = [
            ("BridgeListItem", {"BridgeUniqueid": name, "BridgeType": "basic"})
            for name in self.script.bridges
        ]
        self._list(session, action, "BridgeListComplete", rows)

    def _on_bridgeinfo(self, session: Session, action: dict[str, str]) -> None:
        rows = [("BridgeInfoChannel", row) for row in self.script.bridges[action["bridgeuniqueid"]]]
        self._list(session, action, "BridgeInfoComplete", rows)

    def _on_pjsipshowendpoints(self, session: Session, action: dict[str, str]) -> None:
        if not self.script.endpoints:
            self._say(session, action, "Error", "No endpoints found\n")
            return
        rows = [
            ("EndpointList", {"ObjectName": name, "DeviceState": state})
            for name, state in self.script.endpoints
        ]
        self._list(session, action, "EndpointListComplete", rows)

    def _on_devicestatelist(self, session: Session, action: dict[str, str]) -> None:
        rows = [("DeviceStateChange", {"Device": "Queue:reception_avail", "State": "INUSE"})]
        for name, state in self.script.endpoints:
            rows.append(("DeviceStateChange", {"Device": f"PJSIP/{name}", "State": state.upper()}))
        self._list(session, action, "DeviceStateListComplete", rows)

    def _on_pjsipshowcontacts(self, session: Session, action: dict[str, str]) -> None:
        self._say(session, action, "Error", "No Contacts found\n")

    def _on_listcommands(self, session: Session, action: dict[str, str]) -> None:
        rights = dict.fromkeys(self.script.rights.split(), "what it does (Priv: call,all)")
        self._say(session, action, "Success", "", **rights)

    def _on_userevent(self, session: Session, action: dict[str, str]) -> None:
        self._say(session, action, "Success", "Event Sent")
        time = {"Timestamp": "1795442702.0"} if self.script.user_event_time else {}
        event = {**time, "UserEvent": action["userevent"], "ActionID": action["actionid"]}
        session.send(frame("Event: UserEvent", **event))


def _action(raw: bytes) -> dict[str, str]:
    """A header that stands there several times has its values in one, a line each."""
    found: dict[str, str] = {}
    for line in raw.decode().split("\r\n"):
        name, _, value = line.partition(": ")
        if name:
            found[name.lower()] = "\n".join(filter(None, (found.get(name.lower()), value)))
    return found


@contextlib.asynccontextmanager
async def serving(script: Script | None = None) -> AsyncIterator[AmiServer]:
    """A PBX for the length of a test."""
    server = AmiServer(script)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
