"""The practice Telegram as a connector: it serves one bot, and brings what one does as a client."""

from __future__ import annotations

import asyncio
import secrets
import struct
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

from connectors.loopback import address_of, bind_loopback
from connectors.practice_telegram.server import PracticeTelegram
from connectors.practice_telegram.world import Json, Person, World
from hub.clock import Clock
from hub.errors import Invalid, Unavailable
from hub.ports.connector import Status
from hub.ports.intake import Intake
from hub.ports.practice import PracticeAct, PracticeBubble, PracticeButton, PracticePerson
from hub.values import PhoneNumber

_LONGEST, _LONGEST_NAME = 4096, 60
_FIRST = ((501000001, "Ірина Шевчук", "+380971239876"), (501000002, "Oleh", "+380509998877"))
_PLACE = {"latitude": 50.4501, "longitude": 30.5234}


class PracticeBotLink:
    """A Connector and the PracticeMessenger of the pages. The port is taken when it is built, so that the
    Telegram connector can be told; the token is new in each process."""

    def __init__(self, clock: Clock) -> None:
        token = f"{7_000_000_000 + secrets.randbelow(10**9)}:{secrets.token_urlsafe(26)}"
        self.world = World(token, clock, next_update=secrets.randbelow(10**8) + 1)
        for person_id, name, phone in _FIRST:
            self.world.person(person_id, name, phone)
        self._listener = bind_loopback()
        self.base = address_of(self._listener)
        self._server: PracticeTelegram | None = None
        self._notices: dict[str, str] = {}

    @property
    def name(self) -> str:
        return "practice_telegram"

    @property
    def runs_everywhere(self) -> bool:
        """Each process has one of its own."""
        return True

    async def run(self, intake: Intake, status: Status) -> None:
        """Serve until cancelled."""
        server = PracticeTelegram(self.world)
        await server.start(listener=self._listener.dup())
        self._server = server
        status.report("ready", f"the practice Telegram answers on {self.base}")
        try:
            await asyncio.Event().wait()
        finally:
            self._server = None
            await server.stop()

    @property
    def bot(self) -> str:
        return self.world.username

    def people(self) -> Sequence[PracticePerson]:
        """As ports.practice."""
        last = {
            one["chat"]["id"]: number
            for number, one in enumerate(self.world.messages.values())
            if one["chat"]["type"] == "private"
        }
        found = sorted(self.world.people.values(), key=lambda one: last.get(one.id, -1), reverse=True)
        return tuple(
            PracticePerson(id=str(one.id), name=one.name, phone=one.phone, has_blocked=one.has_blocked)
            for one in found
        )

    def bubbles(self, person_id: str) -> Sequence[PracticeBubble]:
        """As ports.practice."""
        return tuple(
            self._bubble(one) for (place, _), one in self.world.messages.items() if place == person_id
        )

    def notice(self, person_id: str) -> str:
        """As ports.practice."""
        return self.world.answers.get(self._notices.get(person_id, ""), "")

    async def meet(self, name: str, phone: str) -> str:
        """As ports.practice."""
        number = PhoneNumber.parse(phone, "UA")
        if not name.strip() or len(name) > _LONGEST_NAME:
            raise Invalid("practice.name", "Write a name, not more than 60 characters.")
        if number is None:
            raise Invalid("practice.number", "This is no phone number.")
        person = self.world.person(510_000_000 + len(self.world.people), name.strip(), number.e164)
        return str(person.id)

    async def act(self, person_id: str, act: PracticeAct, text: str = "", message_id: str = "") -> None:
        """As ports.practice."""
        person = self.world.people.get(int(person_id)) if _is_number(person_id) else None
        if person is None:
            raise Invalid("practice.person", "There is no such person.")
        if self._server is None:
            raise Unavailable("practice.down", "The practice Telegram does not run just now.")
        if act == "write" and (not text.strip() or len(text) > _LONGEST):
            raise Invalid("practice.text", "Write something, not more than 4096 characters.")
        self._do(self._server, person, act, text.strip(), message_id)

    def _do(
        self, server: PracticeTelegram, person: Person, act: PracticeAct, text: str, message_id: str
    ) -> None:
        people = server.people
        match act:
            case "write":
                people.write(person, text)
            case "start":
                people.start(person, text[:64])
            case "contact":
                people.share(person)
            case "place":
                people.send(person, location=_PLACE)
            case "photo":
                people.photo(person, picture(), text[:1024])
            case "voice":
                people.file(person, "voice", "voice.oga", b"OggS practice", "audio/ogg")
            case "press" if _is_number(message_id):
                made = people.press(person, int(message_id), text[:64])
                self._notices[str(person.id)] = made["callback_query"]["id"]
            case "block" | "unblock":
                people.block(person, is_blocked=act == "block")

    def _bubble(self, one: Json) -> PracticeBubble:
        files = [one[kind] for kind in ("document", "voice", "video", "audio") if kind in one]
        name = next((str(file.get("file_name") or "voice") for file in files), "")
        if "photo" in one:
            kept = self.world.files.get(one["photo"][-1]["file_id"])
            name = kept.name if kept is not None else "photo"
        place, contact = one.get("location"), one.get("contact")
        text = one.get("text") or one.get("caption") or (contact or {}).get("phone_number", "")
        return PracticeBubble(
            id=str(one["message_id"]),
            at=datetime.fromtimestamp(one["date"], UTC),
            text=str(text),
            is_of_the_shop=one["from"]["id"] == self.world.bot_id,
            file=name,
            place=f"{place['latitude']:.4f}, {place['longitude']:.4f}" if place else "",
            buttons=tuple(_buttons(one.get("reply_markup") or {})),
        )


def picture() -> bytes:
    """A small PNG, orange as a lamp of the dashboard."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    side = 64
    rows = b"".join(b"\x00" + b"\xff\x8c\x00" * side for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def _buttons(markup: Json) -> list[PracticeButton]:
    inline = [button for row in markup.get("inline_keyboard", ()) for button in row]
    asked = [button for row in markup.get("keyboard", ()) for button in row]
    return [
        PracticeButton(
            title=str(one["text"]), payload=str(one.get("callback_data") or ""), url=str(one.get("url") or "")
        )
        for one in inline
    ] + [
        PracticeButton(
            title=str(one["text"]),
            asks="contact" if one.get("request_contact") else "place" if one.get("request_location") else "",
        )
        for one in asked
    ]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
