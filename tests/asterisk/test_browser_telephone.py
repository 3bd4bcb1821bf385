"""Phone 103 of the sample lives in a browser: SIP over a WebSocket, sound only encrypted."""

from __future__ import annotations

import aiohttp
import pytest

from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.sip_message import SipMessage, credentials, token

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

PLACE = "browser.invalid"
QUICK = aiohttp.ClientWSTimeout(ws_close=0.2)


def _register(sequence: int, call_id: str, *more: tuple[str, str]) -> SipMessage:
    return SipMessage(
        f"REGISTER sip:{PLACE} SIP/2.0",
        [
            ("Via", f"SIP/2.0/WS {PLACE};branch={token('z9hG4bK')}"),
            ("From", f"<sip:103@{PLACE}>;tag={token()}"),
            ("To", f"<sip:103@{PLACE}>"),
            ("Call-ID", call_id),
            ("CSeq", f"{sequence} REGISTER"),
            ("Contact", f"<sip:103@{PLACE};transport=ws>"),
            ("Max-Forwards", "70"),
            ("Expires", "600"),
            *more,
        ],
    )


async def _next(socket: aiohttp.ClientWebSocketResponse, method: str) -> SipMessage:
    """The next message of this method; the PBX asks with OPTIONS in between whether we are there."""
    while True:
        frame = await socket.receive(timeout=5)
        message = SipMessage.parse(frame.data if isinstance(frame.data, bytes) else frame.data.encode())
        if message.method == method:
            return message


async def _ask(socket: aiohttp.ClientWebSocketResponse, request: SipMessage) -> SipMessage:
    await socket.send_str(request.encode().decode())
    return await _next(socket, request.method)


async def _registered(socket: aiohttp.ClientWebSocketResponse) -> None:
    call_id = token()
    challenge = await _ask(socket, _register(1, call_id))
    assert challenge.code == 401
    asked = challenge.get("www-authenticate")
    answer = credentials(asked, "REGISTER", f"sip:{PLACE}", "103", "change-me-103")
    assert (await _ask(socket, _register(2, call_id, ("Authorization", answer)))).code == 200


async def test_a_browser_registers_and_is_offered_encrypted_sound(sample_pbx: AsteriskPbx) -> None:
    address = f"ws://127.0.0.1:{sample_pbx.http_port}/ws"
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(address, protocols=("sip",), timeout=QUICK) as socket,
        sample_pbx.phone("101") as anna,
    ):
        assert socket.protocol == "sip"
        await _registered(socket)
        ours = await anna.call("103")
        offer = await _next(socket, "INVITE")
        await ours.cancel()
    assert "UDP/TLS/RTP/SAVPF" in offer.body
    assert "a=fingerprint:SHA-256" in offer.body
    assert "a=ice-ufrag:" in offer.body
    assert "a=rtcp-mux" in offer.body
    assert "opus/48000" in offer.body
    assert offer.display_name == "Anna"
