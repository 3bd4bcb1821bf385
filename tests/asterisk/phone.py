"""Scripted SIP phones and trunks on loopback: UDP, A-law with a note of their own, RFC 4733 digits.

async with Phone("101", password="...", pbx=("127.0.0.1", 5060)) as anna:
    call = await anna.incoming()
    call.ring()
    call.answer()
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from tests.asterisk.dialog import CallFailed, PhoneCall
from tests.asterisk.sip_message import NotSip, SipMessage, credentials, tag_of, token
from tests.asterisk.sound import NOTES
from tests.patience import within

_notes = itertools.cycle(NOTES)

Reaction = Callable[[PhoneCall], Coroutine[Any, Any, None]]


class Phone(asyncio.DatagramProtocol):
    """A desk phone: registers with a password, makes and takes any number of calls at once."""

    def __init__(
        self,
        user: str,
        *,
        pbx: tuple[str, int],
        password: str = "",
        name: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        reaction: Reaction | None = None,
    ) -> None:
        self.user = user
        self.name = name or user
        self.pbx = pbx
        self.password = password
        self.headers = headers
        self.reaction = reaction
        self.frequency = next(_notes)
        self.calls: list[PhoneCall] = []
        self.address = ""
        self._by_call_id: dict[str, PhoneCall] = {}
        self._incoming: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._registering: asyncio.Future[SipMessage] | None = None
        self._register_id, self._register_tag, self._register_sequence = token(), token(), 0
        self._challenged: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    # ------------------------------------------------------------------ life

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Bind a port on loopback; register if there is a password."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", port))
        self.address = f"127.0.0.1:{self._transport.get_extra_info('sockname')[1]}"
        if self.password:
            await self.register()

    async def stop(self) -> None:
        """Hang up everything and leave, without a word to the registrar (as a pulled plug does)."""
        for call in self.calls:
            call.audio.close()
        for task in list(self._tasks):
            task.cancel()
        if self._transport is not None:
            self._transport.close()

    @property
    def port(self) -> int:
        """The UDP port it listens on."""
        return int(self.address.rpartition(":")[2])

    async def register(self, seconds: int = 3600) -> None:
        """Tell the PBX where we are; 0 seconds takes it back."""
        answer = await self._register(seconds, ())
        if answer.code == 401:
            uri = f"sip:{self.pbx[0]}:{self.pbx[1]}"
            value = credentials(answer.get("www-authenticate"), "REGISTER", uri, self.user, self.password)
            answer = await self._register(seconds, (("Authorization", value),))
        if answer.code != 200:
            raise CallFailed(f"{self.name}: REGISTER was answered {answer.start}")

    async def _register(self, seconds: int, headers: tuple[tuple[str, str], ...]) -> SipMessage:
        self._register_sequence += 1
        own = f"<sip:{self.user}@{self.pbx[0]}>"
        self._registering = asyncio.get_running_loop().create_future()
        self.send(
            SipMessage(
                f"REGISTER sip:{self.pbx[0]}:{self.pbx[1]} SIP/2.0",
                [
                    ("Via", f"SIP/2.0/UDP {self.address};rport;branch={token('z9hG4bK')}"),
                    ("From", f"{own};tag={self._register_tag}"),
                    ("To", own),
                    ("Call-ID", self._register_id),
                    ("CSeq", f"{self._register_sequence} REGISTER"),
                    ("Contact", f"<sip:{self.user}@{self.address}>"),
                    ("Max-Forwards", "70"),
                    ("Expires", str(seconds)),
                    *headers,
                ],
            )
        )
        return await asyncio.wait_for(self._registering, within(5))

    # ------------------------------------------------------------------ calls

    async def call(
        self, to: str, *, number: str = "", name: str = "", headers: tuple[tuple[str, str], ...] = ()
    ) -> PhoneCall:
        """Dial. Returns at once: wait with `await call.until("answered")`."""
        call = PhoneCall(self, is_incoming=False)
        await call.open()
        self.calls.append(call)
        self._by_call_id[call.call_id] = call
        call.place(to, number or self.user, name, (*self.headers, *headers))
        return call

    async def incoming(self, timeout: float = 15) -> PhoneCall:
        """The next call that comes in."""
        try:
            return await asyncio.wait_for(self._incoming.get(), timeout)
        except TimeoutError:
            raise CallFailed(f"{self.name}: no call came in {timeout} s") from None

    async def ringing(self, timeout: float = 15) -> PhoneCall:
        """The next call that comes in, and the phone rings."""
        return (await self.incoming(timeout)).ring()

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the script, until the phone stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------------ the wire

    def send(self, message: SipMessage) -> None:
        """Put a message on the wire."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(message.encode(), self.pbx)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Sort what the PBX says to the dialog that it belongs to."""
        try:
            message = SipMessage.parse(data)
        except NotSip:
            return
        call = self._by_call_id.get(message.get("call-id"))
        if call is not None:
            call.take(message)
        elif not message.is_request:
            if message.method == "REGISTER" and self._registering and not self._registering.done():
                self._registering.set_result(message)
        elif message.method == "INVITE":
            self._take_invite(message)
        elif message.method != "ACK":
            self._answer_outside_dialog(message, 200 if message.method == "OPTIONS" else 481)

    def _take_invite(self, message: SipMessage) -> None:
        call = PhoneCall(self, is_incoming=True)
        call.adopt(message)
        self.calls.append(call)
        self._by_call_id[call.call_id] = call
        self.later(self._announce(call))

    async def _announce(self, call: PhoneCall) -> None:
        await call.open()
        self._incoming.put_nowait(call)
        if self.reaction is not None:
            await self.reaction(call)

    def _answer_outside_dialog(self, request: SipMessage, code: int) -> None:
        to = request.get("to")
        vias = [("Via", via) for via in request.all("via")]
        own = [("From", request.get("from")), ("To", to if tag_of(to) else f"{to};tag={token()}")]
        ids = [("Call-ID", request.get("call-id")), ("CSeq", request.get("cseq"))]
        self.send(SipMessage(f"SIP/2.0 {code} Answer", [*vias, *own, *ids]))

    def answers_challenge(self, call: PhoneCall, message: SipMessage) -> bool:
        """Repeat a challenged INVITE once with our password."""
        if message.code not in {401, 407} or not self.password or call.call_id in self._challenged:
            return False
        self._challenged.add(call.call_id)
        asked, answered = (
            ("www-authenticate", "Authorization")
            if message.code == 401
            else ("proxy-authenticate", "Proxy-Authorization")
        )
        uri = call.invite.start.split()[1]
        value = credentials(message.get(asked), "INVITE", uri, self.user, self.password)
        call.repeat_with((answered, value))
        return True


class Trunk(Phone):
    """The provider's side of an outside line: no password, any number, callers and mobiles of the world."""
