"""What a request to the outside is like, and what is made of its answer."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.outbound.addresses import Allowed
from connectors.outbound.client import FIRST_BYTES, HttpOutbound
from hub.clock import FrozenClock
from hub.ports.errors import TransientError

NOW = datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC)


@pytest.fixture
async def outbound() -> AsyncIterator[HttpOutbound]:
    made = HttpOutbound(Allowed.of(["127.0.0.1"]), FrozenClock(NOW))
    yield made
    await made.close()


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def answer(request: web.Request) -> web.StreamResponse:
        kind = request.match_info["kind"]
        if kind == "long":
            return web.Response(body=b"x" * 5_000_000)
        if kind == "bomb":
            return web.Response(body=gzip.compress(b"0" * 10_000_000), headers={"Content-Encoding": "gzip"})
        if kind == "slow":
            await asyncio.sleep(30)
        if kind == "cookie":
            return web.Response(text=str(dict(request.cookies)), headers={"Set-Cookie": "a=b"})
        if kind == "wait":
            return web.Response(status=503, headers={"Retry-After": request.query["after"]})
        return web.Response(body=await request.read())

    app = web.Application()
    app.router.add_post("/{kind}", answer)
    made = TestServer(app)
    await made.start_server()
    yield made
    await made.close()


async def test_the_body_arrives_to_the_byte_and_the_answer_is_read(
    outbound: HttpOutbound, server: TestServer
) -> None:
    body = "Олена \U0001f697".encode()
    reply = await outbound.post(str(server.make_url("/echo")), headers={}, body=body, seconds=5.0)
    assert (reply.status, reply.body) == (200, body)


@pytest.mark.parametrize("kind", ["long", "bomb"])
async def test_of_a_huge_answer_only_the_beginning_is_read(
    outbound: HttpOutbound, server: TestServer, kind: str
) -> None:
    reply = await outbound.post(str(server.make_url(f"/{kind}")), headers={}, body=b"", seconds=5.0)
    assert 0 < len(reply.body) <= FIRST_BYTES


async def test_who_does_not_answer_in_time_is_given_up(outbound: HttpOutbound, server: TestServer) -> None:
    with pytest.raises(TransientError, match="in time"):
        await outbound.post(str(server.make_url("/slow")), headers={}, body=b"", seconds=0.1)


async def test_nothing_listening_is_said_in_words(outbound: HttpOutbound, unused_tcp_port: int) -> None:
    with pytest.raises(TransientError, match="Nothing listens there"):
        await outbound.post(f"http://127.0.0.1:{unused_tcp_port}/", headers={}, body=b"", seconds=2.0)


async def test_no_cookie_of_one_answer_goes_into_the_next_question(
    outbound: HttpOutbound, server: TestServer
) -> None:
    for _ in range(2):
        reply = await outbound.post(str(server.make_url("/cookie")), headers={}, body=b"", seconds=5.0)
    assert reply.body == b"{}"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("999999999", 86400.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
async def test_retry_after_is_seconds_or_a_date(
    outbound: HttpOutbound, server: TestServer, said: str, seconds: float | None
) -> None:
    url = server.make_url("/wait").with_query(after=said)
    reply = await outbound.post(str(url), headers={}, body=b"", seconds=5.0)
    assert reply.retry_after == seconds
