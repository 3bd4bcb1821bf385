"""The wire between the hub and a process of its own: questions, answers and news, in order, both ways.

A frame is four bytes of length and then, as msgpack, what it is, the number of the question, the name of
what is asked or told, and the value. Each side trusts the other: they are one program.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from typing import Any, TypeVar, cast

import msgspec

from hub.log import get_logger
from hub.ports.apart import News, Question
from hub.ports.errors import (
    AnswerFailed,
    AuthFailed,
    ConnectorError,
    Gone,
    LinkTaken,
    NotReady,
    PermanentError,
    TransientError,
)

A = TypeVar("A")
R = TypeVar("R")

_ASK, _ANSWER, _FAULT, _TELL = range(4)
_FRAME: msgspec.msgpack.Decoder[tuple[int, int, str, msgspec.Raw]] = msgspec.msgpack.Decoder(
    tuple[int, int, str, msgspec.Raw]
)
_FAULTS: dict[str, type[ConnectorError]] = {
    kind.__name__: kind
    for kind in (NotReady, AuthFailed, LinkTaken, TransientError, PermanentError, AnswerFailed)
}
_CHOKED = 1_000_000
_LENGTH = 4


class Wire(asyncio.Protocol):
    """One end. Implements ports.apart.Peer; whoever it belongs to is told by `closed` that nothing more comes
    from the other, and by `lost` that there is no way to it either."""

    def __init__(self, other: str) -> None:
        self._other = other
        self._log = get_logger("hub.wire").bind(other=other)
        self._transport: asyncio.Transport | None = None
        self._held = bytearray()
        self._number = 0
        self._asked: dict[int, tuple[Any, asyncio.Future[Any]]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._kept: set[asyncio.Task[None]] = set()
        self._outliving: set[str] = set()
        self._questions: dict[str, tuple[Question[Any, Any], Callable[[Any], Awaitable[Any]]]] = {}
        self._news: dict[str, tuple[News[Any], Callable[[Any], None]]] = {}
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.frames = 0
        self._is_parting = False

    @property
    def closed(self) -> asyncio.Future[None]:
        return self._closed

    @property
    def is_choked(self) -> bool:
        """Whether the other side has not read for long: what can be done without is better not told."""
        return self._transport is None or self._transport.get_write_buffer_size() > _CHOKED

    def answer(
        self, question: Question[A, R], work: Callable[[A], Awaitable[R]], *, outlives: bool = False
    ) -> None:
        """Who answers this question."""
        self._questions[question.name] = (question, work)
        if outlives:
            self._outliving.add(question.name)

    def hear(self, news: News[A], work: Callable[[A], None]) -> None:
        """Who is told this."""
        self._news[news.name] = (news, work)

    async def ask(self, question: Question[A, R], value: A) -> R:
        """The answer. An asker who is cancelled hears no answer; the other side goes on."""
        if self._closed.done() or self._is_parting:
            raise Gone(f"{self._other} has ended")
        self._number += 1
        number = self._number
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._asked[number] = (question.answered, answer)
        try:
            self._send(_ASK, number, question.name, value)
            return await answer
        finally:
            self._asked.pop(number, None)

    def tell(self, news: News[A], value: A) -> None:
        """Say it, if anybody is there."""
        self._send(_TELL, 0, news.name, value)

    def say_goodbye(self) -> None:
        """Nothing more comes from here; what the other side still tells is heard till it hangs up."""
        self._is_parting = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    async def close(self, seconds: float) -> None:
        """Hang up: what was said before still goes out, as far as the time allows."""
        if self._transport is not None:
            self._transport.close()
            await asyncio.wait({self.lost}, timeout=seconds)

    def drop(self) -> None:
        """Break it off."""
        if self._transport is not None:
            self._transport.abort()

    # The transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, for uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        held = self._held
        held += data
        at = 0
        while len(held) - at >= _LENGTH:
            end = at + _LENGTH + int.from_bytes(held[at : at + _LENGTH], "big")
            if end > len(held):
                break
            frame = bytes(held[at + _LENGTH : end])
            at = end
            self.frames += 1
            self._take(*_FRAME.decode(frame))
        if at:
            del held[:at]

    def eof_received(self) -> bool:
        self._part()
        return True  # the last words of this side still go out

    def connection_lost(self, error: Exception | None) -> None:
        self._part()
        self.lost.set_result(None)

    def _part(self) -> None:
        """Nothing more comes from the other side."""
        if self._closed.done():
            return
        self._closed.set_result(None)
        for _, answer in self._asked.values():
            if not answer.done():
                answer.set_exception(Gone(f"{self._other} has ended"))
        for task in self._answering:
            task.cancel()

    # Inside

    def _send(self, kind: int, number: int, name: str, value: object) -> None:
        if self._transport is None or self._transport.is_closing() or self._is_parting:
            return
        body = msgspec.Raw(msgspec.msgpack.encode(value))
        frame = msgspec.msgpack.encode((kind, number, name, body))
        self._transport.write(len(frame).to_bytes(_LENGTH, "big") + frame)

    def _take(self, kind: int, number: int, name: str, body: msgspec.Raw) -> None:
        if kind == _TELL:
            news, hear = self._news[name]
            hear(_decoder(news.told).decode(body))
        elif kind == _ASK:
            task = asyncio.create_task(self._answer(number, name, body), name=f"answer {name}")
            (self._kept if name in self._outliving else self._answering).add(task)
            task.add_done_callback(partial(self._answered, number, name))
        elif number in self._asked:
            answered, answer = self._asked[number]
            if answer.done():
                return
            if kind == _ANSWER:
                answer.set_result(_decoder(answered).decode(body))
            else:
                fault, text = _decoder(tuple[str, str]).decode(body)
                answer.set_exception(_FAULTS[fault](text))

    async def _answer(self, number: int, name: str, body: msgspec.Raw) -> None:
        question, work = self._questions[name]
        try:
            value = await work(_decoder(question.asked).decode(body))
            self._send(_ANSWER, number, "", value)
        except ConnectorError as error:
            names = (one.__name__ for one in type(error).__mro__)
            kind = next((name for name in names if name in _FAULTS), AnswerFailed.__name__)
            self._send(_FAULT, number, "", (kind, error.text))

    def _answered(self, number: int, name: str, task: asyncio.Task[None]) -> None:
        """The other side must not wait for ever for an answer that is not found; why is in our log."""
        self._answering.discard(task)
        self._kept.discard(task)
        if task.cancelled() and self._closed.done():
            return  # they have said goodbye: when we hang up, they hear that we are gone
        fault = asyncio.CancelledError() if task.cancelled() else task.exception()
        if fault is None:
            return
        if not task.cancelled():
            self._log.error("wire.no_answer", question=name, exc_info=fault)
        self._send(_FAULT, number, "", (AnswerFailed.__name__, f"{type(fault).__name__}: {fault}"[:300]))


async def wired(end: socket.socket, other: str, prepare: Callable[[Wire], None]) -> Wire:
    """A wire over this end of a socket pair; `other` names the far side, for people. `prepare` says who
    answers and hears: what the other side has said already comes at once."""

    def made() -> Wire:
        wire = Wire(other)
        prepare(wire)
        return wire

    _, wire = await asyncio.get_running_loop().create_unix_connection(made, sock=end)
    return wire


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)
