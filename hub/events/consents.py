"""Facts about consents: who may be written to for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from hub.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged(Event):
    """The ledger has a new row: `topic` is `service`, `marketing` or `all`, an empty `channel` every one.
    `form` is how it was said (signature, web_form, message, link, import, oral, provider)."""

    name: ClassVar[str] = "consent.changed"
    entry_id: str
    client_id: str | None
    channel: str
    address: str
    topic: Literal["service", "marketing", "all"]
    act: Literal["granted", "withdrawn", "blocked", "restored"]
    form: str

    @property
    def key(self) -> str:
        return f"consent:{self.client_id or self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWordSaid(Event):
    """A whole message is one of the words that end, or bring back, what the shop sends."""

    name: ClassVar[str] = "consent.word_said"
    message_id: str
    conversation_id: str
    client_id: str | None
    channel: str
    address: str
    text: str
    word: Literal["stop", "stop_all", "start"]

    @property
    def key(self) -> str:
        return f"consent:{self.channel}:{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWordHeard(Event):
    """Such a message has changed something: one message confirms it."""

    name: ClassVar[str] = "consent.word_heard"
    message_id: str
    conversation_id: str
    client_id: str | None
    channel: str
    address: str
    word: Literal["stop", "stop_all", "start"]

    @property
    def key(self) -> str:
        return f"conversation:{self.conversation_id}"
