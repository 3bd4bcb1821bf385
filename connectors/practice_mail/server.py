"""SMTP as far as a server that takes letters needs it, on a loopback port."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import SMTP

from hub.clock import Clock

_LARGEST = 30_000_000
_MOST_KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeLetter:
    """A letter as its receiver sees it; `files` by their names."""

    at: datetime
    to: str
    subject: str
    text: str
    files: tuple[str, ...] = ()


class PracticeMailServer:
    """Takes whatever comes, and keeps the newest letters in memory."""

    def __init__(self, clock: Clock) -> None:
        self.letters: list[PracticeLetter] = []
        self._clock = clock

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends."""
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receivers: list[str] = []
        await _say(writer, "220 practice.example ESMTP")
        while line := await reader.readline():
            word, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            match word.upper():
                case "EHLO" | "HELO":
                    await _say(writer, f"250-practice.example\r\n250-SIZE {_LARGEST}\r\n250 8BITMIME")
                case "MAIL" | "RSET":
                    receivers = []
                    await _say(writer, "250 OK")
                case "RCPT":
                    receivers.append(rest.partition("<")[2].partition(">")[0])
                    await _say(writer, "250 OK")
                case "DATA":
                    await _say(writer, "354 go on")
                    self._keep(await _data(reader), receivers)
                    await _say(writer, "250 kept")
                case "NOOP":
                    await _say(writer, "250 OK")
                case "QUIT":
                    await _say(writer, "221 bye")
                    return
                case _:
                    await _say(writer, "502 not known here")

    def _keep(self, data: bytes, receivers: list[str]) -> None:
        made = message_from_bytes(data, policy=SMTP)
        body = made.get_body(("plain",))
        text = str(body.get_content()) if body is not None else ""
        files = tuple(one.get_filename() or "" for one in made.iter_attachments())
        now = self._clock.now()
        for to in receivers:
            letter = PracticeLetter(
                at=now, to=to, subject=str(made["Subject"] or ""), text=text.strip(), files=files
            )
            self.letters.append(letter)
        del self.letters[:-_MOST_KEPT]


async def _data(reader: asyncio.StreamReader) -> bytes:
    """The letter, its doubled dots undone. Raises ValueError for one that is too large."""
    found = bytearray()
    while (line := await reader.readline()) not in (b".\r\n", b""):
        found += line[1:] if line.startswith(b".") else line
        if len(found) > _LARGEST:
            raise ValueError("too large")
    return bytes(found)


async def _say(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(f"{text}\r\n".encode("ascii"))
    await writer.drain()
