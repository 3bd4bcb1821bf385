"""/live: who may watch, what one hears, and when it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient
from sqlalchemy import text

from hub.modules.access.api import AccessApi
from hub.ports.live import Hint
from hub.values import ShopId
from tests.patience import within
from tests.webui.stage import Shop
from webui.app import SITE
from webui.live import CHANGED, MOST_SOCKETS, SIGNED_OUT, Sockets


async def _watch(client: TestClient[Any, Any], **headers: str) -> ClientWebSocketResponse:
    origin = str(client.make_url("/")).rstrip("/")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.ws_connect("/live", headers={"Origin": origin, **sent})


async def _next(ws: ClientWebSocketResponse) -> Mapping[str, Any]:
    message = await asyncio.wait_for(ws.receive(), within(3))
    assert message.type is WSMsgType.TEXT, message
    heard: Mapping[str, Any] = json.loads(message.data)
    return heard


async def _code(ws: ClientWebSocketResponse, seconds: float = 1.5) -> int:
    """The code of the closing frame itself (aiohttp's `close_code` forgets it when the other side is
    gone before the answer)."""
    async with asyncio.timeout(within(seconds)):
        while True:
            message = await ws.receive()
            if message.type is WSMsgType.CLOSE:
                return int(message.data)
            assert message.type is WSMsgType.TEXT, message


@pytest.mark.parametrize(
    ("origin", "status"),
    [(None, 403), ("", 403), ("null", 403), ("http://evil.example", 403), ("http://127.0.0.1:1", 403)],
)
@pytest.mark.fault("F95")
async def test_a_page_of_another_site_gets_no_socket_with_somebodys_cookie(
    shop: Shop, origin: str | None, status: int
) -> None:
    client = await shop.signed_in("owner")
    headers = {} if origin is None else {"Origin": origin}
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/live", headers=headers)
    assert refused.value.status == status


async def test_nobody_gets_no_socket(shop: Shop) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await _watch(shop.browser())
    assert refused.value.status == 401


async def test_a_token_may_watch_without_an_origin(shop: Shop) -> None:
    headers = {"Authorization": f"Bearer {await shop.token('owner')}"}
    ws = await shop.browser().ws_connect("/live", headers=headers)
    shop.hub.live.publish(Hint("call", "c1", 3, ShopId("main")))
    assert await _next(ws) == {"topic": "call", "id": "c1", "rev": 3}


@pytest.mark.fault("F95")
async def test_a_token_gets_no_socket_for_a_page_of_another_site(shop: Shop) -> None:
    headers = {"Authorization": f"Bearer {await shop.token('owner')}", "Origin": "http://evil.example"}
    with pytest.raises(WSServerHandshakeError) as refused:
        await shop.browser().ws_connect("/live", headers=headers)
    assert refused.value.status == 403


async def test_one_hears_only_topics_of_own_rights_and_own_shops(shop: Shop) -> None:
    receptionist = await _watch(await shop.signed_in("receptionist"))
    mechanic = await _watch(await shop.signed_in("mechanic"))
    for hint in (
        Hint("call", "elsewhere", 1, ShopId("other")),
        Hint("access", "secret", 1, ShopId("main")),
        Hint("no-such-topic", "x", 1, ShopId("main")),
        Hint("call", "here", 1, ShopId("main")),
        Hint("pbx", "", 0),
    ):
        shop.hub.live.publish(hint)
    assert [(await _next(receptionist))["id"], (await _next(receptionist))["topic"]] == ["here", "pbx"]
    assert (await _next(mechanic))["topic"] == "pbx"


async def test_one_hears_of_a_call_of_another_shop_that_rings_at_ones_own_phone(shop: Shop) -> None:
    await shop.person("receptionist", "anna", extensions=("101", "111"), mobile="+380671112233")
    await shop.person("receptionist", "bohdan", extensions=("102",))
    anna, bohdan = [await _watch(await shop.sign_in(login)) for login in ("anna", "bohdan")]
    for number, phones in enumerate((("101",), ("102",), ("+380671112233", "102"))):
        shop.hub.live.publish(Hint("call", str(number), 1, ShopId("other"), frozenset(phones)))
    assert [(await _next(anna))["id"], (await _next(anna))["id"]] == ["0", "2"]
    assert [(await _next(bohdan))["id"], (await _next(bohdan))["id"]] == ["1", "2"]


@pytest.mark.fault("F82")
async def test_who_is_too_slow_is_told_once_to_ask_for_everything(shop: Shop) -> None:
    ws = await _watch(await shop.signed_in("owner"))
    for number in range(1000):
        shop.hub.live.publish(Hint("call", str(number), 1, ShopId("main")))
    assert await _next(ws) == {"topic": "resync", "id": "", "rev": 0}
    shop.hub.live.publish(Hint("call", "later", 1, ShopId("main")))
    assert (await _next(ws))["id"] == "later"


async def test_signing_out_closes_the_socket_within_a_second(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    ws = await _watch(client)
    await client.post("/logout")
    assert await _code(ws, 1.0) == SIGNED_OUT


@pytest.mark.fault("F93")
async def test_blocking_by_another_process_closes_the_socket_within_a_second(shop: Shop) -> None:
    ws = await _watch(await shop.signed_in("owner"))
    await shop.hub.database.write(
        lambda connection: connection.execute(text("UPDATE access_people SET is_active = false"))
    )
    assert await _code(ws, 1.2) == SIGNED_OUT


@pytest.mark.fault("F93")
async def test_a_changed_role_closes_the_socket_so_that_it_comes_back_with_the_new_rights(shop: Shop) -> None:
    person = await shop.person("manager")
    ws = await _watch(await shop.sign_in("manager"))
    owner = await shop.signed_in("owner")
    await owner.post(
        f"/settings/people/{person.id}",
        data={"name": "M", "role": "mechanic", "is_active": "1"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert await _code(ws) == CHANGED


async def test_a_revoked_token_loses_its_socket(shop: Shop) -> None:
    headers = {"Authorization": f"Bearer {await shop.token('owner')}"}
    ws = await shop.browser().ws_connect("/live", headers=headers)
    installation = shop.hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        tokens = AccessApi(uow, installation.deps).tokens
        await tokens.revoke((await tokens.all())[0].id)
    assert await _code(ws, 1.0) == SIGNED_OUT


@pytest.mark.fault("F83")
async def test_a_huge_message_and_a_flood_end_the_socket_and_nothing_else(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    huge, flood, quiet = await _watch(client), await _watch(client), await _watch(client)
    await huge.send_str("x" * (64 * 1024 + 1))
    assert await _code(huge, 3) == 1009
    for _ in range(60):
        if flood.closed:
            break
        await flood.send_str("ping")
    assert await _code(flood, 3) == 1008
    shop.hub.live.publish(Hint("call", "still", 1, ShopId("main")))
    assert (await _next(quiet))["id"] == "still"


@pytest.mark.sqlite
async def test_a_ping_is_answered(shop: Shop) -> None:
    ws = await _watch(await shop.signed_in("owner"))
    await ws.send_str("ping")
    assert await _next(ws) == {"topic": "pong", "id": "", "rev": 0}


@pytest.mark.fault("F83")
async def test_one_person_cannot_take_all_sockets(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    sockets = [await _watch(client) for _ in range(MOST_SOCKETS)]
    with pytest.raises(WSServerHandshakeError) as refused:
        await _watch(client)
    assert refused.value.status == 429
    await sockets[0].close()
    other = await _watch(await shop.signed_in("manager"))
    assert not other.closed


@pytest.mark.sqlite
async def test_a_closed_socket_leaves_nothing_behind(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    sockets: Sockets = shop.server.app[SITE].sockets
    before = shop.hub.live.watchers
    ws = await _watch(client)
    assert (len(sockets), shop.hub.live.watchers) == (1, before + 1)
    await ws.close()
    async with asyncio.timeout(within(2)):
        while len(sockets) or shop.hub.live.watchers != before:
            await asyncio.sleep(0.01)


@pytest.mark.sqlite
async def test_a_plain_get_is_told_that_this_address_speaks_websocket(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    origin = str(client.make_url("/")).rstrip("/")
    answer = await client.get("/live", headers={"Origin": origin})
    assert answer.status == 426
    assert (await answer.json())["error"]["code"] == "request.upgrade"


@pytest.mark.sqlite
async def test_stopping_says_goodbye_quickly(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    sockets = [await _watch(client) for _ in range(5)]
    reading = [asyncio.create_task(_code(ws, 4)) for ws in sockets]
    async with asyncio.timeout(within(4)):
        await shop.server.app[SITE].sockets.stop()
    assert await asyncio.gather(*reading) == [1001] * 5


@pytest.mark.sqlite
async def test_stopping_does_not_wait_for_a_browser_that_never_answers(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    cookie = next(c.value for c in client.session.cookie_jar if c.key == "pitline")
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.server.port)
    writer.write(
        f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{shop.server.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Origin: http://127.0.0.1:{shop.server.port}\r\nCookie: pitline={cookie}\r\n\r\n".encode()
    )
    assert b"101" in await asyncio.wait_for(reader.readline(), within(3))
    async with asyncio.timeout(within(3)):
        await shop.server.app[SITE].sockets.stop()
        await shop.server.app[SITE].door.close()
    writer.close()
