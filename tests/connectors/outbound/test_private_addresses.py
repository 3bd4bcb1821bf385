"""No address of our own network, this machine or a cloud's metadata is reached, however it is written
and whatever DNS says (F90)."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.outbound.addresses import Allowed, clean_host, may_be_asked, target_of
from connectors.outbound.client import HttpOutbound
from hub.clock import SystemClock
from hub.ports.errors import ConnectorError, PermanentError
from tests.faults.figures import Fault

OPEN = "93.184.216.34"
ROUTES = ("http://{}:PORT/", "https://{}:PORT/hook")
INNER_HOSTS = (
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.0.0.1",
    "0177.0.0.1", "017700000001", "0x7f.1", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "0.0.0.0", "0",
    "localhost", "LOCALHOST", "localhost.", "a.localhost", "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1",
    "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "169.254.169.254", "[::ffff:169.254.169.254]",
    "2852039166", "0xa9fea9fe", "[fd00:ec2::254]", "[fe80::1]", "[fc00::1]", "metadata.google.internal",
    "printer.local", "router.lan", "router", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1",
    "192.0.2.1", "127.0.0.1.", "[::ffff:10.0.0.1]", "127.000.000.001",
)  # fmt: skip
NAMES: dict[str, Sequence[str]] = {
    "loopback.example.com": ["127.0.0.1"],
    "six.example.com": ["::1"],
    "mapped.example.com": ["::ffff:127.0.0.1"],
    "private.example.com": ["192.168.1.10"],
    "metadata.example.com": ["169.254.169.254"],
    "mixed.example.com": [OPEN, "127.0.0.1"],
    "zone.example.com": ["fe80::1%eth0"],
    "nat.example.com": ["64:ff9b::7f00:1"],
    "old.example.com": ["::7f00:1"],
    "nowhere.example.com": ["0.0.0.0"],
}


@dataclass
class Inner:
    """A machine of ours that nobody outside may speak to; it counts who knocks."""

    port: int = 0
    knocks: list[Any] = field(default_factory=list)


@asynccontextmanager
async def inner_machine() -> AsyncIterator[Inner]:
    inner = Inner()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner.knocks.append(writer.get_extra_info("peername"))
        writer.close()

    servers = [await asyncio.start_server(serve, "0.0.0.0", 0)]
    inner.port = servers[0].sockets[0].getsockname()[1]
    with suppress(OSError):  # a machine without IPv6
        servers.append(await asyncio.start_server(serve, "::1", inner.port))
    yield inner
    for server in servers:
        server.close()


async def look_up(host: str, port: int) -> Sequence[str]:
    """A DNS of our own: what is not in it does not exist."""
    if host not in NAMES:
        raise OSError("unknown name")
    return NAMES[host]


PAYLOADS = [
    *(route.format(host) for host in INNER_HOSTS for route in ROUTES),
    *(f"https://{name}:PORT/" for name in NAMES),
    "https://user:pass@127.0.0.1:PORT/", "https://example.com@127.0.0.1:PORT/",
    "https://127.0.0.1:PORT#@example.com/", "https://example.com\\@127.0.0.1:PORT/",
    "https://127.0.0.1:PORT\t/", "ftp://127.0.0.1:PORT/", "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/", "//127.0.0.1:PORT/", "https:///127.0.0.1:PORT/",
    "https://[::1%25lo]:PORT/", "http:127.0.0.1:PORT", "https://①27.0.0.1:PORT/",
    "https://127.0.0.1%00.example.com:PORT/", "https://\n127.0.0.1:PORT/",
]  # fmt: skip


@pytest.mark.fault("F90")
async def test_no_spelling_of_an_inner_address_leads_to_a_connection(fault: Fault) -> None:
    async with inner_machine() as inner:
        outbound = HttpOutbound(Allowed(), SystemClock(), look_up)
        for payload in fault.cases(PAYLOADS, sample=len(PAYLOADS)):
            url = payload.replace("PORT", str(inner.port))
            with fault.run(payload):
                assert await outbound.fault_of(url) is not None, "it is refused when it is saved"
                with pytest.raises(ConnectorError):
                    await outbound.post(url, headers={}, body=b"{}", seconds=2.0)
                assert inner.knocks == []
        await outbound.close()
    assert len(PAYLOADS) >= 60


@pytest.mark.fault("F90")
async def test_a_name_that_changes_its_address_after_it_was_saved_is_refused_when_it_is_asked() -> None:
    async with inner_machine() as inner:
        said = [[OPEN], ["127.0.0.1"], ["127.0.0.1"]]

        async def rebinding(_host: str, _port: int) -> Sequence[str]:
            return said.pop(0)

        outbound = HttpOutbound(Allowed(), SystemClock(), rebinding)
        url = f"https://rebind.example.com:{inner.port}/"
        assert await outbound.fault_of(url) is None
        with pytest.raises(PermanentError, match="open Internet"):
            await outbound.post(url, headers={}, body=b"", seconds=2.0)
        await outbound.close()
        assert inner.knocks == []
        assert len(said) == 1, "the name is looked up once for a request, and that answer is used"


@pytest.mark.fault("F90")
async def test_a_redirect_into_our_network_is_not_followed() -> None:
    async with inner_machine() as inner:

        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            to = f"http://127.0.0.1:{inner.port}/"
            writer.write(f"HTTP/1.1 307 Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(redirect, "127.0.0.2", 0)
        port = server.sockets[0].getsockname()[1]
        outbound = HttpOutbound(Allowed.of(["127.0.0.2"]), SystemClock(), look_up)
        reply = await outbound.post(f"http://127.0.0.2:{port}/", headers={}, body=b"x", seconds=2.0)
        assert reply.status == 307
        await outbound.close()
        server.close()
        assert inner.knocks == []


async def test_a_host_that_the_settings_name_is_asked_by_its_name_too() -> None:
    async with inner_machine() as inner:

        async def own(_host: str, _port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        outbound = HttpOutbound(Allowed.of(["crm.lan", "10.0.0.0/8"]), SystemClock(), own)
        assert await outbound.fault_of(f"http://crm.lan:{inner.port}/") is None
        with pytest.raises(ConnectorError):  # it hangs up at once; what counts is that it was asked
            await outbound.post(f"http://crm.lan:{inner.port}/", headers={}, body=b"", seconds=2.0)
        await outbound.close()
        assert len(inner.knocks) == 1


@pytest.mark.parametrize("host", ["169.254.169.254", "169.254.0.0/16", "fe80::/10", "0.0.0.0/0"])
def test_a_clouds_metadata_is_not_reached_even_when_the_settings_name_it(host: str) -> None:
    allowed = Allowed.of([host])
    assert (
        target_of("http://169.254.169.254/latest/meta-data", allowed)
        == "This address is not on the open Internet."
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "https://crm.example.com:8443/a?b=c",
        "https://93.184.216.34/",
        "https://кафе.укр/",
    ],
)
def test_an_honest_address_may_be_asked(url: str) -> None:
    assert not isinstance(target_of(url, Allowed()), str)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_every_spelling(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    spellings = [str(address), str(number), hex(number), f"0{number:o}"]
    assert {clean_host(text) for text in spellings} == {address}
    carried = ipaddress.IPv6Address(f"::ffff:{address}")
    assert may_be_asked(carried, Allowed()) == may_be_asked(address, Allowed())
    if not address.is_global:
        assert not may_be_asked(address, Allowed())


@given(st.text(max_size=80))
def test_whatever_is_typed_is_answered_by_a_target_or_a_reason(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}/", f"https://example.com:{text}"):
        found = target_of(url, Allowed())
        assert isinstance(found, str) or found.port in (80, 443) or found.port >= 1024
