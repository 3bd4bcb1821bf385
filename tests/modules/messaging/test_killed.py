"""F44, F45: the sender is killed around a send. The provider's ledger says how often it went out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hub.clock import Clock
from hub.ports.messaging import OutgoingMessage, Sent, UnknownOutcome
from hub.settings import MessagingSettings, Settings
from tests.faults.figures import Fault
from tests.modules.messaging.killed import Carrier, killed, recovered
from tests.modules.messaging.wire import IRYNA, Wire

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@dataclass
class Provider:
    """Takes messages over TCP, one a line, and keeps them."""

    taken: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        self.taken.append(line.split()[0])
        writer.write(b"ok\n")
        await writer.drain()
        writer.close()


@dataclass
class FarWire(Wire):
    """Tells the provider over TCP."""

    port: int = 0

    async def send(self, message: OutgoingMessage) -> Sent:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{message.id} {message.address}\n".encode())
        await writer.drain()
        await reader.readline()
        return Sent(provider_id=f"SM{message.id}")


@asynccontextmanager
async def far_wire(base: str, clock: Clock) -> AsyncIterator[FarWire]:
    yield FarWire(port=int(base))


CARRIER = Carrier(far_wire, {"channel": "sms", "address": IRYNA})


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


@pytest.mark.fault("F44")
@pytest.mark.parametrize("point", ["queued", "claimed"])
async def test_a_kill_between_commit_and_send_loses_nothing_and_doubles_nothing(
    settings: Settings, tmp_path: Path, fault: Fault, point: str
) -> None:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "files")))
    async with provider() as other:
        for number in range(fault.count(full=100, sample=1)):
            other.taken.clear()
            wire = Wire()
            message_id = await killed(settings, tmp_path, CARRIER, str(other.port), point)
            state = await recovered(settings, tmp_path, wire, message_id)
            went = [*other.taken, *(one.id for one in wire.ledger)]
            fault.check(f"{point} {number}: {state}, {went}", (state, went) == ("sent", [message_id]))


@pytest.mark.fault("F45")
async def test_a_kill_after_the_provider_has_it_is_reconciled_where_it_can_be_asked(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "files")))
    async with provider() as other:
        for number in range(fault.count(full=100, sample=1)):
            other.taken.clear()

            def find(message: OutgoingMessage) -> Sent | None:
                return Sent(provider_id=f"SM{message.id}") if message.id in other.taken else None

            wire = Wire(found=find)
            message_id = await killed(settings, tmp_path, CARRIER, str(other.port), "sent")
            state = await recovered(settings, tmp_path, wire, message_id)
            went = [*other.taken, *(one.id for one in wire.ledger)]
            fault.check(f"asked {number}: {state}, {went}", (state, went) == ("sent", [message_id]))


@pytest.mark.fault("F45")
@pytest.mark.parametrize("point", ["claimed", "sent"])
async def test_where_it_cannot_be_asked_the_message_is_parked_and_never_sent_again(
    settings: Settings, tmp_path: Path, fault: Fault, point: str
) -> None:
    def cannot_say(_message: OutgoingMessage) -> Sent | None:
        raise UnknownOutcome("It cannot be asked.")

    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "files")))
    async with provider() as other:
        for number in range(fault.count(full=100, sample=1)):
            other.taken.clear()
            wire = Wire(found=cannot_say)
            message_id = await killed(settings, tmp_path, CARRIER, str(other.port), point)
            state = await recovered(settings, tmp_path, wire, message_id)
            went = [*other.taken, *(one.id for one in wire.ledger)]
            expected = [message_id] if point == "sent" else []
            fault.check(f"parked {point} {number}", (state, went) == ("unknown", expected))
