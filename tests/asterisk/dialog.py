"""One call as a scripted phone lives it: rings, answers, holds, transfers, ends, and remembers when."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import TYPE_CHECKING, Literal

from tests.asterisk.sip_message import SipMessage, address_of, sdp, tag_of, token, user_of, without_tag
from tests.asterisk.sound import AudioStream
from tests.patience import within

if TYPE_CHECKING:
    from tests.asterisk.phone import Phone

Moment = Literal["invited", "ringing", "answered", "confirmed", "ended", "reinvited", "transferred"]
ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, INFO"
REASONS = {
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    503: "Service Unavailable",
    603: "Decline",
}


class CallFailed(AssertionError):
    """The script asked for something that the PBX refused."""


class PhoneCall:
    """One SIP dialog of one phone, with its sound."""

    def __init__(self, phone: Phone, *, is_incoming: bool) -> None:
        self.phone = phone
        self.is_incoming = is_incoming
        self.audio = AudioStream(phone.frequency)
        self.at: dict[str, float] = {}
        self.holds: list[tuple[float, float | None]] = []
        self.ended_by: Literal["me", "pbx", ""] = ""
        self.code = 0
        self.notified: list[str] = []
        self.call_id = token()
        self.local_tag = token()
        self.remote_tag = ""
        self.local = self.remote = self.target = ""
        self.invite = SipMessage("")
        self._happened: dict[str, asyncio.Event] = {}
        self._waiting: dict[tuple[int, str], asyncio.Future[SipMessage]] = {}
        self._sequence = random.randrange(100, 900)
        self._version = random.randrange(1 << 30)
        self._audio_port = 0
        self._ok: SipMessage | None = None

    # ------------------------------------------------------------------ what happened

    def _mark(self, moment: Moment) -> None:
        """Note the first time that something happened."""
        self.at.setdefault(moment, time.time())
        self._event(moment).set()

    def _event(self, moment: str) -> asyncio.Event:
        return self._happened.setdefault(moment, asyncio.Event())

    async def until(self, moment: Moment, timeout: float = 30) -> PhoneCall:
        """Wait until it has happened."""
        try:
            await asyncio.wait_for(self._event(moment).wait(), within(timeout))
        except TimeoutError:
            raise CallFailed(
                f"{self.phone.name}: no {moment} in {timeout} s; so far {list(self.at)}"
            ) from None
        return self

    @property
    def has_ended(self) -> bool:
        """Whether the dialog is over."""
        return "ended" in self.at

    @property
    def number(self) -> str:
        """The caller's number as this phone's display shows it."""
        return user_of(self.invite.get("from"))

    @property
    def name(self) -> str:
        """The caller's name as this phone's display shows it."""
        return self.invite.display_name

    @property
    def dialled(self) -> str:
        """What was dialled, from the request line."""
        return user_of(self.invite.start)

    # ------------------------------------------------------------------ beginning

    async def open(self) -> None:
        """Make the sound ready."""
        self._audio_port = await self.audio.open()

    def adopt(self, invite: SipMessage) -> None:
        """Take an INVITE that came in."""
        self.invite = invite
        self.call_id = invite.get("call-id")
        self.remote_tag = tag_of(invite.get("from"))
        self.local, self.remote = without_tag(invite.get("to")), without_tag(invite.get("from"))
        self.target = address_of(invite.get("contact"))
        self._mark("invited")

    def place(self, to: str, number: str, name: str, headers: tuple[tuple[str, str], ...]) -> None:
        """Send the INVITE of a call that we make."""
        host = f"{self.phone.pbx[0]}:{self.phone.pbx[1]}"
        self.local = (f'"{name}" ' if name else "") + f"<sip:{number}@127.0.0.1>"
        self.remote, self.target = f"<sip:{to}@{host}>", f"sip:{to}@{host}"
        self._mark("invited")
        self.invite = self._request("INVITE", body=self._sdp(), headers=headers)
        self.phone.send(self.invite)

    def repeat_with(self, authorization: tuple[str, str]) -> None:
        """Send the INVITE again with an answer to the challenge."""
        headers = tuple(
            pair
            for pair in self.invite.headers
            if pair[0].startswith("X-") or pair[0] == "P-Asserted-Identity"
        )
        self.invite = self._request("INVITE", body=self._sdp(), headers=(*headers, authorization))
        self.phone.send(self.invite)

    # ------------------------------------------------------------------ answering

    def ring(self) -> PhoneCall:
        """Say 180 Ringing."""
        self._mark("ringing")
        self._respond(self.invite, 180)
        return self

    def answer(self) -> PhoneCall:
        """Pick up. Too late if the caller has gone: then nothing is sent."""
        if not self.has_ended:
            self._ok = self._respond(self.invite, 200, self._sdp())
            self._mark("answered")
            self._send_sound_to(self.invite)
        return self

    def reject(self, code: int = 486) -> PhoneCall:
        """Busy (486), declined (603), not found (404)..."""
        self._respond(self.invite, code)
        self._end("me", code)
        return self

    # ------------------------------------------------------------------ during the call

    async def bye(self) -> None:
        """Hang up; a call of ours that nobody answered yet is cancelled."""
        if not self.is_incoming and "answered" not in self.at and not self.has_ended:
            await self.cancel()
        elif not self.has_ended:
            self._end("me")
            await self._ask("BYE")

    async def cancel(self) -> None:
        """Give up while it rings."""
        self.ended_by = "me"
        via = self.invite.get("via")
        request = self._request(
            "CANCEL", via=via, sequence=self.invite.sequence, uri=self.invite.start.split()[1]
        )
        self.phone.send(request)
        await self.until("ended", 5)

    def press(self, digits: str) -> None:
        """Press keys."""
        self.audio.press(digits)

    async def hold(self) -> None:
        """Put the other side on hold by a re-INVITE."""
        self.holds.append((time.time(), None))
        await self._reinvite("sendonly")
        self.audio.is_muted = True

    async def unhold(self) -> None:
        """Take the other side back."""
        self.audio.is_muted = False
        await self._reinvite("sendrecv")
        self.holds[-1] = (self.holds[-1][0], time.time())

    async def refer(self, to: str) -> None:
        """Blind transfer by REFER; the phone hangs up by itself when told that it worked."""
        await self._refer(f"sip:{to}@{self.phone.pbx[0]}:{self.phone.pbx[1]}")

    async def refer_to(self, other: PhoneCall) -> None:
        """Attended transfer: join our two calls by REFER with Replaces."""
        replaces = f"{other.call_id}%3Bto-tag%3D{other.remote_tag}%3Bfrom-tag%3D{other.local_tag}"
        number = user_of(other.remote)
        await self._refer(f"sip:{number}@{self.phone.pbx[0]}:{self.phone.pbx[1]}?Replaces={replaces}")

    async def _ask(
        self, method: str, body: str = "", headers: tuple[tuple[str, str], ...] = ()
    ) -> SipMessage:
        """Send a request in the dialog and wait for its final answer."""
        request = self._request(method, body=body, headers=headers)
        future: asyncio.Future[SipMessage] = asyncio.get_running_loop().create_future()
        self._waiting[(request.sequence, method)] = future
        self.phone.send(request)
        return await asyncio.wait_for(future, within(8))

    async def _refer(self, address: str) -> None:
        self.at["referred"] = time.time()
        by = f"<sip:{self.phone.user}@{self.phone.pbx[0]}:{self.phone.pbx[1]}>"
        answer = await self._ask("REFER", headers=(("Refer-To", f"<{address}>"), ("Referred-By", by)))
        if answer.code != 202:
            raise CallFailed(f"{self.phone.name}: REFER was answered {answer.start}")

    async def _reinvite(self, direction: str) -> None:
        answer = await self._ask("INVITE", body=self._sdp(direction))
        self.phone.send(self._request("ACK", sequence=answer.sequence))
        if answer.code != 200:
            raise CallFailed(f"{self.phone.name}: re-INVITE was answered {answer.start}")
        self._send_sound_to(answer)

    # ------------------------------------------------------------------ what comes in

    def take(self, message: SipMessage) -> None:
        """A message of the PBX in this dialog."""
        if message.is_request:
            self._take_request(message)
        else:
            self._take_response(message)

    def _take_response(self, message: SipMessage) -> None:
        """An answer to a request of ours."""
        if message.method == "INVITE" and message.sequence == self.invite.sequence and not self.is_incoming:
            self._take_invite_response(message)
            return
        future = self._waiting.get((message.sequence, message.method))
        if future is not None and message.code >= 200 and not future.done():
            future.set_result(message)

    def _take_invite_response(self, message: SipMessage) -> None:
        if 100 < message.code < 200:
            self._send_sound_to(message)
            self._mark("ringing")
        elif 200 <= message.code < 300:
            self.remote_tag = tag_of(message.get("to"))
            self.target = address_of(message.get("contact"))
            self.phone.send(self._request("ACK", sequence=message.sequence))
            self._send_sound_to(message)
            self._mark("answered")
        elif message.code >= 300:
            self.remote_tag = tag_of(message.get("to"))
            uri = self.invite.start.split()[1]
            ack = self._request("ACK", sequence=message.sequence, via=self.invite.get("via"), uri=uri)
            self.phone.send(ack)
            self.remote_tag = ""
            if not self.phone.answers_challenge(self, message):
                self._end(self.ended_by or "pbx", message.code)

    def _take_request(self, message: SipMessage) -> None:
        """A request of the PBX in this dialog."""
        match message.method:
            case "ACK":
                if self._ok is not None:
                    self._mark("confirmed")
            case "INVITE" if tag_of(message.get("to")):
                mirror = {"sendonly": "recvonly", "recvonly": "sendonly"}
                direction = mirror.get(message.direction, message.direction)
                self._respond(message, 200, self._sdp(direction))
                self._send_sound_to(message)
                self._mark("reinvited")
            case "INVITE":
                if self._ok is not None:
                    self.phone.send(self._ok)
            case "CANCEL":
                self._respond(message, 200)
                if self._ok is None and not self.has_ended:
                    self._respond(self.invite, 487)
                    self._end("pbx", 487)
            case "BYE":
                self._respond(message, 200)
                self._end("pbx")
            case "NOTIFY":
                self._respond(message, 200)
                self._take_notify(message)
            case _:
                self._respond(message, 200)

    def _take_notify(self, message: SipMessage) -> None:
        """The state of a transfer of ours; a real phone hangs up its leg once it succeeded."""
        self.notified.append(message.body.strip())
        if "200 OK" in message.body and "transferred" not in self.at:
            self._mark("transferred")
            self.phone.later(self._leave_after_transfer())

    async def _leave_after_transfer(self) -> None:
        await asyncio.sleep(0.1)
        with contextlib.suppress(TimeoutError):
            await self.bye()

    # ------------------------------------------------------------------ building messages

    def _end(self, by: Literal["me", "pbx"], code: int = 0) -> None:
        if not self.has_ended:
            self.ended_by, self.code = by, code
            self._mark("ended")
            self.audio.close()

    def _send_sound_to(self, message: SipMessage) -> None:
        if message.media_port is not None:
            self.audio.peer = ("127.0.0.1", message.media_port)

    def _sdp(self, direction: str = "sendrecv") -> str:
        self._version += 1
        return sdp(self._audio_port, self._version, direction)

    def _request(
        self,
        method: str,
        *,
        body: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        via: str = "",
        sequence: int = 0,
        uri: str = "",
    ) -> SipMessage:
        if not sequence:
            self._sequence += 1
            sequence = self._sequence
        to = self.remote + (f";tag={self.remote_tag}" if self.remote_tag else "")
        return SipMessage(
            f"{method} {uri or self.target} SIP/2.0",
            [
                ("Via", via or f"SIP/2.0/UDP {self.phone.address};rport;branch={token('z9hG4bK')}"),
                ("From", f"{self.local};tag={self.local_tag}"),
                ("To", to),
                ("Call-ID", self.call_id),
                ("CSeq", f"{sequence} {method}"),
                ("Contact", f"<sip:{self.phone.user}@{self.phone.address}>"),
                ("Max-Forwards", "70"),
                ("Allow", ALLOW),
                ("Supported", "replaces"),
                *headers,
            ],
            body,
        )

    def _respond(self, request: SipMessage, code: int, body: str = "") -> SipMessage:
        to = request.get("to")
        if not tag_of(to):
            to += f";tag={self.local_tag}"
        answer = SipMessage(
            f"SIP/2.0 {code} {REASONS.get(code, 'Answer')}",
            [
                *(("Via", via) for via in request.all("via")),
                ("From", request.get("from")),
                ("To", to),
                ("Call-ID", request.get("call-id")),
                ("CSeq", request.get("cseq")),
                ("Contact", f"<sip:{self.phone.user}@{self.phone.address}>"),
                ("Allow", ALLOW),
                ("Supported", "replaces"),
            ],
            body,
        )
        self.phone.send(answer)
        return answer
